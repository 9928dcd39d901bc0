import Diagnostics
import Testing
import YAMLTree

struct YAMLValueTests {
  private func read(_ text: String) -> YAMLNode? {
    SourceFile(path: "g.yaml", text: text).parseYAML(into: DiagnosticCollector())
  }

  @Test func writesBlocksAndBraces() {
    let value = YAMLValue.mapping(
      ("a", .plain("1")), ("b", .mapping(("c", .text("x y")), ("d", .list([.text("e"), .text("7")])))),
      ("f", .mapping(("g", .mapping(("h", .text("i")))))), ("j", .mapping([])), ("k", nil))
    #expect(
      value.document == """
        a: 1
        b: {c: x y, d: [e, "7"]}
        f:
          g: {h: i}
        j: {}

        """)
  }

  @Test func aLongMappingGoesOverLines() {
    let long = String(repeating: "long ", count: 30) + "text"
    #expect(
      YAMLValue.mapping(("a", .mapping(("b", .text(long)), ("c", .plain("1"))))).document
        == "a:\n  b: \(long)\n  c: 1\n")
  }

  @Test(arguments: [
    "", " ", "a ", " a", "no", "Null", "TRUE", "~", "1", "-", ".5", "a:", "a: b", "a #b", "a,b", "{", "]", "*a", "&a",
    "!",
    "|", "%", "@", "`", "'", "\"", "\\", "\n", "a\n\nb", "\t", "\r", "\u{0}", "\u{1B}", "\u{7F}", "\u{85}", "\u{A0}",
    "\u{2028}", "\u{FEFF}", "\u{FFFE}", "\u{10FFFF}", "é苹🍎", "$(x)", "a.b", "/", "=", "<<", "?", "---",
  ])
  func everyTextReadsBack(_ text: String) throws {
    let written = YAMLValue.mapping([
      YAMLField(text.isEmpty ? "key" : text + "key", .text(text)),
      YAMLField("list", .list([.text(text), .text(text)])),
      YAMLField("inner", .mapping(("a", .text(text)), ("b", .plain("1")))),
    ]).document
    let mapping = try #require(read(written)?.mapping)
    #expect(mapping.entries[0].key.value.unicodeScalars.elementsEqual((text + "key").unicodeScalars))
    #expect(mapping.entries[0].value.scalar?.text.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
    #expect(mapping["list"]?.sequence?.compactMap(\.scalar?.text) == [text, text])
    #expect(mapping["inner"]?.mapping?["a"]?.scalar?.text == text)
  }
}
