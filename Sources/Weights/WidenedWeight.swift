import Tensors

extension WeightSource {
  /// The rows with zeros behind: [out, in] -> [out, columns].
  func widened(to columns: Int) -> WeightSource {
    let own = shape[1]
    return WeightSource(shape: [shape[0], columns], isHalf: isHalf) { [readRows] rows, target in
      try withUnsafeTemporaryAllocation(of: Float.self, capacity: rows.count * own) { narrow in
        try readRows(rows, narrow)
        target.update(repeating: 0)
        for row in 0..<rows.count {
          for column in 0..<own { target[row * columns + column] = narrow[row * own + column] }
        }
      }
    }
  }
}
