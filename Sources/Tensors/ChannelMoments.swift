/// Sums over tiles of pixels from which the mean and variance of any channels of a sample follow.
///
/// Within a tile the sums are of distances from the tile's first pixel, in single precision: few and near zero, so
/// little is lost. Tiles are then combined in double precision, squares about the mean of the whole.
struct ChannelMoments {
  private let pixels: Int
  private let channels: Int
  private let pixelsPerTile: Int
  private let tiles: Int
  /// Of each tile the first pixel, the sums and the sums of squares by channel: [n, tiles, 3, c].
  private let storage: AlignedStorage

  init(samples: Int, pixels: Int, channels: Int, pixelsPerTile: Int) {
    (self.pixels, self.channels, self.pixelsPerTile) = (pixels, channels, pixelsPerTile)
    tiles = (pixels + pixelsPerTile - 1) / pixelsPerTile
    storage = AlignedStorage(count: samples * tiles * 3 * channels)
  }

  /// Sums one tile of `x` [n, pixels, c], counted through all samples.
  func measure(_ x: UnsafePointer<Float>, tile index: Int) {
    let (sample, tile) = index.quotientAndRemainder(dividingBy: tiles)
    let first = x + (sample * pixels + tile * pixelsPerTile) * channels
    let count = pixelCount(of: tile)
    let result = storage.elements + index * 3 * channels
    result.update(from: first, count: channels)
    let (sums, squares) = (result + channels, result + 2 * channels)
    forEachVector(0..<channels) { c in
      let origin = Vector(loading: first + c)
      var (sum, square) = (Vector.zero, Vector.zero)
      for pixel in 1..<max(count, 1) {
        let distance = Vector(loading: first + pixel * channels + c) - origin
        sum += distance
        square = square.addingProduct(distance, distance)
      }
      sum.store(to: sums + c)
      square.store(to: squares + c)
    } tail: { c, lanes in
      let origin = Vector(loading: first + c, count: lanes)
      var (sum, square) = (Vector.zero, Vector.zero)
      for pixel in 1..<max(count, 1) {
        let distance = Vector(loading: first + pixel * channels + c, count: lanes) - origin
        sum += distance
        square = square.addingProduct(distance, distance)
      }
      sum.store(to: sums + c, count: lanes)
      square.store(to: squares + c, count: lanes)
    }
  }

  /// The mean and the (biased) variance of some channels of a sample over all its pixels.
  func meanAndVariance(sample: Int, channels range: Range<Int>) -> (mean: Double, variance: Double) {
    let count = Double(pixels * range.count)
    var sum = 0.0
    forEachTile(of: sample) { size, origins in
      for c in range { sum += Double(origins[c]) * size + Double(origins[channels + c]) }
    }
    let mean = sum / count
    var squares = 0.0
    forEachTile(of: sample) { size, origins in
      for c in range {
        let shift = Double(origins[c]) - mean
        squares += Double(origins[2 * channels + c]) + shift * (2 * Double(origins[channels + c]) + size * shift)
      }
    }
    return (mean, max(squares / count, 0))
  }

  @inline(__always) private func forEachTile(of sample: Int, _ body: (Double, UnsafePointer<Float>) -> Void) {
    for tile in 0..<tiles {
      body(Double(pixelCount(of: tile)), UnsafePointer(storage.elements + (sample * tiles + tile) * 3 * channels))
    }
  }

  private func pixelCount(of tile: Int) -> Int { min(pixelsPerTile, pixels - tile * pixelsPerTile) }
}
