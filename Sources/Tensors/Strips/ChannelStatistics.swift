/// Mean and spread of every channel of a picture, of which strips of rows are added one after the other.
///
/// Strips are combined in double precision, squares about the mean of both (Chan, Golub and LeVeque 1983).
package struct ChannelStatistics: Sendable {
  private var pixels = 0
  /// By channel: the means, and the sums of squares about them.
  private var means: [Double]
  private var squares: [Double]

  private static let pixelsPerTile = 64

  init(channels: Int) {
    means = Array(repeating: 0, count: channels)
    squares = means
  }

  /// Adds a strip, [1, rows, w, c].
  mutating func add(_ strip: Tensor) {
    let (channels, count) = (means.count, strip.shape[1] * strip.shape[2])
    guard count > 0 else { return }
    let moments = ChannelMoments(
      samples: 1, pixels: count, channels: channels, pixelsPerTile: Self.pixelsPerTile)
    let tiles = (count + Self.pixelsPerTile - 1) / Self.pixelsPerTile
    strip.withUnsafePointer { strip in Parallel.forEach(tiles) { moments.measure(strip, tile: $0) } }
    let (before, added, total) = (Double(pixels), Double(count), Double(pixels + count))
    for channel in 0..<channels {
      let (mean, variance) = moments.meanAndVariance(sample: 0, channels: channel..<channel + 1)
      let distance = mean - means[channel]
      means[channel] += distance * added / total
      squares[channel] += variance * added + distance * distance * before * added / total
    }
    pixels += count
  }

  /// The mean and the (biased) variance of some channels over all pixels.
  func meanAndVariance(channels range: Range<Int>) -> (mean: Double, variance: Double) {
    let mean = means[range].reduce(0, +) / Double(range.count)
    let sum = range.reduce(0.0) {
      let distance = means[$1] - mean
      return $0 + squares[$1] + Double(pixels) * distance * distance
    }
    return (mean, sum / Double(pixels * range.count))
  }
}
