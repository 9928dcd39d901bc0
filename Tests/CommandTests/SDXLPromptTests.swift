import DiffusionModels
import Foundation
import Safetensors
import Tensors
import Testing

/// Prompts in the two text encoders of SDXL: embeddings of both, two prompts, and prompts of unequal length.
struct SDXLPromptTests {
  private static let words = "embeddings.token_embedding.weight"
  private static let prefixes = ["conditioner.embedders.0.transformer.text_model.", "conditioner.embedders.1.model."]

  /// A stepgraph with a tiny SDXL and an embedding whose vectors are those of `l` and `g`'s tokens in the two encoders.
  private func stepgraph(l: String, g: String) throws -> Stepgraph {
    let (model, stepgraph) = (try SeededModel.named("sdxl"), try Stepgraph())
    try model.file(as: .f32).write(to: stepgraph.folder.file("model.safetensors"))
    let tokenizer = try CLIPTokenizer.clip(padsWithEnd: true)
    var writer = SafetensorsWriter()
    for (name, text) in [("clip_l", l), ("clip_g", g)] {
      let table = try #require(
        model.tensors.first {
          $0.name
            == (name == "clip_l" ? "\(Self.prefixes[0])\(Self.words)" : "\(Self.prefixes[1])token_embedding.weight")
        }
      ).tensor
      writer.add(name, Tensor(concatenating: tokenizer.contentIDs(text).map { table.sample($0) }))
    }
    try FileManager.default.createDirectory(at: stepgraph.folder.file("embeddings"), withIntermediateDirectories: true)
    try Data(writer.bytes()).write(to: stepgraph.folder.file("embeddings/pair.safetensors"))
    return stepgraph
  }

  private func states(_ stepgraph: Stepgraph, _ with: String) throws -> Tensor {
    try stepgraph.folder.write(
      """
      stepgraph: 1
      nodes:
        model: {node: LoadModel, with: {path: model.safetensors}}
        text:  {node: TextEncode, in: {clip: model.clip}, with: {\(with)}}
        save:  {node: SaveTensor, in: {tensor: text}, with: {path: a.safetensors}}
      """, to: "graph.yaml")
    _ = try stepgraph.run("graph.yaml")
    return try SafetensorsReader(path: stepgraph.folder.file("a.safetensors").path).tensor("tensor")
  }

  /// The states of one encoder: channels `range` of rows `rows`.
  private func part(_ states: Tensor, rows: Range<Int>, _ range: Range<Int>) -> [Float] {
    let width = states.shape[2]
    let values = states.values
    return rows.flatMap { row in range.map { values[row * width + $0] } }
  }

  @Test func eachEncoderTakesItsVectors() throws {
    let stepgraph = try stepgraph(l: "red apple", g: "red apple")
    let calling = try states(stepgraph, "text: a embedding:pair, syntax: comfyui, embeddings: embeddings")
    #expect(try calling == states(stepgraph, "text: a red apple"))
  }

  /// An encoder whose prompt is shorter sees an empty chunk behind it.
  @Test func chunksAreFilledUp() throws {
    let long = String(repeating: "red ", count: 70)
    let stepgraph = try stepgraph(l: long, g: "red")
    let text = "a cat on a green hill under a wide blue sky"
    let unequal = try states(stepgraph, "text: \(text) embedding:pair, syntax: comfyui, embeddings: embeddings")
    let empty = try states(stepgraph, "text: ''")
    let short = try states(stepgraph, "text: \(text) red, syntax: comfyui")
    let width = unequal.shape[2]
    // Both are as wide, or told apart by the model.
    let first = try #require(
      try SeededModel.named("sdxl").tensors.first { $0.name == "\(Self.prefixes[0])\(Self.words)" }?.shape[1])
    #expect(unequal.shape == [1, 154, width])
    #expect(part(unequal, rows: 77..<154, first..<width) == part(empty, rows: 0..<77, first..<width))
    #expect(part(unequal, rows: 0..<77, first..<width) == part(short, rows: 0..<77, first..<width))
    #expect(part(unequal, rows: 77..<154, 0..<first) != part(empty, rows: 0..<77, 0..<first))
  }

  @Test func theSecondEncoderTakesTheSecondPrompt() throws {
    let stepgraph = try stepgraph(l: "red", g: "red")
    let (one, other) = (try states(stepgraph, "text: a cat"), try states(stepgraph, "text: a dog"))
    let both = try states(stepgraph, "text: a cat, text_2: a dog")
    let width = both.shape[2]
    let first = try #require(
      try SeededModel.named("sdxl").tensors.first { $0.name == "\(Self.prefixes[0])\(Self.words)" }?.shape[1])
    #expect(part(both, rows: 0..<77, 0..<first) == part(one, rows: 0..<77, 0..<first))
    #expect(part(both, rows: 0..<77, first..<width) == part(other, rows: 0..<77, first..<width))
  }
}
