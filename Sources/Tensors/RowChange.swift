/// What is done to the rows of a weight that stays in its file, after they were widened and before they are rounded: a change
/// that costs no memory, and time whenever a part of a panel is made.
package protocol RowChange: Sendable {
  /// Changes numbers `columns` of row `row`, all axes after the first counted as one; `numbers` has just these.
  func apply(row: Int, columns: Range<Int>, to numbers: UnsafeMutablePointer<Float>)
}
