/// A picture [h, w, c] that is made and used up a strip of rows at a time, in half the memory of a tensor.
///
/// Layers that see few rows at once so work on pictures that would not fit into memory with their results. For one thread.
package final class StripedImage {
  package let height: Int
  package let width: Int
  package let channels: Int
  /// Of all rows that were appended, before they were rounded.
  package private(set) var statistics: ChannelStatistics

  private enum Content {
    case numbers(Tensor)
    case halves(HalfRows)
  }

  /// Those that are still there, from the first row on.
  private var strips: [(rows: Range<Int>, content: Content)] = []
  private var end = 0

  package init(height: Int, width: Int, channels: Int) {
    (self.height, self.width, self.channels) = (height, width, channels)
    statistics = ChannelStatistics(channels: channels)
  }

  /// A tensor [1, h, w, c], kept as it is.
  package convenience init(_ tensor: Tensor) {
    precondition(tensor.shape.count == 4 && tensor.shape[0] == 1, "\(tensor) is not one picture")
    self.init(height: tensor.shape[1], width: tensor.shape[2], channels: tensor.shape[3])
    statistics.add(tensor)
    strips = [(0..<height, .numbers(tensor.reshaped(Array(tensor.shape.dropFirst()))))]
    end = height
  }

  /// Adds the next rows, [1, rows, w, c], rounded to half precision.
  package func append(_ rows: Tensor) {
    precondition(
      rows.shape == [1, rows.shape[1], width, channels], "\(rows) of \(width) columns, \(channels) channels")
    statistics.add(rows)
    let halves = rows.withUnsafePointer { HalfRows($0, count: rows.count) }
    strips.append((end..<end + rows.shape[1], .halves(halves)))
    end += rows.shape[1]
  }

  /// Some rows, which must not have been given back: [1, rows, w, c].
  package func rows(_ range: Range<Int>) -> Tensor {
    let shape = [1, range.count, width, channels]
    let found = strips.filter { $0.rows.overlaps(range) }
    precondition(
      found.reduce(0) { $0 + $1.rows.clamped(to: range).count } == range.count, "rows \(range) are not there")
    if found.count == 1, case .numbers(let tensor) = found[0].content { return tensor.samples(range).reshaped(shape) }
    return Tensor(shape: shape) { target in
      guard let target = target.baseAddress else { return }
      for (rows, content) in found {
        let wanted = rows.clamped(to: range)
        let place = target + (wanted.lowerBound - range.lowerBound) * width * channels
        let inside = wanted.lowerBound - rows.lowerBound..<wanted.upperBound - rows.lowerBound
        switch content {
        case .halves(let halves):
          let size = width * channels
          halves.widen(inside.lowerBound * size..<inside.upperBound * size, to: place)
        case .numbers(let tensor):
          let part = tensor.samples(inside)
          part.withUnsafePointer { place.update(from: $0, count: part.count) }
        }
      }
    }
  }

  /// All of it: [1, h, w, c].
  package var tensor: Tensor { rows(0..<height) }

  /// Frees the strips that lie above a row.
  package func release(before row: Int) {
    strips.removeAll { $0.rows.upperBound <= row }
  }
}
