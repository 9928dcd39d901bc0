import Diagnostics
import Foundation
import GraphEngine
import LanguageServer
import TestSupport
import Testing

struct FormattingTests {
  private let uri = "file:///nowhere/g.yaml"

  private func format(_ client: Client) throws -> [JSONValue] {
    try client.request(
      "textDocument/formatting",
      ["textDocument": ["uri": .text(uri)], "options": ["tabSize": 2, "insertSpaces": true]]
    ).items
  }

  @Test func editsMakeWhatFormatMakes() throws {
    let client = try Client()
    client.open(uri, "")
    let texts = [
      "stepgraph: 1\nnodes:\n  a:   {node:   EmptyLatent}\n  bcd: {node: EmptyLatent}\n",
      "stepgraph:   1\nnodes:\n  a: {node: EmptyLatent}",
      "stepgraph: 1\nnodes:\n  a: {node: EmptyLatent}\n\n\n\n",
      "\n\nstepgraph: 1\nnodes:\n    a:\n        node: EmptyLatent   \n",
      "stepgraph: 1\r\nnodes: {a: {node: EmptyLatent}}\r\n",
    ]
    for text in texts {
      client.replaceAll(uri, text)
      let wanted = try WorkflowFormat.formatted(SourceFile(path: "g.yaml", text: text))
      #expect(Client.applying(try format(client), to: text) == wanted)
      client.replaceAll(uri, wanted)
      #expect(try format(client) == [])
    }
  }

  @Test func onlyLinesThatChangeAreTouched() throws {
    let client = try Client()
    client.open(uri, "stepgraph: 1\nnodes:\n  a: {node:   EmptyLatent}\n  b: {node: EmptyLatent}\n")
    let edits = try format(client)
    #expect(edits.count == 1)
    #expect(edits[0]["range"]?["start"]?["line"]?.int == 2 && edits[0]["range"]?["end"]?["line"]?.int == 3)
  }

  @Test func whatIsNoYAMLIsRefused() throws {
    let client = try Client()
    client.open(uri, "stepgraph: 1\nnodes: {\n")
    #expect(throws: Client.Refusal.self) { try format(client) }
  }
}
