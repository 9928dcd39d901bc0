import Foundation
import LanguageServer
import TestSupport
import Testing

struct RandomEditTests {
  /// Insertions, deletions and pastes of parts of the shipped graphs: after each the server says what one says that never saw
  /// another text.
  ///
  /// `STEPGRAPH_EDITS=100000` makes as many of them.
  @Test func answersAreThoseOfAFreshServer() throws {
    let count = ProcessInfo.processInfo.environment["STEPGRAPH_EDITS"].flatMap { Int($0) } ?? 300
    var random = SplitMix64(state: 11)
    let names = ["Graphs/txt2img.yaml", "Graphs/samplers/euler.yaml", "Examples/four-seeds.yaml", "Graphs/branch.yaml"]
    let texts = try names.map(repositoryText)
    let pieces = [
      "{", "}", "[", "]", ":", ": ", "\"", "'", "#", "\n", "  ", "\t", "$(", ")", "- ", "🎨", "&a ", "*a", "|", ", ",
    ]
    let client = try Client()
    let uri = URL(filePath: repository.appending(path: "Graphs/edited.yaml").path).absoluteString
    var units: [UInt16] = []
    client.open(uri, "")
    for number in 0..<count {
      if number % 60 == 0 {
        units = Array((texts.randomElement(using: &random) ?? "").utf16)
        client.replaceAll(uri, String(decoding: units, as: UTF16.self))
      }
      let start = Int.random(in: 0...units.count, using: &random)
      let length = Int.random(in: 0..<5, using: &random) == 0 ? Int.random(in: 0...40, using: &random) : 0
      let range = aligned(start..<min(units.count, start + length), units)
      var text = pieces.randomElement(using: &random) ?? ""
      if Int.random(in: 0..<4, using: &random) == 0 {
        let lines = (texts.randomElement(using: &random) ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        let first = Int.random(in: 0..<lines.count, using: &random)
        text = lines[first..<min(lines.count, first + 3)].joined(separator: "\n")
      }
      if length > 0 { text = "" }
      let (from, to) = (place(range.lowerBound, units), place(range.upperBound, units))
      client.change(uri, (from.line, from.character, to.line, to.character), text)
      units.replaceSubrange(range, with: text.utf16)
      client.server.settle()
      let whole = String(decoding: units, as: UTF16.self)
      let fresh = try Client()
      fresh.open(uri, whole)
      #expect(client.diagnostics(uri) == fresh.diagnostics(uri), "after edit \(number):\n\(whole)")
      let at = client.at(uri, place(min(range.lowerBound + text.utf16.count, units.count), units))
      for method in ["completion", "hover", "definition", "semanticTokens/full", "documentSymbol", "foldingRange"] {
        let (mine, others) = (
          try client.request("textDocument/" + method, at), try fresh.request("textDocument/" + method, at)
        )
        // Of a text that is beyond reading the symbols of the last that could be read are told.
        if method == "documentSymbol", others == [] { continue }
        #expect(mine == others, "\(method) after edit \(number):\n\(whole)")
      }
      client.forget(keepingDiagnosticsOf: uri)
    }
  }

  /// A range that cuts no pair of surrogates.
  private func aligned(_ range: Range<Int>, _ units: [UInt16]) -> Range<Int> {
    func down(_ index: Int) -> Int {
      index > 0 && index < units.count && UTF16.isTrailSurrogate(units[index]) ? index - 1 : index
    }
    return down(range.lowerBound)..<max(down(range.lowerBound), down(range.upperBound))
  }

  private func place(_ index: Int, _ units: [UInt16]) -> (line: Int, character: Int) {
    let before = units[..<index]
    let start = (before.lastIndex(of: 10) ?? -1) + 1
    return (before.count { $0 == 10 }, index - start)
  }
}
