import Diagnostics
import Foundation
import GraphEngine
import TestSupport
import Testing
import YAMLTree

struct WorkflowFormatTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Workflow files in a folder of the repository and below it.
  private static func graphs(_ folder: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
    return (names?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".yaml") }.map { "\(folder)/\($0)" }
      .sorted()
  }

  static let shipped = graphs("Graphs") + graphs("Examples")
  static let corpus = graphs("Tests/Fixtures/fuzz/workflow") + shipped

  @Test func shippedGraphsAreFormatted() throws {
    #expect(Self.shipped.count >= 70)
    for graph in Self.shipped {
      let file = try SourceFile.read(Self.root.appending(path: graph).path)
      #expect(try WorkflowFormat.formatted(file) == file.text, "\(graph): run `stepgraph format Graphs Examples`")
    }
  }

  /// Texts with blanks, comments, breaks and signs put in and taken out: what is formatted says the same, and stays as
  /// it is when it is formatted again.
  @Test func changedTextsKeepTheirTree() throws {
    let texts = try Self.corpus.map { try SourceFile.read(Self.root.appending(path: $0).path).text }.filter {
      $0.utf8.count < 6000
    }
    var generator = SplitMix64(state: 22)
    var (count, refused) = (0, 0)
    for _ in Soak.rounds(2000, long: 200_000) {
      let text = Self.changed(try #require(texts.randomElement(using: &generator)), using: &generator)
      let file = SourceFile(path: "g.yaml", text: text)
      let collector = DiagnosticCollector()
      guard let tree = file.parseYAML(into: collector), collector.errorCount == 0 else { continue }
      guard let formatted = try? WorkflowFormat.formatted(file) else {
        refused += 1
        continue
      }
      count += 1
      let result = SourceFile(path: "g.yaml", text: formatted)
      let other = try #require(result.parseYAML(into: DiagnosticCollector()))
      try #require(Self.outline(other) == Self.outline(tree), "\(text)")
      try #require(try WorkflowFormat.formatted(result) == formatted, "\(text)")
    }
    #expect(count > 500)
    #expect(refused * 100 <= count)
  }

  private static let pieces = [
    " ", "  ", "\n", "\n\n", "\r\n", "\t", " # note", "\n# note\n", "\n      # note\n", "&a ", "*a", "'", "\"", ",",
    ", ",
    ": ", "- ", "{}", "[x, y]", "? ", "!!str ", ">-\n    text\n", "|+\n     text\n\n", "é", "\u{2028}", "\\",
  ]

  private static func changed(_ text: String, using generator: inout SplitMix64) -> String {
    var scalars = Array(text.unicodeScalars)
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let place = Int.random(in: 0..<scalars.count, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: scalars.remove(at: place)
      case 1:
        let line = scalars[place...].firstIndex(of: "\n") ?? place
        scalars.insert(contentsOf: (pieces.randomElement(using: &generator) ?? "").unicodeScalars, at: line)
      case 2:
        let blank = scalars[place...].firstIndex(of: " ") ?? place
        scalars.insert(contentsOf: (pieces.randomElement(using: &generator) ?? "").unicodeScalars, at: blank)
      default: scalars.insert(contentsOf: (pieces.randomElement(using: &generator) ?? "").unicodeScalars, at: place)
      }
    }
    return String(String.UnicodeScalarView(scalars))
  }

  private static func outline(_ node: YAMLNode) -> String {
    switch node.content {
    case .scalar(let scalar): "\(scalar.isPlain) \(scalar.text.debugDescription)"
    case .sequence(let items): "[" + items.map(outline).joined(separator: ", ") + "]"
    case .mapping(let mapping):
      "{\(mapping.isFlow) "
        + mapping.entries.map { "\($0.key.value.debugDescription): \(outline($0.value))" }
        .joined(separator: ", ") + "}"
    }
  }

  @Test func loopsWithinLoopsHaveColumns() throws {
    let text = """
      nodes:
        outer:
          loop: {times: 2, index: i}
          nodes:
            a: {node: X}
            inner:
              loop: {times: 2, index: k}
              nodes:
                b: {node: Y}
                long: {node: Z}
                called:
                  graph: x.yaml
                  in: {a: b}
                  with: {c: d}
              yield: {x: b}
      """
    let formatted = try WorkflowFormat.formatted(SourceFile(path: "g.yaml", text: text))
    #expect(
      formatted == """
        nodes:
          outer:
            loop: {times: 2, index: i}
            nodes:
              a: {node: X}
              inner:
                loop: {times: 2, index: k}
                nodes:
                  b:    {node: Y}
                  long: {node: Z}
                  called:
                    graph: x.yaml
                    in:    {a: b}
                    with:  {c: d}
                yield: {x: b}

        """)
  }
}
