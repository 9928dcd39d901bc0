import Foundation

/// A text broken into lines of a given width.
package struct TextLines {
  /// Without the blanks they were broken at; the last ends in an ellipsis when not all of the text fits.
  package let lines: [String]
  /// Pixels to an em.
  let size: Float
  private let font = LabelFont.shared

  /// Breaks a text between words, and a word that is too long after punctuation or anywhere.
  ///
  /// - Parameters:
  ///   - width: pixels to a line.
  ///   - limit: how many lines there may be.
  package init(_ text: String, size: Float, width: Float, limit: Int) {
    self.size = size
    let font = LabelFont.shared
    func fits(_ line: some StringProtocol) -> Bool { font.width(of: line, size: size) <= width }
    // Letters with accents have glyphs as one character each.
    var rest = text.precomposedStringWithCanonicalMapping.split(whereSeparator: \.isWhitespace).joined(separator: " ")[
      ...]
    var lines: [String] = []
    while !rest.isEmpty, lines.count < limit {
      if fits(rest) {
        lines.append(String(rest))
        rest = ""
      } else if lines.count == limit - 1 {
        while !rest.isEmpty, !fits(rest + "…") { rest.removeLast() }
        while rest.last == " " { rest.removeLast() }
        lines.append(rest + "…")
      } else {
        let line = Self.start(of: rest, fits: fits)
        lines.append(line.trimmingCharacters(in: .whitespaces))
        rest = rest.dropFirst(line.count).drop { $0 == " " }
      }
    }
    self.lines = lines
  }

  /// What fits on a line, at least one character.
  private static func start(of text: Substring, fits: (Substring) -> Bool) -> Substring {
    var line = text.prefix(1)
    var end = text.index(after: text.startIndex)
    while end < text.endIndex, fits(text[...end]) {
      end = text.index(after: end)
      line = text[..<end]
    }
    if text[end...].first == " " { return line }
    if let blank = line.lastIndex(of: " ") { return line[..<blank] }
    if let mark = line.lastIndex(where: { "-_/,.=:".contains($0) }), mark > line.startIndex { return line[...mark] }
    return line
  }

  var width: Int { Int((lines.map { font.width(of: $0, size: size) }.max() ?? 0).rounded(.up)) }
  var height: Int { lines.count * font.lineHeight(size: size) }
}
