/// Rows as aligned columns, the last one free, each row ended by a line end.
///
/// On a terminal that is too narrow the longest cells are cut, those of the first column last; with `breaksLast` the last
/// column goes on in further lines instead.
func tableText(
  _ rows: [[String]], indent: String = "", breaksLast: Bool = false, width: Int? = Terminal.outputWidth
) -> String {
  var widths: [Int] = []
  for row in rows {
    for (column, cell) in row.enumerated() {
      if column == widths.count { widths.append(0) }
      widths[column] = max(widths[column], length(cell))
    }
  }
  if let width { shrink(&widths, to: width - indent.count - 2 * (widths.count - 1), breaksLast: breaksLast) }
  return rows.map { row in
    guard breaksLast, row.count == widths.count, let last = row.last, length(last) > widths[row.count - 1] else {
      return line(row, widths, indent: indent)
    }
    return broken(row, last, widths, indent: indent)
  }.joined()
}

private func line(_ row: [String], _ widths: [Int], indent: String) -> String {
  var line = indent
  for (column, cell) in row.enumerated() {
    let text = length(cell) > widths[column] ? String(cell.prefix(max(0, widths[column] - 1))) + "…" : cell
    line += text
    if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - length(text) + 2) }
  }
  while line.last == " " { line.removeLast() }
  return line + "\n"
}

/// A row whose last cell is broken at blanks.
private func broken(_ row: [String], _ last: String, _ widths: [Int], indent: String) -> String {
  let room = widths[widths.count - 1]
  var lines: [String] = [""]
  for word in last.split(separator: " ") {
    let line = lines[lines.count - 1]
    if line.isEmpty || length(line) + 1 + length(String(word)) <= room {
      lines[lines.count - 1] += (line.isEmpty ? "" : " ") + word
    } else {
      lines.append(String(word))
    }
  }
  let margin = indent.count + widths.dropLast().reduce(0) { $0 + $1 + 2 }
  let first = line(row.dropLast() + [lines[0]], widths, indent: indent)
  return first + lines.dropFirst().map { String(repeating: " ", count: margin) + $0 + "\n" }.joined()
}

/// Takes from the widest columns until all fit, from the first one last; none gets narrower than a few letters.
private func shrink(_ widths: inout [Int], to room: Int, breaksLast: Bool) {
  if breaksLast, let last = widths.indices.last, last > 0 {
    let others = widths.dropLast().reduce(0, +)
    widths[last] = min(widths[last], max(24, room - others))
  }
  let first = widths.first ?? 0
  if widths.count > 1 {
    var rest = Array(widths.dropFirst())
    shrink(&rest, to: room - first)
    widths = [first] + rest
  }
  shrink(&widths, to: room)
}

private func shrink(_ widths: inout [Int], to room: Int) {
  let least = 6
  while widths.reduce(0, +) > room, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }),
    widths[widest] > least
  {
    let next = widths.indices.filter { $0 != widest }.map { widths[$0] }.max() ?? least
    let excess = widths.reduce(0, +) - room
    // Down to the next column, or by what is too much.
    widths[widest] = max(least, widths[widest] - max(1, min(excess, widths[widest] - next)))
  }
}

/// In characters; most texts have one byte each.
private func length(_ text: String) -> Int {
  text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.count
}
