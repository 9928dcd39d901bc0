/// A weight that a layer reads some rows at a time and on several threads, mostly once, into the order it computes with.
///
/// So a memory-mapped half-precision weight goes straight into the layer, without a copy of the whole in between. Where the
/// rows can stay in the file, the layer may leave them there.
package struct WeightSource: Sendable {
  /// The shape as PyTorch names it: [out, in] or [out, in, kh, kw].
  package let shape: [Int]
  /// Whether every number is one of half precision, IEEE's binary16: a layer may keep them as such and lose nothing.
  package let isHalf: Bool
  /// The rows where they are in a file; nil for those that are elsewhere, or are computed.
  package let stored: StoredRows?
  /// What is added to the rows in the file, where that is all that is done to them; `readRows` gives the sum.
  package let lowRank: LowRankMatrix?
  /// What is done to the rows in the file, which `readRows` does too.
  package let changes: [any RowChange]
  /// Writes rows `rows` (slices along the first axis) to the buffer, which has exactly their size.
  package let readRows: @Sendable (_ rows: Range<Int>, _ destination: UnsafeMutableBufferPointer<Float>) throws -> Void

  package init(
    shape: [Int], isHalf: Bool = false, stored: StoredRows? = nil, lowRank: LowRankMatrix? = nil,
    changes: [any RowChange] = [],
    readRows: @escaping @Sendable (_ rows: Range<Int>, _ destination: UnsafeMutableBufferPointer<Float>) throws -> Void
  ) {
    precondition(!shape.isEmpty, "a weight has at least one axis")
    self.shape = shape
    self.isHalf = isHalf
    self.stored = stored
    self.lowRank = lowRank
    self.changes = changes
    self.readRows = readRows
  }

  package init(_ tensor: Tensor) {
    self.init(shape: tensor.shape) { rows, destination in
      tensor.samples(rows).withUnsafeBufferPointer { _ = destination.update(fromContentsOf: $0) }
    }
  }

  /// Rows `range` as a weight of their own.
  package func rows(_ range: Range<Int>) -> WeightSource {
    WeightSource(
      shape: [range.count] + shape.dropFirst(), isHalf: isHalf, stored: stored?.from(row: range.lowerBound),
      lowRank: lowRank?.rows(Array(range)), changes: changes
    ) { rows, destination in
      try readRows(rows.lowerBound + range.lowerBound..<rows.upperBound + range.lowerBound, destination)
    }
  }
}
