/// Diagnostics as text for a terminal or a log, each ending with a newline.
/// ```
/// graph.yaml:3:12: error: unknown node type 'Decoed'
///   3 |   image: {node: Decoed}
///     |                 ^
///     = did you mean 'Decode'?
/// ```
///
/// On a terminal of `width` columns source lines are cut around the caret, and messages broken between words.
package func render(_ diagnostics: [Diagnostic], color: Bool, width: Int? = nil) -> String {
  diagnostics.map { render($0, color: color, width: width) }.joined()
}

/// One diagnostic as text; see `render(_:color:width:)` for several.
package func render(_ diagnostic: Diagnostic, color: Bool, width: Int? = nil) -> String {
  let style = Style(color: color)
  let place = diagnostic.location.map { style.bold(printable("\($0):")) + " " } ?? ""
  let severity = style.severity(diagnostic.severity)
  let start = (diagnostic.location.map { printable("\($0):").count + 1 } ?? 0) + diagnostic.severity.rawValue.count + 2
  let message = broken(printable(diagnostic.message), width: width, used: start).joined(separator: "\n  ")
  var text = "\(place)\(severity) \(style.bold(message))\n"
  var margin = " "
  if let location = diagnostic.location,
    let excerpt = Excerpt(location, room: width.map { $0 - String(location.line).count - 5 })
  {
    let number = String(location.line)
    margin = String(repeating: " ", count: number.count + 2)
    text += "  \(number) | \(excerpt.line)\n"
    text += "\(margin) | \(excerpt.padding)\(style.caret("^"))\n"
  }
  for note in diagnostic.notes {
    let lines = broken(printable(note), width: width.map { $0 - margin.count - 3 })
    text += "\(margin) = \(lines.joined(separator: "\n\(margin)   "))\n"
  }
  return text
}

/// The part of a source line that is shown, and the blanks that put a caret under the right character of it.
private struct Excerpt {
  var line: String
  var padding: String

  /// Longest excerpt in columns; a prompt may fill a very long line.
  private static let width = 140
  /// How many characters are looked at on each side of the caret: more than an excerpt has, as some take no column.
  private static let reach = 1000

  init?(_ location: SourceLocation, room: Int?) {
    guard !location.file.isArgument, location.file.lines.indices.contains(location.line - 1) else { return nil }
    let line = location.file.lines[location.line - 1].unicodeScalars
    // Of a line without end no more is looked at than can be shown.
    let skipped = max(0, location.column - 1 - Excerpt.reach)
    let beginning = line.index(line.startIndex, offsetBy: skipped, limitedBy: line.endIndex) ?? line.endIndex
    let isBegun = beginning > line.startIndex
    var scalars = Array(line[beginning...].prefix(2 * Excerpt.reach + 1))
    let goesOn = scalars.count > 2 * Excerpt.reach
    if goesOn { scalars.removeLast() }
    let column = max(0, min(isBegun ? Excerpt.reach : location.column - 1, scalars.count))
    // Two columns are for the marks of what is left out.
    let width = min(Excerpt.width, max(room.map { $0 - 2 } ?? Excerpt.width, 10))
    var (start, end) = (0, scalars.count)
    if isBegun || goesOn || scalars.reduce(0, { $0 + $1.displayWidth }) > (room ?? Excerpt.width)
      || scalars.count > Excerpt.width
    {
      // From the caret on to both sides, as far as there is room.
      (start, end) = (column, column)
      var used = 0
      func cost(_ index: Int) -> Int { scalars.indices.contains(index) ? scalars[index].displayWidth : Int.max / 2 }
      while used < width {
        let (before, after) = (cost(start - 1), cost(end))
        let goesBack = column - start < end - column ? used + before <= width : used + after > width
        if goesBack, used + before <= width {
          start -= 1
          used += before
        } else if used + after <= width {
          end += 1
          used += after
        } else {
          break
        }
      }
    }
    let isCutBefore = isBegun || start > 0
    self.line = isCutBefore ? "…" : ""
    padding = isCutBefore ? " " : ""
    for scalar in scalars[start..<end] { self.line.unicodeScalars.append(scalar.isControl ? "\u{FFFD}" : scalar) }
    if goesOn || end < scalars.count { self.line += "…" }
    for scalar in scalars[start..<column] {
      // A tab under a tab lines up whatever the terminal's tab stops are.
      padding += scalar == "\t" ? "\t" : String(repeating: " ", count: scalar.displayWidth)
    }
  }
}

/// `text` in lines of at most `width` characters, broken at blanks; a longer word stays whole.
///
/// - Parameter used: columns of the first line that are taken.
private func broken(_ text: String, width: Int?, used: Int = 0) -> [String] {
  guard let width, used + text.count > width else { return [text] }
  var lines: [String] = []
  var line = ""
  for word in text.split(separator: " ", omittingEmptySubsequences: false) {
    let room = width - (lines.isEmpty ? used : 2)
    if !line.isEmpty, line.count + 1 + word.count > room {
      lines.append(line)
      line = String(word)
    } else {
      line += line.isEmpty ? String(word) : " " + word
    }
  }
  return lines + [line]
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
