/// Diagnostics as text for a terminal or a log, each ending with a newline.
/// ```
/// graph.yaml:3:12: error: unknown node type 'Decoed'
///   3 |   image: {node: Decoed}
///     |                 ^
///     = did you mean 'Decode'?
/// ```
package func render(_ diagnostics: [Diagnostic], color: Bool) -> String {
  diagnostics.map { render($0, color: color) }.joined()
}

/// One diagnostic as text; see `render(_:color:)` for several.
package func render(_ diagnostic: Diagnostic, color: Bool) -> String {
  let style = Style(color: color)
  let place = diagnostic.location.map { style.bold(printable("\($0):")) + " " } ?? ""
  let severity = style.severity(diagnostic.severity)
  var text = "\(place)\(severity) \(style.bold(printable(diagnostic.message)))\n"
  var margin = " "
  if let location = diagnostic.location, let excerpt = Excerpt(location) {
    let number = String(location.line)
    margin = String(repeating: " ", count: number.count + 2)
    text += "  \(number) | \(excerpt.line)\n"
    text += "\(margin) | \(excerpt.padding)\(style.caret("^"))\n"
  }
  for note in diagnostic.notes { text += "\(margin) = \(printable(note))\n" }
  return text
}

/// The part of a source line that is shown, and the blanks that put a caret under the right character of it.
private struct Excerpt {
  var line: String
  var padding: String

  /// Longest excerpt in scalars; a prompt may fill a very long line.
  private static let width = 140

  init?(_ location: SourceLocation) {
    guard !location.file.isArgument, location.file.lines.indices.contains(location.line - 1) else { return nil }
    let scalars = Array(location.file.lines[location.line - 1].unicodeScalars)
    let column = max(0, min(location.column - 1, scalars.count))
    var start = 0
    var end = scalars.count
    if scalars.count > Excerpt.width {
      start = max(0, min(column - Excerpt.width / 2, scalars.count - Excerpt.width))
      end = start + Excerpt.width
    }
    line = start > 0 ? "…" : ""
    padding = start > 0 ? " " : ""
    for scalar in scalars[start..<end] { line.unicodeScalars.append(scalar.isControl ? "\u{FFFD}" : scalar) }
    if end < scalars.count { line += "…" }
    for scalar in scalars[start..<column] {
      // A tab under a tab lines up whatever the terminal's tab stops are.
      padding += scalar == "\t" ? "\t" : String(repeating: " ", count: scalar.displayWidth)
    }
  }
}

/// `text` with control characters made visible, so that a file can't drive the terminal it is shown on.
private func printable(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: { $0.isControl || $0 == "\t" }) else { return text }
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\n": result += "\\n"
    case "\t": result += "\\t"
    case "\r": result += "\\r"
    default: result += scalar.isControl ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }
  }
  return result
}

private struct Style {
  let color: Bool

  func bold(_ text: String) -> String { wrap(text, "1") }
  func caret(_ text: String) -> String { wrap(text, "1;32") }
  func severity(_ severity: Diagnostic.Severity) -> String {
    switch severity {
    case .error: wrap("error:", "1;31")
    case .warning: wrap("warning:", "1;35")
    }
  }

  private func wrap(_ text: String, _ code: String) -> String { color ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
}

extension Unicode.Scalar {
  /// Control characters, line and paragraph separators and direction overrides; tabs aside.
  fileprivate var isControl: Bool {
    switch value {
    case 0x09: false
    case 0x00...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
    default: false
    }
  }

  /// Columns a terminal uses: 0 for marks that join the character before, 2 for East Asian wide characters and emoji.
  fileprivate var displayWidth: Int {
    if value < 0x300 { return 1 }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    switch value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
      return 2
    default:
      return properties.isEmojiPresentation ? 2 : 1
    }
  }
}
