import Foundation
import LanguageServer
import Testing

struct CodeActionTests {
  /// A line of nodes, and what becomes of it.
  @Test(arguments: [
    ("  e: {node: EmptyLaten}", "  e: {node: EmptyLatent}"), ("  e: {nod: EmptyLatent}", "  e: {node: EmptyLatent}"),
    ("  e: {node: EmptyLatent, with: {widht: 8}}", "  e: {node: EmptyLatent, with: {width: 8}}"),
    ("  e: {node: EmptyLatent, in: {vea: model.vae}}", "  e: {node: EmptyLatent, in: {vae: model.vae}}"),
    ("  e: {node: EmptyLatent, in: {vae: modle.vae}}", "  e: {node: EmptyLatent, in: {vae: model.vae}}"),
    ("  e: {node: EmptyLatent, in: {vae: model.vea}}", "  e: {node: EmptyLatent, in: {vae: model.vae}}"),
    ("  e: {node: EmptyLatent, with: {seed: $(nn)}}", "  e: {node: EmptyLatent, with: {seed: $(n)}}"),
    ("  e: {node: EmptyLatent, cache: dsk}", "  e: {node: EmptyLatent, cache: disk}"),
    (
      "  e: {node: TextEncode, with: {clip: model.clip, text: x}}",
      "  e: {node: TextEncode, in: {clip: model.clip}, with: {text: x}}"
    ),
    (
      "  e: {node: TextEncode, in: {clip: model.clip, text: x}, with: {tokens: 77}}",
      "  e: {node: TextEncode, in: {clip: model.clip}, with: {tokens: 77, text: x}}"
    ),
    (
      "  e: {node: TextEncode, in: {clip: model.clip}, with: {text: a cat: on a mat}}",
      "  e: {node: TextEncode, in: {clip: model.clip}, with: {text: \"a cat: on a mat\"}}"
    ),
    (
      "  e:\n    node: TextEncode\n    in: {clip: model.clip}\n    with:\n      text: a \"cat\": on a mat",
      "  e:\n    node: TextEncode\n    in: {clip: model.clip}\n    with:\n      text: \"a \\\"cat\\\": on a mat\""
    ),
    (
      "  e: {node: TextEncode, in: {clip: model.clip}, with: {text: a cat, a mat}}",
      "  e: {node: TextEncode, in: {clip: model.clip}, with: {text: \"a cat, a mat\"}}"
    ),
    (
      "  e:\n    node: TextEncode\n    in: {clip: model.clip}\n    with:\n      text: a cat #1 of 2",
      "  e:\n    node: TextEncode\n    in: {clip: model.clip}\n    with:\n      text: \"a cat #1 of 2\""
    ),
    ("  e: {node: EmptyLatent, with: {width:8}}", "  e: {node: EmptyLatent, with: {width: 8}}"),
    ("  g: {graph: <samplers/eulr.yaml>}", "  g: {graph: <samplers/euler.yaml>}"),
  ])
  func fixesAreThoseOfTheMessage(_ line: String, _ mended: String) throws {
    let client = try Client()
    let uri = "file:///nowhere/g.yaml"
    func text(_ line: String) -> String {
      """
      stepgraph: 1
      params: {n: {type: int, default: 8}}
      nodes:
        model: {node: LoadModel, with: {path: m}}
      \(line)

      """
    }
    client.open(uri, text(line))
    let actions = try client.request(
      "textDocument/codeAction",
      [
        "textDocument": ["uri": .text(uri)], "context": ["diagnostics": []],
        "range": ["start": ["line": 4, "character": 0], "end": ["line": 9, "character": 0]],
      ]
    ).items
    let action = try #require(actions.first, "\(client.problems(uri))")
    #expect(action["kind"]?.string == "quickfix" && action["title"]?.string?.isEmpty == false)
    // The diagnostic that a client matches the fix with is one that was published.
    #expect(client.diagnostics(uri).contains { $0 == action["diagnostics"]?[0] })
    let edits = action["edit"]?["changes"]?[uri]?.items ?? []
    #expect(Client.applying(edits, to: text(line)) == text(mended))
  }

  @Test func aFixIsOfferedWhereItsProblemIs() throws {
    let client = try Client()
    let uri = "file:///nowhere/g.yaml"
    client.open(uri, "stepgraph: 1\nnodes:\n  e: {node: EmptyLaten}\n  f: {node: EmptyLatnt}\n")
    let actions = try client.request(
      "textDocument/codeAction",
      [
        "textDocument": ["uri": .text(uri)], "context": ["diagnostics": []],
        "range": ["start": ["line": 3, "character": 14], "end": ["line": 3, "character": 14]],
      ]
    ).items
    #expect(actions.count == 1)
    #expect(actions[0]["edit"]?["changes"]?[uri]?[0]?["range"]?["start"]?["line"]?.int == 3)
  }
}
