import ComfyUI
import Foundation
import StepgraphNodes
import Testing

/// The documentation has a row for every class, and says of it what is so.
struct ClassTableTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func theDocumentationListsEveryClass() throws {
    let page = Self.root.appending(path: "Sources/stepgraph/Documentation.docc/ComfyUI.md")
    let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("| `") }
    let expected = ComfyClass.descriptions.map { "| `\($0.name)` | \($0.treatment) | \($0.reason ?? "") |" }
    #expect(Set(lines.map(String.init)) == Set(expected))
    #expect(lines.count == expected.count)
  }

  @Test func everyShippedSamplerGraphIsPartOfTheProgram() throws {
    let folder = Self.root.appending(path: "Graphs")
    let names =
      FileManager.default.enumerator(atPath: folder.appending(path: "samplers").path)?
      .compactMap { $0 as? String }.filter { $0.hasSuffix(".yaml") }.map { "samplers/\($0)" } ?? []
    #expect(names.count > 15)
    #expect(Set(ShippedGraphs.texts.keys) == Set(names))
    for name in names {
      #expect(ShippedGraphs.texts[name] == (try String(contentsOf: folder.appending(path: name), encoding: .utf8)))
    }
  }
}
