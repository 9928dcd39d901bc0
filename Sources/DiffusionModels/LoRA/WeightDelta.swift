import Tensors
import Weights

/// A matrix [rows, columns] that is added to a weight [out, in, ...], whose axes after the first count as one; rows of it are
/// made as they are needed.
protocol WeightDelta: Sendable {
  var rowCount: Int { get }
  var columnCount: Int { get }

  /// Writes numbers `columns` of a row to `target`: the same bits whatever others are written with them.
  func write(_ row: Int, _ columns: Range<Int>, to target: UnsafeMutablePointer<Float>)

  /// The rows that a weight of so many has of a tensor that joins several.
  func viewed(_ place: WeightPlace, rowCount: Int) -> any WeightDelta
}

extension WeightDelta {
  func viewed(_ place: WeightPlace, rowCount: Int) -> any WeightDelta {
    ViewedDelta(whole: self, place: place, rowCount: rowCount)
  }

  /// Writes rows `rows` to `target`, which has exactly their size.
  func write(_ rows: Range<Int>, to target: UnsafeMutableBufferPointer<Float>) {
    guard let target = target.baseAddress else { return }
    for (index, row) in rows.enumerated() { write(row, 0..<columnCount, to: target + index * columnCount) }
  }
}

/// A matrix as it stands.
struct DenseDelta: WeightDelta {
  let values: Tensor  // [rows, columns]

  var rowCount: Int { values.shape[0] }
  var columnCount: Int { values.shape[1] }

  /// Takes a tensor [rows, ...].
  init(_ tensor: Tensor) {
    values = tensor.reshaped([tensor.shape[0], tensor.shape.dropFirst().reduce(1, *)])
  }

  func write(_ row: Int, _ columns: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    values.withUnsafePointer {
      target.update(from: $0 + (row * columnCount + columns.lowerBound), count: columns.count)
    }
  }
}

/// `up down`: Hu et al., "LoRA", 2021.
struct LowRankDelta: WeightDelta {
  let up: Tensor  // [rows, rank]
  let down: Tensor  // [rank, columns]

  /// A matrix still, so that it can stand beside a weight that stays in its file.
  func viewed(_ place: WeightPlace, rowCount: Int) -> any WeightDelta {
    let rows = LowRankMatrix(up: up, down: down).rows((0..<rowCount).map { place.row($0, of: rowCount) })
    return LowRankDelta(up: rows.up, down: rows.down)
  }

  var rowCount: Int { up.shape[0] }
  var columnCount: Int { down.shape[1] }

  func times(_ factor: Float) -> LowRankMatrix { LowRankMatrix(up: factor * up, down: down) }

  func write(_ row: Int, _ columns: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    let (rank, count) = (up.shape[1], columns.count)
    target.update(repeating: 0, count: count)
    up.withUnsafePointer { up in
      down.withUnsafePointer { down in
        for term in 0..<rank {
          let (factor, line) = (up[row * rank + term], down + (term * columnCount + columns.lowerBound))
          for column in 0..<count { target[column] += factor * line[column] }
        }
      }
    }
  }
}

/// The element-wise product of two matrices, LyCORIS' LoHa: Hyeon-Woo et al., "FedPara", 2022.
struct HadamardDelta: WeightDelta {
  let first, second: any WeightDelta

  var rowCount: Int { first.rowCount }
  var columnCount: Int { first.columnCount }

  func write(_ row: Int, _ columns: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    first.write(row, columns, to: target)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: columns.count) { other in
      guard let other = other.baseAddress else { return }
      second.write(row, columns, to: other)
      for index in 0..<columns.count { target[index] *= other[index] }
    }
  }
}

/// The Kronecker product of a matrix and a matrix of blocks (LyCORIS' LoKr).
///
/// Row `i * second.rowCount + j` holds, for each column `p` of the first, `first[i, p]` times row `j` of the second.
struct KroneckerDelta: WeightDelta {
  let first: Tensor  // [rows, columns]
  let second: any WeightDelta

  var rowCount: Int { first.shape[0] * second.rowCount }
  var columnCount: Int { first.shape[1] * second.columnCount }

  func write(_ row: Int, _ columns: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    let (blocks, width) = (first.shape[1], second.columnCount)
    let (outer, inner) = row.quotientAndRemainder(dividingBy: second.rowCount)
    let block = columns.lowerBound / width
    // All blocks have the same row of the second.
    let line =
      columns.upperBound <= (block + 1) * width
      ? columns.lowerBound - block * width..<columns.upperBound - block * width : 0..<width
    withUnsafeTemporaryAllocation(of: Float.self, capacity: line.count) { numbers in
      guard let numbers = numbers.baseAddress else { return }
      second.write(inner, line, to: numbers)
      first.withUnsafePointer { first in
        for block in block...(columns.upperBound - 1) / width {
          let factor = first[outer * blocks + block]
          let part = (block * width..<(block + 1) * width).clamped(to: columns)
          let (target, source) = (target + (part.lowerBound - columns.lowerBound), numbers - line.lowerBound)
          for column in 0..<part.count { target[column] = factor * source[part.lowerBound - block * width + column] }
        }
      }
    }
  }
}

/// Rows of another one, as a layout's tensor has those of a weight.
struct ViewedDelta: WeightDelta {
  let whole: any WeightDelta
  let place: WeightPlace
  let rowCount: Int

  var columnCount: Int { whole.columnCount }

  func write(_ row: Int, _ columns: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    whole.write(place.row(row, of: rowCount), columns, to: target)
  }
}

/// Another one with zeros behind its columns.
struct WidenedDelta: WeightDelta {
  private let narrow: any WeightDelta
  let columnCount: Int

  var rowCount: Int { narrow.rowCount }

  init(_ narrow: any WeightDelta, to columnCount: Int) { (self.narrow, self.columnCount) = (narrow, columnCount) }

  func write(_ row: Int, _ columns: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    let own = columns.clamped(to: 0..<narrow.columnCount)
    if !own.isEmpty { narrow.write(row, own, to: target) }
    (target + own.count).update(repeating: 0, count: columns.count - own.count)
  }
}

extension LowRankDelta {
  /// A convolution's factors with a core for the kernel between them (CP or Tucker decomposition).
  ///
  /// `core` is [a, b, kh, kw]; `up` [rows, a]; `down` [b, in]: `sum over a, b of up[o, a] core[a, b, h, w] down[b, i]`.
  init(up: Tensor, core: Tensor, down: Tensor) {
    let (outer, inner) = (core.shape[0], core.shape[1])
    let (taps, inputs) = (core.shape.dropFirst(2).reduce(1, *), down.shape[1])
    self.up = up
    self.down = Tensor(shape: [outer, inputs * taps]) { target in
      target.update(repeating: 0)
      core.withUnsafeBufferPointer { core in
        down.withUnsafeBufferPointer { down in
          for a in 0..<outer {
            for b in 0..<inner {
              for input in 0..<inputs {
                for tap in 0..<taps {
                  target[(a * inputs + input) * taps + tap] +=
                    core[(a * inner + b) * taps + tap] * down[b * inputs + input]
                }
              }
            }
          }
        }
      }
    }
  }
}
