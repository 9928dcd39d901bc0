/// Some columns of a tensor of tokens, [n, t, width], that are computed straight into their place.
package protocol TokenColumns {
  /// [n, t, width] of these columns alone.
  var shape: [Int] { get }
  /// Writes every row, the first at `y` and each `stride` behind the one before.
  func write(to y: UnsafeMutablePointer<Float>, stride: Int)
}

extension Tensor {
  /// Parts of the same tokens side by side: [n, t, a] and [n, t, b] -> [n, t, a + b].
  ///
  /// What a layer reads that takes several results together is so never copied together.
  package init(sideBySide parts: [any TokenColumns]) {
    precondition(!parts.isEmpty, "no columns")
    let tokens = parts[0].shape.dropLast()
    precondition(parts.allSatisfy { $0.shape.dropLast() == tokens }, "columns of \(parts.map(\.shape))")
    let width = parts.reduce(0) { $0 + ($1.shape.last ?? 0) }
    self.init(shape: tokens + [width]) { y in
      guard var first = y.baseAddress, y.count > 0 else { return }
      for part in parts {
        part.write(to: first, stride: width)
        first += part.shape.last ?? 0
      }
    }
  }

  package init(_ columns: some TokenColumns) { self.init(sideBySide: [columns]) }
}

/// A vector for each sample, or one for all, which is applied to every token of the sample: a part of a tensor of such.
package struct SampleVector: Sendable {
  private let values: Tensor  // [n or 1, k]
  private let first: Int
  package let count: Int

  /// Columns `columns` of a tensor [n or 1, k].
  package init(_ values: Tensor, columns: Range<Int>) {
    precondition(
      values.shape.count == 2 && columns.upperBound <= values.shape[1], "columns \(columns) of \(values.shape)")
    (self.values, first, count) = (values, columns.lowerBound, columns.count)
  }

  /// Where the vector of each sample is.
  struct Pointers {
    fileprivate let start: UnsafePointer<Float>
    fileprivate let stride: Int

    subscript(sample: Int) -> UnsafePointer<Float> { start + sample * stride }
  }

  /// The pointers are good inside `body` only.
  func withPointers(_ body: (Pointers) -> Void) {
    values.withUnsafePointer { body(Pointers(start: $0 + first, stride: values.shape[0] == 1 ? 0 : values.shape[1])) }
  }
}
