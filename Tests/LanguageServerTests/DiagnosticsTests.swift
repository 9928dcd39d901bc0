import Foundation
import Testing

struct DiagnosticsTests {
  private let uri = "file:///nowhere/g.yaml"

  @Test func problemsComeAndGoWhileTyping() throws {
    let client = try Client()
    client.open(
      uri,
      """
      stepgraph: 1
      nodes:
        e: {node: EmptyLaten, with: {width: 64}}  # 🎨
        🎨: {node: EmptyLatent}
      """)
    #expect(
      client.problems(uri) == [
        "2:12: there is no node type 'EmptyLaten'",
        "3:2: '🎨' can't name a node: a name starts with one of a-z, A-Z and '_', and has letters, digits, '_' and '-'",
      ])
    client.change(uri, (2, 22, 2, 22), "t")
    client.change(uri, (3, 2, 3, 4), "f")
    client.server.settle()
    #expect(client.problems(uri) == [])
  }

  @Test func otherYAMLIsLeftAlone() throws {
    let client = try Client()
    client.open(uri, "services:\n  stepgraph: {image: [\n")
    #expect(client.messages("textDocument/publishDiagnostics").isEmpty)
    #expect(try client.request("textDocument/completion", client.at(uri, (1, 4)))["items"] == [])
    #expect(try client.request("textDocument/hover", client.at(uri, (1, 4))) == .null)
    #expect(try client.request("textDocument/documentSymbol", client.at(uri, (0, 0))) == [])
    // The file type says what the text does not yet.
    client.open("file:///nowhere/h.yaml", "nodes: {}\n", language: "stepgraph")
    #expect(client.problems("file:///nowhere/h.yaml") == ["0:0: the key 'stepgraph' is missing"])
  }

  /// What stands in other lines is told as if the line were not there.
  @Test(arguments: [
    "  half", "  half:", "  half: {node", "  half: {node: Decode, in: {vae:", "  half: {node: \"Deco", "  half: }",
    "  half: [a, {",
    "  half: {node: Decode}}", "  half: 'x", "\thalf: 3", "  half: @x", "  - half", "  half: {a: b: c}",
    "  \"ha",
    "  half: &a *b", "  half: !x {", "  half: |3x",
  ])
  func aHalfTypedNodeDoesNotBlankTheRest(_ line: String) throws {
    let client = try Client()
    client.open(
      uri,
      """
      stepgraph: 1
      params: {steps: {type: int, default: 4}}
      nodes:
        e: {node: EmptyLatent, with: {width: wide}}
      \(line)
        image: {node: Decode, in: {latent: e, vae: nothing}}

      """)
    let problems = client.problems(uri)
    #expect(problems.contains("3:39: 'width' takes an int, not 'wide'"), "\(problems)")
    #expect(problems.contains { $0.hasPrefix("5:") && $0.hasSuffix("there is no node 'nothing'") }, "\(problems)")
    let symbols = try client.request("textDocument/documentSymbol", client.at(uri, (0, 0)))
    let names = symbols.items.compactMap { $0["name"]?.string }
    #expect(names.contains("steps") && names.contains("e") && names.contains("image"))
    #expect(
      try client.request("textDocument/hover", client.at(uri, (5, 18)))["contents"]?["value"]?.string?.hasPrefix(
        "**Decode**") == true)
  }

  @Test func aProblemInASubgraphShowsWhereItIsCalled() throws {
    let folder = try Folder()
    let called = """
      stepgraph: 1
      inputs: {x: {type: latent}}
      nodes:
        a: {node: EncodeX, in: {latent: inputs.x}, with: {times: 2}}

      """
    try folder.write(called, to: "sub.yaml")
    let (main, sub) = (folder.uri("main.yaml"), folder.uri("sub.yaml"))
    let client = try Client()
    let text = """
      stepgraph: 1
      nodes:
        e: {node: EmptyLatent}
        one: {graph: sub.yaml, in: {x: e}}
        two: {graph: sub.yaml, in: {x: e}}

      """
    client.open(main, text)
    let wanted = "\(folder.path("sub.yaml")):4:13: there is no node type 'EncodeX'"
    #expect(client.problems(main) == ["3:15: \(wanted)", "4:15: \(wanted)"])
    #expect(client.problems(sub) == ["3:12: there is no node type 'EncodeX'"])
    let related = client.diagnostics(main)[0]["relatedInformation"]?[0]?["location"]?["uri"]?.string
    #expect(related == sub)
    // What is mended in a file that is not saved is gone from both.
    client.open(sub, called)
    client.change(sub, (3, 12, 3, 19), "InvertLatent")
    client.server.settle()
    #expect(client.problems(sub) == ["3:12: there is no node type 'InvertLatent'"])
    client.change(sub, (3, 12, 3, 24), "RepeatLatent")
    client.server.settle()
    #expect(client.problems(main) == [])
    #expect(client.problems(sub) == [])
  }
}
