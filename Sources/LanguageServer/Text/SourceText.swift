import Diagnostics

/// Places of source files, whose columns count Unicode scalars from 1, as places of the protocol.
extension SourceFile {
  /// - Parameter column: from 1 on; one behind the line's end is its end.
  func position(line: Int, column: Int) -> Position {
    guard lines.indices.contains(line - 1) else { return Position(line: max(0, line - 1), character: 0) }
    let text = lines[line - 1]
    if text.utf8.count < column {
      return Position(line: line - 1, character: text.utf16.count)
    }
    var units = 0
    for scalar in text.unicodeScalars.prefix(column - 1) { units += scalar.value > 0xFFFF ? 2 : 1 }
    return Position(line: line - 1, character: units)
  }

  /// The line, from 1 on, and the index of a scalar in it, from 0 on.
  func scalarIndex(of position: Position) -> (line: Int, index: Int) {
    guard lines.indices.contains(position.line) else { return (position.line &+ 1, 0) }
    var (units, index) = (0, 0)
    for scalar in lines[position.line].unicodeScalars {
      guard units < position.character else { break }
      units += scalar.value > 0xFFFF ? 2 : 1
      index += 1
    }
    return (position.line + 1, index)
  }

  func range(line: Int, column: Int, length: Int) -> TextRange {
    TextRange(position(line: line, column: column), position(line: line, column: column + length))
  }

  /// The range of what stands at a place: a text in quotes, a `$(...)`, or up to what ends a word in braces.
  func range(at location: SourceLocation) -> TextRange {
    guard lines.indices.contains(location.line - 1) else {
      let end = Position(line: max(0, location.line - 1), character: 0)
      return TextRange(end, end)
    }
    let line = Array(lines[location.line - 1].unicodeScalars)
    let start = min(max(0, location.column - 1), line.count)
    return range(line: location.line, column: start + 1, length: Self.extent(of: line, from: start) - start)
  }

  /// Where the text ends that starts at an index.
  private static func extent(of line: [Unicode.Scalar], from start: Int) -> Int {
    guard start < line.count else { return start }
    let first = line[start]
    if first == "\"" || first == "'" {
      var index = start + 1
      while index < line.count {
        if line[index] == "\\", first == "\"" { index += 1 } else if line[index] == first { return index + 1 }
        index += 1
      }
      return line.count
    }
    if first == "$", start + 1 < line.count, line[start + 1] == "(" {
      return (line[start...].firstIndex(of: ")") ?? line.count - 1) + 1
    }
    if "{[]},:".unicodeScalars.contains(first) { return start + 1 }
    var index = start
    while index < line.count {
      let scalar = line[index]
      let next = index + 1 < line.count ? line[index + 1] : " "
      if ",]}".unicodeScalars.contains(scalar) || scalar == ":" && (next == " " || next == "\t") { break }
      if scalar == " " || scalar == "\t" {
        // A text of several words goes on; a comment, or blanks at the end, do not belong to it.
        let rest = line[index...].first { $0 != " " && $0 != "\t" }
        if rest == nil || rest == "#" { break }
      }
      index += 1
    }
    while index > start + 1, line[index - 1] == " " { index -= 1 }
    return max(index, start + 1)
  }

  /// Where a word stands, if it is written at the place, or behind a quote there, as it is.
  func range(of text: String, at location: SourceLocation, offset: Int = 0) -> TextRange? {
    guard lines.indices.contains(location.line - 1) else { return nil }
    let line = lines[location.line - 1].unicodeScalars
    var rest = line.dropFirst(location.column - 1)
    var column = location.column + offset
    if let first = rest.first, first == "\"" || first == "'", text.unicodeScalars.first != first || offset > 0 {
      rest = rest.dropFirst()
      column += 1
    }
    guard rest.dropFirst(offset).starts(with: text.unicodeScalars) else { return nil }
    return range(line: location.line, column: column, length: text.unicodeScalars.count)
  }
}
