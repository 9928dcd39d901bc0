/// What stands in columns in the lines of a mapping.
package enum YAMLAlignment: Sendable {
  /// Nothing, but what was lined up by hand.
  case byHand
  /// The values.
  case values
  /// The values, and in braces what follows `type`.
  case declarations
}

/// A line of formatted text, in parts that may stand in columns.
struct FormattedLine {
  struct Cell {
    var text: String
    /// The keys that lead to what the cell begins with: cells of two lines can stand in a column where these are alike.
    let path: String
    /// Where it stands in the file, in characters; nil where that says nothing.
    let column: Int?
    /// Blanks before it in the file.
    let blanks: Int
    /// Blanks to write before it.
    var padding = 1
  }

  struct Comment {
    let text: String
    let column: Int
    let blanks: Int
  }

  var indent = 0
  /// Dashes of lists that begin on this line.
  var dashes = ""
  var cells: [Cell] = []
  var comment: Comment?
  /// Lines of one mapping have one number.
  var mapping: Int?
  /// Lines of a mapping that no blank line parts have one number.
  var table = 0
  var alignment = YAMLAlignment.byHand
  /// Whether the entry that begins on the line ends there.
  var isWhole = false

  /// Columns before a cell's text.
  func width(before cell: Int) -> Int {
    cells[..<cell].enumerated().reduce(indent + dashes.count) { sum, cell in
      sum + (cell.offset == 0 ? 0 : cell.element.padding) + cell.element.text.count
    }
  }

  var text: String {
    var text = String(repeating: " ", count: indent) + dashes
    for (index, cell) in cells.enumerated() {
      if index > 0 { text += String(repeating: " ", count: cell.padding) }
      text += cell.text
    }
    return text
  }
}

extension [FormattedLine] {
  /// Puts into columns what belongs there: first what always does, then what was lined up by hand.
  mutating func align() {
    alignTables()
    for run in runs({ $0.mapping != nil && $0.mapping == $1.mapping && $0.isWhole && $1.isWhole }) {
      alignByHand(run)
    }
  }

  private mutating func alignTables() {
    let tables = Dictionary(grouping: indices.filter { self[$0].alignment != .byHand }) { self[$0].table }
    for lines in tables.values {
      pad(cell: 1, of: lines)
      pad(cell: 2, of: lines.filter { self[$0].hasTypeColumn })
    }
  }

  private mutating func alignByHand(_ run: Range<Int>) {
    let most = run.map { self[$0].cells.count }.max() ?? 0
    for cell in stride(from: 1, to: most, by: 1) {
      let columns = self[run].runs { $0.isAlike($1, through: cell) }
      for lines in columns where lines.count > 1 {
        let isPadded = lines.contains { self[$0].cells[cell].blanks > 1 }
        if isPadded, !lines.contains(where: { self[$0].isInTable(cell) }) { pad(cell: cell, of: Array<Int>(lines)) }
      }
    }
  }

  /// Lets a cell of all lines that have it begin in one column.
  private mutating func pad(cell: Int, of lines: [Int]) {
    let lines = lines.filter { self[$0].cells.count > cell }
    let column = lines.map { self[$0].width(before: cell) }.max() ?? 0
    for line in lines { self[line].cells[cell].padding = column - self[line].width(before: cell) + 1 }
  }

  /// The text, with comments.
  var text: String {
    var texts = map(\.text)
    for index in indices {
      if let comment = self[index].comment { texts[index] += "   " + comment.text }
    }
    for run in runs({ $0.mapping == $1.mapping }) {
      // Lines without a comment part nothing.
      let commented = run.filter { self[$0].comment != nil }
      for part in commented.map({ self[$0] }).runs({ $0.comment?.column == $1.comment?.column }) {
        let lines = commented[part]
        let gaps = lines.compactMap { self[$0].comment?.blanks }
        let widths = lines.map { self[$0].text.count }
        guard let least = gaps.min(), gaps.max() != least, let widest = widths.max(), widths.min() != widest else {
          continue
        }
        for (index, width) in zip(lines, widths) {
          let gap = widest - width + Swift.max(1, Swift.min(least, 3))
          texts[index] = self[index].text + String(repeating: " ", count: gap) + (self[index].comment?.text ?? "")
        }
      }
    }
    return texts.map { $0 + "\n" }.joined()
  }
}

extension FormattedLine {
  fileprivate var hasTypeColumn: Bool {
    alignment == .declarations && cells.count > 2 && cells[1].text.hasPrefix("{type:")
  }

  /// Whether a cell's column is a table's, whatever was done by hand.
  fileprivate func isInTable(_ cell: Int) -> Bool {
    cell == 1 && alignment != .byHand || cell == 2 && hasTypeColumn
  }

  /// Whether a cell stands in the same column of the file as that of another line, after cells of the same meaning.
  fileprivate func isAlike(_ other: FormattedLine, through cell: Int) -> Bool {
    guard cells.count > cell, other.cells.count > cell, let column = cells[cell].column else { return false }
    return column == other.cells[cell].column
      && zip(cells[1...cell], other.cells[1...cell]).allSatisfy { $0.path == $1.path }
  }
}

extension RandomAccessCollection where Element == FormattedLine, Index == Int {
  /// Ranges of neighbours of which each is like the next.
  fileprivate func runs(_ areAlike: (FormattedLine, FormattedLine) -> Bool) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var start = startIndex
    while start < endIndex {
      var end = start + 1
      while end < endIndex, areAlike(self[end - 1], self[end]) { end += 1 }
      runs.append(start..<end)
      start = end
    }
    return runs
  }
}
