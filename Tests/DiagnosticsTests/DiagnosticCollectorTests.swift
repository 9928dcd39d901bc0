import Diagnostics
import Testing

struct DiagnosticCollectorTests {
  @Test func sortsByPlaceAndKeepsRepeatsOnce() throws {
    let file = SourceFile(path: "b.yaml", text: "a\nb")
    let other = SourceFile(path: "a.yaml", text: "a")
    let collector = DiagnosticCollector()
    collector.error("third", at: Diagnostics.SourceLocation(file: file, line: 2, column: 1))
    collector.error("second", at: Diagnostics.SourceLocation(file: file, line: 1, column: 7))
    collector.warning("first", at: Diagnostics.SourceLocation(file: other, line: 9, column: 9))
    collector.error("second", at: Diagnostics.SourceLocation(file: file, line: 1, column: 7))
    collector.error("argument", at: Diagnostics.SourceLocation(argument: "--set a=b"))
    collector.error("nowhere", at: nil)
    #expect(collector.sorted.map(\.message) == ["nowhere", "argument", "first", "second", "third"])
    #expect(collector.errorCount == 4)
    #expect(throws: DiagnosticList.self) { try collector.throwIfErrors() }
  }

  @Test func warningsAloneDoNotThrow() throws {
    let collector = DiagnosticCollector()
    collector.warning("careful", at: nil)
    try collector.throwIfErrors()
  }

  @Test func aNoteGoesToAllThatIsFoundInside() {
    let collector = DiagnosticCollector()
    collector.with(note: "outer") {
      collector.with(note: "inner") { collector.error("x", at: nil, notes: ["own", nil]) }
      collector.error("y", at: nil)
    }
    collector.error("z", at: nil)
    #expect(collector.sorted.map(\.notes) == [["own", "inner", "outer"], ["outer"], []])
  }
}
