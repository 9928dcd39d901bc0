/// A matrix `up down` [out, in] of few dimensions, as LoRA adds to weights: Hu et al., 2021.
package struct LowRankMatrix: Sendable {
  package let up: Tensor  // [out, rank]
  package let down: Tensor  // [rank, in]

  package init(up: Tensor, down: Tensor) {
    precondition(up.shape.count == 2 && down.shape.count == 2 && up.shape[1] == down.shape[0], "factors of two ranks")
    (self.up, self.down) = (up, down)
  }

  /// The sum of two, whose rank is the sum of theirs.
  package static func + (first: LowRankMatrix, second: LowRankMatrix) -> LowRankMatrix {
    let ranks = [first, second].map { $0.up.shape[1] }
    let outputs = first.up.shape[0]
    let up = Tensor(shape: [outputs, ranks[0] + ranks[1]]) { target in
      for (matrix, column) in [(first, 0), (second, ranks[0])] {
        let rank = matrix.up.shape[1]
        matrix.up.withUnsafeBufferPointer { source in
          for row in 0..<outputs {
            for term in 0..<rank { target[row * (ranks[0] + ranks[1]) + column + term] = source[row * rank + term] }
          }
        }
      }
    }
    return LowRankMatrix(up: up, down: Tensor(concatenating: [first.down, second.down]))
  }

  /// Some rows of it.
  package func rows(_ rows: [Int]) -> LowRankMatrix {
    let rank = up.shape[1]
    let chosen = Tensor(shape: [rows.count, rank]) { target in
      up.withUnsafeBufferPointer { source in
        for (index, row) in rows.enumerated() {
          for term in 0..<rank { target[index * rank + term] = source[row * rank + term] }
        }
      }
    }
    return LowRankMatrix(up: chosen, down: down)
  }
}

/// A low-rank matrix that is added to a weight which stays in its file, a part of a panel at a time.
final class PackedLowRank: Sendable {
  private let up: PackedWeight  // [out, rank]
  /// An input's numbers are the row of a product.
  private let down: Tensor  // [in, rank]

  init(_ matrix: LowRankMatrix) throws {
    up = try PackedWeight(WeightSource(matrix.up), precision: .f32)
    let (rank, inputs) = (matrix.down.shape[0], matrix.down.shape[1])
    down = Tensor(shape: [inputs, rank]) { target in
      matrix.down.withUnsafeBufferPointer { source in
        for term in 0..<rank {
          for input in 0..<inputs { target[input * rank + term] = source[term * inputs + input] }
        }
      }
    }
  }

  /// Adds the transposed matrix's rows `inputs`, of the columns `columns`, to a part of a panel in single precision.
  func add(_ inputs: Range<Int>, columns: Range<Int>, to panel: UnsafeMutablePointer<Float>, stride: Int) {
    let rank = up.inputs
    down.withUnsafePointer { down in
      withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: inputs.count) { pointers in
        guard let rows = pointers.baseAddress else { return }
        for (index, input) in inputs.enumerated() { (rows + index).initialize(to: down + input * rank) }
        up.multiply(
          ProductTiles.Tile(rows: 0..<inputs.count, columns: columns), a: rows,
          addends: Addends(columns: nil, residual: panel - columns.lowerBound, residualStride: stride),
          y: panel, yStride: stride)
      }
    }
  }
}
