/// The rows and columns of a tile that are multiplied with a part of a weight before others are.
///
/// The other products take all rows for one panel after another. AMX takes some of both so often that they have to stay in
/// the second-level cache.
struct ProductBlock {
  private let rows: Int
  private let rowsTogether: Int
  let columns: Int
  /// Panels in so many columns.
  let panels: Int

  private static let mostRows = 256
  private static let mostPanels = 4

  init(_ precision: Precision, rows: Int, columns: Int, panelWidth: Int) {
    let isAMX = precision.isMultipliedByAMX
    self.rows = rows
    rowsTogether = isAMX ? Self.mostRows : max(rows, 1)
    panels = isAMX ? min(Self.mostPanels, (columns + panelWidth - 1) / panelWidth) : 1
    self.columns = panels * panelWidth
  }

  func forEachRows(_ body: (Range<Int>) -> Void) {
    for first in stride(from: 0, to: rows, by: rowsTogether) { body(first..<min(first + rowsTogether, rows)) }
  }
}
