import Diagnostics

extension SourceFile {
  /// The file's text in one style: an indentation of two, one blank after a colon and a comma, three before a comment,
  /// texts in double quotes where both would do, no blanks at ends of lines, one blank line at most, and columns as
  /// `alignment` says for the mapping at a path of keys.
  ///
  /// What was lined up by hand in neighbouring lines stays in columns. Comments, order, anchors, braces, line breaks in
  /// them and the lines of texts stay, and so does every value, which is checked.
  ///
  /// Throws what is wrong with a file that is no YAML or that `parseYAML` finds errors in.
  package func formattedYAML(
    limits: YAMLLimits = YAMLLimits(), alignment: (_ path: [String], _ keys: [String]) -> YAMLAlignment
  ) throws(DiagnosticList) -> String {
    let collector = DiagnosticCollector()
    _ = parseYAML(limits: limits, into: collector)
    try collector.throwIfErrors()
    let places = PlaceTable(self)
    func told(_ error: YAMLSyntaxError) -> DiagnosticList { DiagnosticList([error.diagnostic(places)]) }
    let layout: YAMLFileLayout
    do { layout = try YAMLLayoutReader.layout(of: text) } catch { throw told(error) }
    let formatted: String
    do throws(YAMLFormatError) {
      formatted = try withoutActuallyEscaping(alignment) { alignment throws(YAMLFormatError) in
        var formatter = YAMLFormatter(layout, alignment: alignment)
        return try formatter.format()
      }
    } catch {
      throw DiagnosticList([
        Diagnostic(
          "a key that takes several lines can't be formatted", at: places.location(error.index),
          notes: ["write it on one line"])
      ])
    }
    guard (try? isSame(formatted, layout)) == true else {
      throw DiagnosticList([Diagnostic("'\(path)' can't be formatted without a change of what it says")])
    }
    return formatted
  }

  /// Whether another text says the same: the same values with the same anchors and comments, in the same order.
  private func isSame(_ other: String, _ layout: YAMLFileLayout) throws(YAMLSyntaxError) -> Bool {
    guard try YAMLLayoutReader.layout(of: other).comments.map(\.text) == layout.comments.map(\.text) else {
      return false
    }
    let (left, right) = (try YAMLEventReader(YAMLSource(text)), try YAMLEventReader(YAMLSource(other)))
    while true {
      let (a, b) = (try left.next(), try right.next())
      guard a.kind == b.kind, a.anchor == b.anchor, a.tag == b.tag else { return false }
      if case .streamEnd = a.kind { return true }
    }
  }
}

extension YAMLLayoutReader {
  fileprivate static func layout(of text: String) throws(YAMLSyntaxError) -> YAMLFileLayout {
    var reader = try YAMLLayoutReader(YAMLScalars(text))
    return try reader.read()
  }
}
