import Diagnostics
import Testing

struct RenderingTests {
  private func location(_ text: String, line: Int, column: Int) -> Diagnostics.SourceLocation {
    Diagnostics.SourceLocation(file: SourceFile(path: "g.yaml", text: text), line: line, column: column)
  }

  @Test func showsPlaceLineCaretAndNotes() {
    let diagnostic = Diagnostic(
      "unknown node type 'Decoed'", at: location("nodes:\n  image: {node: Decoed}\n", line: 2, column: 17),
      notes: ["did you mean 'Decode'?"])
    #expect(
      render([diagnostic], color: false) == """
        g.yaml:2:17: error: unknown node type 'Decoed'
          2 |   image: {node: Decoed}
            |                 ^
            = did you mean 'Decode'?

        """)
  }

  @Test func linesEndAsEditorsThink() {
    let file = SourceFile(path: "g.yaml", text: "a\r\nb\rc\nd\u{85}e")
    #expect(file.lines == ["a", "b", "c", "d\u{85}e"])
    #expect(SourceFile(path: "g.yaml", text: "").lines == [""])
  }

  @Test func aCaretStandsUnderWideCharactersAndTabs() {
    let wide = render(Diagnostic("x", at: location("苹果: e\u{301}🍎 b", line: 1, column: 9)), color: false)
    #expect(wide.contains("  1 | 苹果: e\u{301}🍎 b\n    |           ^\n"))
    let tab = render(Diagnostic("x", at: location("a\tb", line: 1, column: 3)), color: false)
    #expect(tab.contains("  1 | a\tb\n    |  \t^\n"))
  }

  @Test func aLongLineIsCutAroundTheCaret() {
    let text = String(repeating: "x", count: 500) + "HERE" + String(repeating: "y", count: 500)
    let lines = render(Diagnostic("x", at: location(text, line: 1, column: 501)), color: false).split(separator: "\n")
    #expect(lines[1].count < 160)
    let caret = lines[2].distance(from: lines[2].startIndex, to: lines[2].firstIndex(of: "^") ?? lines[2].endIndex)
    #expect(lines[1].dropFirst(caret).hasPrefix("HERE"))
  }

  @Test func placesOutsideTheTextShowNoLine() {
    #expect(render(Diagnostic("x", at: location("a", line: 9, column: 1)), color: false) == "g.yaml:9:1: error: x\n")
    #expect(render(Diagnostic("x"), color: false) == "error: x\n")
    let argument = Diagnostic("expected an int", at: Diagnostics.SourceLocation(argument: "--set steps=abc"))
    #expect(render(argument, color: false) == "--set steps=abc: error: expected an int\n")
  }

  @Test func severityAndColour() {
    let text = render(Diagnostic("careful", severity: .warning), color: true)
    #expect(text == "\u{1B}[1;35mwarning:\u{1B}[0m \u{1B}[1mcareful\u{1B}[0m\n")
  }

  @Test func aFileCannotDriveTheTerminal() {
    let text = render(
      Diagnostic("bad '\u{1B}[2J\n'", at: location("a\u{1B}[2Jb", line: 1, column: 2)), color: false)
    #expect(!text.contains("\u{1B}"))
    #expect(text.contains("bad '\\u{1b}[2J\\n'"))
  }

  @Test(arguments: [80, 60], [1, 40, 300, 504])
  func allFitsANarrowTerminal(_ width: Int, _ column: Int) {
    let text = String(repeating: "x", count: 299) + "HERE" + String(repeating: "苹", count: 200) + "!"
    let diagnostic = Diagnostic(
      "a message with many words that goes on and on, further than any terminal of this kind would have the room for it",
      at: location(text, line: 1, column: column),
      notes: [
        "and a note beside it with no fewer words in it, of which the last ones stand on a line of their own below"
      ])
    let lines = render(diagnostic, color: false, width: width).split(separator: "\n")
    // A wide character takes two columns.
    for line in lines { #expect(line.count + line.count { $0 == "苹" } <= width, "\(line)") }
    let words = lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
    #expect(
      words.contains(
        "many words that goes on and on, further than any terminal of this kind would have the room for it"))
    guard column == 300, let source = lines.firstIndex(where: { $0.contains("HERE") }) else { return }
    let caret = lines[source + 1].distance(
      from: lines[source + 1].startIndex, to: lines[source + 1].firstIndex(of: "^") ?? lines[source + 1].endIndex)
    #expect(lines[source].dropFirst(caret).hasPrefix("HERE"))
  }
}
