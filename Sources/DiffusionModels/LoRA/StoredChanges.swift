import Synchronization
import Tensors

// What a LoRA does to rows that stay in their file: to the bit what it does to rows that are read.

/// Rows of a matrix, times a factor, are added.
struct AddedRows: RowChange {
  let delta: any WeightDelta
  let factor: Float

  func apply(row: Int, columns: Range<Int>, to numbers: UnsafeMutablePointer<Float>) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: columns.count) { change in
      guard let change = change.baseAddress else { return }
      delta.write(row, columns, to: change)
      for index in 0..<columns.count { numbers[index] += factor * change[index] }
    }
  }
}

/// Each row is multiplied by a factor of its own.
struct ScaledRows: RowChange {
  let factors: [Float]

  func apply(row: Int, columns: Range<Int>, to numbers: UnsafeMutablePointer<Float>) {
    let factor = factors[row]
    for index in 0..<columns.count { numbers[index] *= factor }
  }
}

/// What belongs to one input is multiplied by its factor.
struct ScaledInputs: RowChange {
  let factors: [Float]
  /// Numbers of a row for each input.
  let taps: Int

  func apply(row: Int, columns: Range<Int>, to numbers: UnsafeMutablePointer<Float>) {
    for (index, column) in columns.enumerated() { numbers[index] *= factors[column / taps] }
  }
}

extension WeightSource {
  /// Whether layers leave the rows in their file: those in f32 and f16 they pack.
  var staysInFile: Bool { stored.map { ![.f32, .f16].contains($0.format) } ?? false }

  /// What `body` gives for each row, which are read some at a time and on several threads.
  func mapRows<Result: Sendable>(
    _ body: @Sendable (Range<Int>, UnsafeMutableBufferPointer<Float>) -> [Result]
  ) throws -> [Result] {
    let (outputs, width, step) = (shape[0], shape.dropFirst().reduce(1, *), 16)
    let found = Mutex<(parts: [Int: [Result]], failure: (any Error)?)>(([:], nil))
    Parallel.forEach((outputs + step - 1) / step) { part in
      let rows = part * step..<min((part + 1) * step, outputs)
      do {
        let results = try withUnsafeTemporaryAllocation(of: Float.self, capacity: rows.count * width) { numbers in
          try readRows(rows, numbers)
          return body(rows, numbers)
        }
        found.withLock { $0.parts[part] = results }
      } catch {
        found.withLock { $0.failure = $0.failure ?? error }
      }
    }
    return try found.withLock { found in
      if let failure = found.failure { throw failure }
      return found.parts.sorted { $0.key < $1.key }.flatMap(\.value)
    }
  }
}
