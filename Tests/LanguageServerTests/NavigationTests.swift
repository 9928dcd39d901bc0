import Foundation
import LanguageServer
import Testing

struct NavigationTests {
  private static let sub = """
    stepgraph: 1
    params:
      count: {type: int, default: 4, min: 1, description: How many.}
    inputs:
      latent: {type: latent}
    nodes:
      walk:
        loop: {times: $(count), index: k}
        carry: {latent: inputs.latent}
        nodes:
          near: {node: BlendLatent, in: {a: carry.latent, b: inputs.latent}, with: {amount: $(k / count)}}
        yield: {latent: near}
    outputs: {latent: walk.latent}

    """
  private static let main = """
    stepgraph: 1
    params: {n: {type: int, default: 3}}
    nodes:
      start: {node: EmptyLatent, with: {seed: $(n)}}
      part: {graph: sub.yaml, in: {latent: start}, with: {count: $(n)}}
      again: {node: BlendLatent, in: {a: part.latent, b: "part/walk[0]/near"}}
      save: {node: SaveLatent, in: {latent: again}, with: {path: "s$(n).safetensors"}}

    """

  /// A client in a folder with both files, of which `main.yaml` is open.
  private func begin() throws -> (Client, Folder) {
    let folder = try Folder()
    try folder.write(Self.sub, to: "sub.yaml")
    try folder.write(Self.main, to: "main.yaml")
    let client = try Client(root: folder.url.path)
    client.open(folder.uri("main.yaml"), Self.main)
    #expect(client.problems(folder.uri("main.yaml")) == [])
    return (client, folder)
  }

  /// Where a text stands in another one, for the `number`th time.
  private func place(_ word: String, in text: String, _ number: Int = 0) throws -> (line: Int, character: Int) {
    var found = text.startIndex
    for count in 0...number {
      let range = try #require(text.range(of: word, range: found..<text.endIndex))
      found = count == number ? range.lowerBound : range.upperBound
    }
    let before = text[..<found].components(separatedBy: "\n")
    return (before.count - 1, (before.last ?? "").utf16.count)
  }

  @Test func definitionsOverFiles() throws {
    let (client, folder) = try begin()
    let uri = folder.uri("main.yaml")
    func definition(_ word: String, _ number: Int = 0, offset: Int = 0) throws -> String {
      var place = try place(word, in: Self.main, number)
      place.character += offset
      let found = try client.request("textDocument/definition", client.at(uri, place))
      let start = found[0]?["range"]?["start"]
      let file = found[0]?["uri"]?.string.flatMap { URL(string: $0)?.lastPathComponent } ?? "none"
      return "\(file):\(start?["line"]?.int ?? -1):\(start?["character"]?.int ?? -1)"
    }
    #expect(try definition("start}") == "main.yaml:3:2")
    #expect(try definition("n)") == "main.yaml:1:9")
    #expect(try definition("sub.yaml") == "sub.yaml:0:0")
    #expect(try definition("latent: start") == "sub.yaml:4:2")
    #expect(try definition("count:") == "sub.yaml:2:2")
    #expect(try definition("part.latent") == "main.yaml:4:2")
    #expect(try definition("part.latent", offset: 6) == "sub.yaml:12:10")
    #expect(try definition("walk[0]") == "sub.yaml:6:2")
    #expect(try definition("near\"") == "sub.yaml:10:6")
    #expect(try definition("EmptyLatent") == "none:-1:-1")
  }

  @Test func hoverTellsTypesValuesAndPages() throws {
    let (client, folder) = try begin()
    let uri = folder.uri("main.yaml")
    func hover(_ word: String, offset: Int = 0) throws -> String {
      var place = try place(word, in: Self.main)
      place.character += offset
      let found = try client.request("textDocument/hover", client.at(uri, place))
      return found["contents"]?["value"]?.string ?? "nothing"
    }
    #expect(try hover("EmptyLatent").hasPrefix("**EmptyLatent**"))
    #expect(try hover("seed").hasPrefix("`seed`: int"))
    #expect(try hover("n)").hasPrefix("`n`: int = 3\n\nhere: `3`"))
    #expect(try hover("part.latent", offset: 6).contains("latent [n, c, h, w]"))
    #expect(try hover("start}").contains("EmptyLatent"))
    #expect(try hover("count:") == "`count`: int >= 1 = 4\n\nHow many.")
    #expect(try hover("s$(n)") == "`path` = `s3.safetensors`")
    #expect(try hover("in:").hasPrefix("`in`: Wires"))
    #expect(try hover("sub.yaml").hasSuffix("sub.yaml`"))
  }

  @Test func usesAreFoundInFilesThatAreNotOpen() throws {
    let (client, folder) = try begin()
    client.open(folder.uri("sub.yaml"), Self.sub)
    let at = client.at(folder.uri("sub.yaml"), try place("count:", in: Self.sub))
    client.notify("textDocument/didClose", ["textDocument": ["uri": .text(folder.uri("main.yaml"))]])
    var params = at.members
    params["context"] = ["includeDeclaration": true]
    let found = try client.request("textDocument/references", .object(params)).items.map { item in
      "\(URL(string: item["uri"]?.string ?? "")?.lastPathComponent ?? ""):\(item["range"]?["start"]?["line"]?.int ?? -1)"
    }
    #expect(found == ["main.yaml:4", "sub.yaml:2", "sub.yaml:7", "sub.yaml:10"])
    params["context"] = ["includeDeclaration": false]
    #expect(try client.request("textDocument/references", .object(params)).items.count == 3)
  }

  /// Each name is renamed in both files, after which both are sound and hold no trace of the old name.
  @Test(arguments: [
    ("count:", "many", 4), ("latent: {type", "x0", 4), ("walk:", "w-alk", 3), ("near:", "far", 3), ("k}", "turn", 2),
    ("latent: inputs", "carried", 4), ("latent: walk", "result", 2),
  ])
  func renamingOverFiles(_ word: String, _ name: String, _ count: Int) throws {
    let (client, folder) = try begin()
    client.open(folder.uri("sub.yaml"), Self.sub)
    let at = client.at(folder.uri("sub.yaml"), try place(word, in: Self.sub))
    let old = try client.request("textDocument/prepareRename", at)["placeholder"]?.string ?? ""
    #expect(word.hasPrefix(old) && !old.isEmpty)
    var params = at.members
    params["newName"] = .text(name)
    let changes = try client.request("textDocument/rename", .object(params))["changes"]?.members ?? [:]
    #expect(changes.values.reduce(0) { $0 + $1.items.count } == count)
    for (uri, edits) in changes {
      client.replaceAll(uri, Client.applying(edits.items, to: client.texts[uri] ?? ""))
    }
    for (uri, text) in client.texts {
      #expect(client.problems(uri) == [])
      #expect(text.contains(name) || changes[uri] == nil)
    }
    // And back again: nothing else was touched.
    let moved = client.texts[folder.uri("sub.yaml")] ?? ""
    let back = client.at(folder.uri("sub.yaml"), try place(name, in: moved))
    var again = back.members
    again["newName"] = .text(old)
    for (uri, edits) in try client.request("textDocument/rename", .object(again))["changes"]?.members ?? [:] {
      client.replaceAll(uri, Client.applying(edits.items, to: client.texts[uri] ?? ""))
    }
    #expect(client.texts[folder.uri("sub.yaml")] == Self.sub)
    #expect(client.texts[folder.uri("main.yaml")] == Self.main)
  }

  @Test func namesThatWouldBreakTheWorkflowAreRefused() throws {
    let (client, folder) = try begin()
    let at = client.at(folder.uri("main.yaml"), try place("start:", in: Self.main))
    for name in ["part", "3x", "a b", "carry", ""] {
      var params = at.members
      params["newName"] = .text(name)
      #expect(throws: Client.Refusal.self) { try client.request("textDocument/rename", .object(params)) }
    }
    let type = client.at(folder.uri("main.yaml"), try place("EmptyLatent", in: Self.main))
    #expect(throws: Client.Refusal.self) { try client.request("textDocument/prepareRename", type) }
  }

  @Test func whatASweepExcludesIsRenamedToo() throws {
    let (client, folder) = try begin()
    let uri = folder.uri("swept.yaml")
    let text = """
      stepgraph: 1
      params: {n: {type: int, default: 3}, m: {type: int, default: 1}}
      nodes:
        start: {node: EmptyLatent, with: {seed: $(n + m)}}
        save: {node: SaveLatent, in: {latent: start}, with: {path: "s$(n)-$(m).safetensors"}}
      sweep: {matrix: {n: [3, 5], m: 1..3}, exclude: [{n: 3, m: 2}]}

      """
    client.open(uri, text)
    var params = client.at(uri, try place("n: {type", in: text)).members
    params["newName"] = "count"
    let edits = try client.request("textDocument/rename", .object(params))["changes"]?[uri]?.items ?? []
    #expect(edits.count == 5)
    let renamed = Client.applying(edits, to: text)
    client.replaceAll(uri, renamed)
    #expect(client.problems(uri) == [])
  }

  @Test func aRefusalTellsWhatTheNewNameBreaks() throws {
    let (client, folder) = try begin()
    let uri = folder.uri("broken.yaml")
    let text = """
      stepgraph: 1
      nodes:
        start: {node: EmptyLatent, with: {widht: 64}}
        other: {node: EmptyLatent}
        save: {node: SaveLatent, in: {latent: start}, with: {path: s.safetensors}}

      """
    client.open(uri, text)
    var params = client.at(uri, try place("other:", in: text)).members
    params["newName"] = "start"
    let refusal = #expect(throws: Client.Refusal.self) { try client.request("textDocument/rename", .object(params)) }
    #expect(refusal.map { "\($0)".contains("widht") } == false)
  }

  @Test func symbolsFoldsTokensAndHints() throws {
    let client = try Client()
    let uri = "file:///nowhere/txt2img.yaml"
    let text = try repositoryText("Graphs/txt2img.yaml")
    client.open(uri, text)
    let symbols = try client.request("textDocument/documentSymbol", client.at(uri, (0, 0))).items
    let sample = try #require(symbols.first { $0["name"]?.string == "sample" })
    #expect(sample["children"]?.items.compactMap { $0["name"]?.string } == ["eps_u", "eps_p", "eps_n", "eps", "next"])
    let line = sample["range"]?["start"]?["line"]?.int ?? 0
    #expect(sample["range"]?["end"]?["line"]?.int == line + 9)
    let folds = try client.request("textDocument/foldingRange", client.at(uri, (0, 0))).items
    #expect(folds.contains { $0["startLine"]?.int == line && $0["endLine"]?.int == line + 9 })
    let tokens = try client.request("textDocument/semanticTokens/full", client.at(uri, (0, 0)))["data"]?.items ?? []
    #expect(tokens.count % 5 == 0 && tokens.count > 5 * 150)
    let hints = try client.request(
      "textDocument/inlayHint",
      [
        "textDocument": ["uri": .text(uri)],
        "range": ["start": ["line": 0, "character": 0], "end": ["line": 99, "character": 0]],
      ]
    ).items
    #expect(hints.map { $0["label"]?.string } == ["= 100 nodes"])
  }
}
