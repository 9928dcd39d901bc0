import LanguageServer
import TestSupport
import Testing

struct TextDocumentTests {
  @Test func columnsAreUTF16() {
    var document = TextDocument("a🎨b\nc")
    document.replace(range(0, 3, 0, 4), with: "x")
    #expect(document.text == "a🎨x\nc")
    // Inside of a pair: the character's start.
    document.replace(range(0, 2, 0, 3), with: "y")
    #expect(document.text == "ayx\nc")
  }

  @Test func placesBehindTheTextAreItsEnd() {
    var document = TextDocument("ab\ncd")
    document.replace(range(0, 99, 0, 99), with: "!")
    document.replace(range(9, 9, 12, 0), with: "?")
    #expect(document.text == "ab!\ncd?")
    document.replace(range(0, 0, 99, 0), with: "")
    #expect(document.text == "" && document.lineCount == 1)
  }

  /// Against an array of UTF-16 units, with line ends of all kinds that edits make and break.
  @Test func editsAreThoseOfPlainText() {
    var random = SplitMix64(state: 7)
    let pieces = ["\n", "\r", "\r\n", "a", "é", "🎨", "", "x\ny", "\n\n", "日本", "\r\r\n"]
    for _ in 0..<50 {
      var document = TextDocument("")
      var units: [UInt16] = []
      for _ in 0..<100 {
        let starts = lineStarts(units)
        let lines = (Int.random(in: 0..<starts.count, using: &random), Int.random(in: 0..<starts.count, using: &random))
        let (first, last) = (min(lines.0, lines.1), max(lines.0, lines.1))
        func column(_ line: Int) -> Int {
          let end = lineEnd(units, starts[line])
          var place = Int.random(in: starts[line]...end, using: &random)
          if place > starts[line], place < end, UTF16.isTrailSurrogate(units[place]) { place -= 1 }
          return place - starts[line]
        }
        var (from, to) = (column(first), column(last))
        if first == last, from > to { swap(&from, &to) }
        let text = pieces.randomElement(using: &random) ?? ""
        document.replace(range(first, from, last, to), with: text)
        units.replaceSubrange((starts[first] + from)..<(starts[last] + to), with: text.utf16)
        #expect(document.text == String(decoding: units, as: UTF16.self))
        #expect(document.lineCount == lineStarts(units).count)
      }
    }
  }

  private func range(_ line: Int, _ character: Int, _ endLine: Int, _ endCharacter: Int) -> TextRange {
    TextRange(Position(line: line, character: character), Position(line: endLine, character: endCharacter))
  }

  private func lineStarts(_ units: [UInt16]) -> [Int] {
    [0]
      + units.indices.filter { units[$0] == 10 || units[$0] == 13 && ($0 + 1 == units.count || units[$0 + 1] != 10) }
      .map { $0 + 1 }
  }

  private func lineEnd(_ units: [UInt16], _ start: Int) -> Int {
    units[start...].firstIndex { $0 == 10 || $0 == 13 } ?? units.count
  }
}
