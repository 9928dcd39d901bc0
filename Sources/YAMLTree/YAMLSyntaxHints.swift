import Diagnostics

/// Ways out for the slips people make most: nearly all are texts that need quotes.
extension YAMLSyntaxError {
  func hint(at place: SourceLocation) -> String? {
    if endsInComment(place) { return "what follows ' #' is a comment; a text with ' #' in it needs quotes" }
    switch problem {
    case "mapping values are not allowed in this context": return "a text with ': ' in it needs quotes"
    case "did not find expected ',' or '}'", "did not find expected ',' or ']'":
      return isSecondColon(place)
        ? "a text with ': ' in it needs quotes"
        : "a bracket or brace is not closed, or a text with one of ',[]{}' in it needs quotes"
    case "did not find expected key":
      return
        "indent the keys of a mapping alike; a text that starts with a quote, '[' or '{' needs quotes around all of it"
    case "found character that cannot start any token":
      return "indent with blanks, not tabs; a text that starts with '@', '%' or a backquote needs quotes"
    case "did not find expected alphabetic or numeric character":
      return "a text that starts with '*' or '&' needs quotes"
    case "did not find expected comment or line break": return "a text that starts with '|' or '>' needs quotes"
    case "block sequence entries are not allowed in this context": return "a text that starts with '- ' needs quotes"
    case "found unknown escape character":
      return "in double quotes a backslash is written twice; single quotes take it as it is"
    default: return nil
    }
  }

  /// Whether the problem is a colon in what follows a key.
  private func isSecondColon(_ place: SourceLocation) -> Bool {
    guard place.file.lines.indices.contains(place.line - 1) else { return false }
    let line = place.file.lines[place.line - 1].unicodeScalars
    return line.dropFirst(place.column - 1).first == ":" && line.prefix(place.column - 1).contains(":")
  }

  /// Whether braces or brackets are open at the end of a line that ends in a comment, before the place of the problem.
  private func endsInComment(_ place: SourceLocation) -> Bool {
    guard problem.hasPrefix("did not find expected ','") || problem == "did not find expected node content" else {
      return false
    }
    let before = place.file.lines.prefix(place.line).dropLast(place.column == 1 ? 1 : 0)
    guard let line = before.last(where: { !$0.allSatisfy(\.isWhitespace) }), let mark = line.firstRange(of: " #") else {
      return false
    }
    return line[..<mark.lowerBound].contains { "[{".contains($0) }
  }

  /// Quotes around a text with a colon in it that ends in the line of the problem.
  func fix(at place: SourceLocation) -> Fix? {
    let isColon = problem == "mapping values are not allowed in this context" || isSecondColon(place)
    guard isColon, place.file.lines.indices.contains(place.line - 1) else { return nil }
    let line = Array(place.file.lines[place.line - 1].unicodeScalars)
    let before = line.prefix(place.column - 1)
    guard let colon = before.indices.last(where: { line[$0] == ":" && $0 + 1 < line.count && line[$0 + 1] == " " })
    else { return nil }
    let start = line[(colon + 1)...].firstIndex { $0 != " " } ?? line.endIndex
    let isInBraces = before.contains { "{[".unicodeScalars.contains($0) }
    var end = line.endIndex
    for index in start..<line.endIndex where line[index] == "#" && line[index - 1] == " " { end = min(end, index) }
    if isInBraces { end = line[start..<end].firstIndex { ",]}".unicodeScalars.contains($0) } ?? end }
    while end > start, line[end - 1] == " " { end -= 1 }
    guard start < end, !"\"'".unicodeScalars.contains(line[start]) else { return nil }
    let text = String(String.UnicodeScalarView(line[start..<end]))
    let quoted = "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    return Fix(
      .replace(old: text, new: quoted), at: SourceLocation(file: place.file, line: place.line, column: start + 1))
  }
}
