import Tensors

/// Pictures in columns and rows, with what the columns, the rows and the cells are.
struct ContactSheet {
  /// Pictures [n, 3, h, w] by cell; several stand side by side.
  ///
  /// Cells count along rows, then down, then into the next block.
  var cells: [Int: Tensor]
  var columns: Int
  /// In one block.
  var rows: Int
  /// Below the pictures, by cell.
  var labels: [Int: String] = [:]
  var columnTitle = ""
  var columnLabels: [String] = []
  var rowTitle = ""
  var rowLabels: [String] = []
  /// One for each block, above it; empty for a single block without one.
  var blockLabels: [String] = []

  /// Larger sheets are drawn with pictures of half the size, a third, and so on.
  static let largestSide = 8192

  private static let background: Float = 0.97
  private static let emptyCell: Float = 0.86
  private static let ink: Float = -0.8
  private static let paleInk: Float = -0.1

  /// The sheet as a picture [1, 3, h, w]; nil when it is too large whatever the size of the pictures.
  func drawn() -> Tensor? {
    let pictures = cells.mapValues(Self.joined)
    let height = pictures.values.map { $0.shape[2] }.max() ?? 1
    let width = pictures.values.map { $0.shape[3] }.max() ?? 1
    for factor in 1...max(width, height) {
      let layout = Layout(self, cellWidth: (width - 1) / factor + 1, cellHeight: (height - 1) / factor + 1)
      guard max(layout.width, layout.height) <= Self.largestSide else { continue }
      return draw(factor == 1 ? pictures : pictures.mapValues { $0.reduced(by: factor) }, layout)
    }
    return nil
  }

  /// Several pictures as one, in a block that is about square.
  private static func joined(_ pictures: Tensor) -> Tensor {
    let (count, height, width) = (pictures.shape[0], pictures.shape[2], pictures.shape[3])
    if count == 1 { return pictures }
    let columns = squareColumns(count)
    var canvas = Canvas(
      width: columns * (width + 1) - 1, height: ((count - 1) / columns + 1) * (height + 1) - 1, grey: background)
    for index in 0..<count {
      canvas.draw(pictures.sample(index), x: index % columns * (width + 1), y: index / columns * (height + 1))
    }
    return canvas.tensor
  }

  /// How many columns make `count` cells about a square.
  static func squareColumns(_ count: Int) -> Int { Int(Double(max(count, 1)).squareRoot().rounded(.up)) }

  // MARK: Layout

  /// Sizes and broken texts for pictures of one size.
  private struct Layout {
    var gap: Int
    var cellWidth: Int
    var cellHeight: Int
    var columnTitle: TextLines
    var columnLabels: [TextLines]
    var rowTitle: TextLines
    var rowLabels: [TextLines]
    var blockLabels: [TextLines]
    var labels: [Int: TextLines]
    var gutter: Int
    /// Height of what stands above the rows of a block.
    var blockLabelHeight: Int
    var headHeight: Int
    var labelHeight: Int
    var blockHeight: Int
    var width: Int
    var height: Int

    init(_ sheet: ContactSheet, cellWidth: Int, cellHeight: Int) {
      let font = LabelFont.shared
      // 11 pixels are the least that can be read; large pictures are looked at from further away.
      let size = min(max(11, (8 + Float(cellWidth) / 32).rounded()), 48)
      let gap = min(max(4, cellWidth / 24), 16)
      func lines(_ text: String, _ width: Int, _ limit: Int) -> TextLines {
        TextLines(text, size: size, width: Float(width), limit: limit)
      }
      columnLabels = sheet.columnLabels.map { lines($0, cellWidth, 3) }
      labels = sheet.labels.mapValues { lines($0, cellWidth, 3) }
      let widest = sheet.rowLabels.map { font.width(of: $0, size: size) }.max() ?? 0
      let rowWidth = min(Int(widest.rounded(.up)), max(cellWidth, Int(10 * size)))
      let rowLimit = max(1, cellHeight / font.lineHeight(size: size))
      let rowTitle = lines(sheet.rowTitle, max(rowWidth, Int(6 * size)), 1)
      let rowLabels = sheet.rowLabels.map { lines($0, rowWidth, rowLimit) }
      let gutter = rowLabels.isEmpty ? 0 : max(rowTitle.width, rowLabels.map(\.width).max() ?? 0) + gap
      let inner = sheet.columns * (cellWidth + gap) - gap
      // A narrow sheet is made as wide as a readable title.
      columnTitle = lines(sheet.columnTitle, max(inner, Int(12 * size)), 1)
      let content = max(inner, columnTitle.width)
      blockLabels = sheet.blockLabels.map { lines($0, gutter + content, 2) }
      blockLabelHeight = blockLabels.map(\.height).max().map { $0 + gap } ?? 0
      let headLines = columnTitle.height + max(columnLabels.map(\.height).max() ?? 0, rowTitle.height)
      headHeight = headLines > 0 ? headLines + gap / 2 : 0
      labelHeight = labels.values.map(\.height).max() ?? 0
      let rowHeight = cellHeight + labelHeight + gap
      blockHeight = blockLabelHeight + headHeight + sheet.rows * rowHeight
      let blocks = max(1, sheet.blockLabels.count)
      width = 4 * gap + gutter + content
      height = 4 * gap + blocks * blockHeight - gap + (blocks - 1) * 2 * gap
      (self.gap, self.cellWidth, self.cellHeight) = (gap, cellWidth, cellHeight)
      (self.gutter, self.rowTitle, self.rowLabels) = (gutter, rowTitle, rowLabels)
    }
  }

  // MARK: Drawing

  private func draw(_ pictures: [Int: Tensor], _ layout: Layout) -> Tensor {
    var canvas = Canvas(width: layout.width, height: layout.height, grey: Self.background)
    for block in 0..<max(1, blockLabels.count) {
      drawBlock(
        block, top: 2 * layout.gap + block * (layout.blockHeight + 2 * layout.gap), pictures, layout, on: &canvas)
    }
    return canvas.tensor
  }

  private func drawBlock(
    _ block: Int, top: Int, _ pictures: [Int: Tensor], _ layout: Layout, on canvas: inout Canvas
  ) {
    let margin = 2 * layout.gap
    let left = margin + layout.gutter
    let inner = columns * (layout.cellWidth + layout.gap) - layout.gap
    if block < layout.blockLabels.count {
      canvas.draw(layout.blockLabels[block], x: margin, y: top, width: layout.width - 2 * margin, .left, grey: Self.ink)
    }
    let head = top + layout.blockLabelHeight
    let rowsTop = head + layout.headHeight
    canvas.draw(
      layout.columnTitle, x: left, y: head, width: max(inner, layout.columnTitle.width), .center, grey: Self.paleInk)
    for (column, label) in layout.columnLabels.enumerated() {
      canvas.draw(
        label, x: left + column * (layout.cellWidth + layout.gap), y: rowsTop - layout.gap / 2 - label.height,
        width: layout.cellWidth, .center, grey: Self.ink)
    }
    if layout.gutter > 0 {
      canvas.draw(
        layout.rowTitle, x: margin, y: rowsTop - layout.gap / 2 - layout.rowTitle.height,
        width: layout.gutter - layout.gap, .right, grey: Self.paleInk)
    }
    for row in 0..<rows {
      let y = rowsTop + row * (layout.cellHeight + layout.labelHeight + layout.gap)
      if row < layout.rowLabels.count {
        let label = layout.rowLabels[row]
        canvas.draw(
          label, x: margin, y: y + (layout.cellHeight - label.height) / 2, width: layout.gutter - layout.gap, .right,
          grey: Self.ink)
      }
      for column in 0..<columns {
        let cell = (block * rows + row) * columns + column
        drawCell(cell, x: left + column * (layout.cellWidth + layout.gap), y: y, pictures, layout, on: &canvas)
      }
    }
  }

  private func drawCell(
    _ cell: Int, x: Int, y: Int, _ pictures: [Int: Tensor], _ layout: Layout, on canvas: inout Canvas
  ) {
    // Only a gap between pictures is shown as one, not what is left of the last row.
    guard let picture = pictures[cell] else {
      if rowLabels.isEmpty, columnLabels.isEmpty { return }
      return canvas.fill(x: x, y: y, width: layout.cellWidth, height: layout.cellHeight, grey: Self.emptyCell)
    }
    let (width, height) = (picture.shape[3], picture.shape[2])
    if width < layout.cellWidth || height < layout.cellHeight {
      canvas.fill(x: x, y: y, width: layout.cellWidth, height: layout.cellHeight, grey: Self.emptyCell)
    }
    canvas.draw(picture, x: x + (layout.cellWidth - width) / 2, y: y + (layout.cellHeight - height) / 2)
    if let label = layout.labels[cell] {
      canvas.draw(label, x: x, y: y + layout.cellHeight + 1, width: layout.cellWidth, .center, grey: Self.ink)
    }
  }
}

extension Tensor {
  /// Blocks of `factor` x `factor` pixels as their mean, those at the edges of what there is: [1, 3, h, w].
  fileprivate func reduced(by factor: Int) -> Tensor {
    let (height, width) = (shape[2], shape[3])
    let (rows, columns) = ((height + factor - 1) / factor, (width + factor - 1) / factor)
    return Tensor(shape: [1, 3, rows, columns]) { target in
      withUnsafeBufferPointer { source in
        for index in 0..<3 * rows * columns {
          let (plane, row, column) = (index / (rows * columns), index / columns % rows, index % columns)
          var sum: Float = 0
          let (yRange, xRange) = (
            row * factor..<min((row + 1) * factor, height), column * factor..<min((column + 1) * factor, width)
          )
          for y in yRange {
            for x in xRange { sum += min(max(source[(plane * height + y) * width + x], -1), 1) }
          }
          target[index] = sum / Float(yRange.count * xRange.count)
        }
      }
    }
  }
}
