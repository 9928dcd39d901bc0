import Foundation
import Safetensors
import Tensors
import Testing

/// Prompts with weights and embeddings through the command: numbers, keys, messages.
struct PromptCommandTests {
  private static let prompts = Repository.fixtures.appending(path: "prompts")

  private static func graph(_ with: String, model: String = prompts.appending(path: "model").path) -> String {
    """
    stepgraph: 1
    nodes:
      model: {node: LoadModel, with: {path: \(model)}}
      text:  {node: TextEncode, in: {clip: model.clip}, with: {\(with)}}
      save:  {node: SaveTensor, in: {tensor: text}, with: {path: a.safetensors}}

    """
  }

  /// A stepgraph with a copy of the embeddings beside its graph.
  private func stepgraph(_ with: String) throws -> Stepgraph {
    let stepgraph = try Stepgraph()
    try FileManager.default.copyItem(
      at: Self.prompts.appending(path: "embeddings"), to: stepgraph.folder.file("embeddings"))
    try stepgraph.folder.write(Self.graph(with), to: "graph.yaml")
    return stepgraph
  }

  @Test(arguments: [
    ("comfyui", "(a red (apple:1.2) on (a blue:0.7) background:1.4)"), ("a1111", "[[red]] apple (cat)"),
    ("comfyui", "(embedding:mystyle:1.3) apple"), ("a1111", "a photo in MyStyle"),
  ])
  func statesOfTheRules(_ syntax: String, _ text: String) throws {
    struct Case: Decodable { let text: String }
    let cases = try JSONDecoder().decode(
      [String: [Case]].self, from: try Data(contentsOf: Self.prompts.appending(path: "prompts.json")))
    let number = try #require(cases[syntax]?.firstIndex { $0.text == text })
    let stepgraph = try stepgraph("text: \"\(text)\", syntax: \(syntax), embeddings: embeddings")
    _ = try stepgraph.run("graph.yaml")
    let states = try SafetensorsReader(path: stepgraph.folder.file("a.safetensors").path).tensor("tensor")
    let expected = try SafetensorsReader(path: Self.prompts.appending(path: "states.safetensors").path)
      .tensor("\(syntax).\(number)")
    #expect(states.shape == expected.shape)
    #expect(zip(states.values, expected.values).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test func plainIsWhatNoSyntaxMeans() throws {
    let stepgraph = try stepgraph("text: a red apple")
    #expect(try stepgraph.run("graph.yaml").executed == ["text"])
    try stepgraph.folder.write(Self.graph("text: a red apple, syntax: plain"), to: "graph.yaml")
    #expect(try stepgraph.run("graph.yaml").executed == [])
    try stepgraph.folder.write(Self.graph("text: a red apple, syntax: a1111"), to: "graph.yaml")
    #expect(try stepgraph.run("graph.yaml").executed == ["text"])
  }

  @Test(arguments: [("comfyui", "a embedding:mystyle"), ("a1111", "a MyStyle")])
  func embeddingsAreInTheKey(_ syntax: String, _ text: String) throws {
    let stepgraph = try stepgraph("text: \"\(text)\", syntax: \(syntax), embeddings: embeddings")
    func runs() throws -> Bool { try !stepgraph.run("graph.yaml").executed.isEmpty }
    func move(_ from: String, _ to: String) throws {
      try FileManager.default.moveItem(
        at: stepgraph.folder.file("embeddings/\(from).safetensors"),
        to: stepgraph.folder.file("embeddings/\(to).safetensors"))
    }
    #expect(try runs())
    #expect(try !runs())
    // One that the text does not name.
    try move("one", "two")
    #expect(try !runs())
    // The name now means another file, and then none.
    try move("mystyle", "three")
    try move("two", "mystyle")
    #expect(try runs())
    try move("mystyle", "two")
    #expect(try runs())
    try move("three", "mystyle")
    #expect(try !runs())
  }

  /// Two files under each other's names have the same digests in all.
  @Test func namesOfEmbeddingsAreInTheKey() throws {
    let stepgraph = try stepgraph("text: 'embedding:one embedding:two', syntax: comfyui, embeddings: embeddings")
    func runs() throws -> Bool { try !stepgraph.run("graph.yaml").executed.isEmpty }
    let (one, two) = (
      stepgraph.folder.file("embeddings/one.safetensors"), stepgraph.folder.file("embeddings/two.safetensors")
    )
    #expect(try runs())
    try FileManager.default.moveItem(at: one, to: two)
    #expect(try runs())
  }

  @Test func remarksAreWarnings() throws {
    let stepgraph = try stepgraph("text: 'a (red:1.2) apple'")
    let result = try stepgraph("run", "graph.yaml", "--quiet")
    #expect(result.status == 0)
    let remark =
      "graph.yaml:4:66: warning: '(red:1.2)' is plain text here: brackets, weights and names of embeddings mean something "
      + "with 'syntax: comfyui' or 'syntax: a1111'\n"
    #expect(result.errors.hasPrefix(remark))
    try stepgraph.folder.write(
      Self.graph("text: 'a embedding:nothing', syntax: comfyui, embeddings: embeddings"), to: "graph.yaml")
    #expect(
      try stepgraph("run", "graph.yaml", "--quiet").errors
        .hasPrefix("graph.yaml:4:66: warning: the embedding 'nothing' is not found in embeddings; it was left out\n"))
  }

  @Test(arguments: [
    (
      "text: a, embeddings: embeddings",
      "graph.yaml:4:81: error: node 'text' (TextEncode): a plain prompt names no embeddings; 'syntax' comfyui or a1111 was "
        + "expected"
    ),
    (
      "text: a, syntax: a1111, embeddings: nowhere",
      "graph.yaml:4:96: error: node 'text' (TextEncode): nowhere: there is no such folder"
    ),
    (
      "text: embedding:two, syntax: comfyui, embeddings: embeddings",
      "graph.yaml:4:110: error: node 'text' (TextEncode): embeddings/two.safetensors: is no textual inversion: one tensor, "
        + "or 'clip_l' and 'clip_g', was expected; it has 'a', 'b'"
    ),
    (
      "text: embedding:broken, syntax: comfyui, embeddings: embeddings",
      "graph.yaml:4:113: error: node 'text' (TextEncode): embeddings/broken.safetensors: no safetensors file: it is text that begins with 'abc'"
    ),
    (
      "text: embedding:old, syntax: comfyui, embeddings: embeddings",
      "graph.yaml:4:110: error: node 'text' (TextEncode): embeddings/old.pt: is no .safetensors file; formats that can run "
        + "code are never opened: save it as .safetensors"
    ),
  ])
  func badInput(_ with: String, _ message: String) throws {
    let stepgraph = try stepgraph(with)
    var two = SafetensorsWriter()
    for name in ["a", "b"] { two.add(name, .zeros([4])) }
    try Data(two.bytes()).write(to: stepgraph.folder.file("embeddings/two.safetensors"))
    try stepgraph.folder.write("abc", to: "embeddings/broken.safetensors")
    try stepgraph.folder.write("abc", to: "embeddings/old.pt")
    let result = try stepgraph.failure(["run", "graph.yaml", "--quiet"])
    #expect(result.errors.split(separator: "\n").first.map(String.init) == message)
    #expect(result.status == 2)
  }

  @Test func anEmbeddingOfAnotherWidth() throws {
    let stepgraph = try stepgraph("text: embedding:wide, syntax: comfyui, embeddings: embeddings")
    var wide = SafetensorsWriter()
    wide.add("emb_params", .zeros([2, 768]))
    try Data(wide.bytes()).write(to: stepgraph.folder.file("embeddings/wide.safetensors"))
    let result = try stepgraph.failure(["run", "graph.yaml", "--quiet"])
    #expect(
      result.errors.hasPrefix(
        "graph.yaml:4:111: error: node 'text' (TextEncode): embeddings/wide.safetensors: has vectors of 768 numbers "
          + "(Stable Diffusion 1.x), and the text encoder takes 4\n"))
    #expect(result.status == 2)
    // In the other syntax the tokens tell whether the text calls it.
    try stepgraph.folder.write(
      Self.graph("text: a wide, syntax: a1111, embeddings: embeddings"), to: "graph.yaml")
    #expect(try stepgraph.failure(["run", "graph.yaml", "--quiet"]).status == 2)
    try stepgraph.folder.write(
      Self.graph("text: a widening, syntax: a1111, embeddings: embeddings"), to: "graph.yaml")
    _ = try stepgraph.run("graph.yaml")
  }
}
