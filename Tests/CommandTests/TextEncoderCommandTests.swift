import DiffusionModels
import Foundation
import Safetensors
import Tensors
import TestSupport
import Testing

/// Text encoders in files of their own, and two prompts, through the command.
struct TextEncoderCommandTests {
  private static func graph(_ load: String, _ encode: String) -> String {
    """
    stepgraph: 1
    nodes:
      clip: {node: LoadTextEncoder, with: {\(load)}}
      text: {node: TextEncode, in: {clip: clip}, with: {\(encode)}}
      save: {node: SaveTensor, in: {tensor: text}, with: {path: a.safetensors}}

    """
  }

  private func states(_ stepgraph: Stepgraph) throws -> Tensor {
    try SafetensorsReader(path: stepgraph.folder.file("a.safetensors").path).tensor("tensor")
  }

  private func expectClose(_ a: Tensor, _ b: Tensor, _ name: String) {
    #expect(a.shape == b.shape, "\(name)")
    #expect(difference(a, b).relative <= 1e-5, "\(name)")
  }

  /// FLUX.1's encoders, whose prompts may differ; what is meant if a parameter is left out makes no second key.
  @Test func fluxFromTwoFiles() throws {
    let (family, stepgraph) = (try SeededTextEncoders("flux"), try Stepgraph())
    try family.file("text_encoder").write(to: stepgraph.folder.file("clip_l.safetensors"))
    // As files of T5 by itself often have it.
    try family.file("text_encoder_2") { $0 == "shared.weight" ? "encoder.embed_tokens.weight" : $0 }
      .write(to: stepgraph.folder.file("t5xxl.safetensors"))
    let load = "path: t5xxl.safetensors, path_2: clip_l.safetensors"
    let text = "\"\(family.prompts[0])\""
    try stepgraph.folder.write(Self.graph(load, "text: \(text)"), to: "graph.yaml")
    #expect(try stepgraph.run("graph.yaml").executed == ["text"])
    expectClose(try states(stepgraph), try family.expected("0.states"), "0")
    try stepgraph.folder.write(Self.graph(load, "text: \(text), text_2: \(text), tokens: 512"), to: "graph.yaml")
    #expect(try stepgraph.run("graph.yaml").executed == [])
    try stepgraph.folder.write(Self.graph(load, "text: \"\(family.long)\", tokens: 64"), to: "graph.yaml")
    let cut = try stepgraph("run", "graph.yaml", "--quiet")
    #expect(cut.status == 0)
    expectClose(try states(stepgraph), try family.expected("3.states"), "3")
    #expect(
      cut.errors.contains("warning: the prompt is longer than 77 tokens; this was cut: \", hanging on the wall ;"))
    #expect(cut.errors.contains("warning: the prompt is longer than 64 tokens; this was cut: \"; 7 green bottles"))
  }

  /// ComfyUI's syntax fills FLUX.1's texts up to 256 tokens and cuts nothing, unless it is told otherwise.
  @Test func fluxTextsAreFilledUpAsTheSyntaxHasIt() throws {
    let (family, stepgraph) = (try SeededTextEncoders("flux"), try Stepgraph())
    try family.file("text_encoder").write(to: stepgraph.folder.file("clip_l.safetensors"))
    try family.file("text_encoder_2").write(to: stepgraph.folder.file("t5xxl.safetensors"))
    let load = "path: t5xxl.safetensors, path_2: clip_l.safetensors"
    let long = String(repeating: "a red apple ", count: 140)
    func count(_ encode: String) throws -> Int {
      try stepgraph.folder.write(Self.graph(load, encode), to: "graph.yaml")
      _ = try stepgraph.run("graph.yaml")
      return try states(stepgraph).shape[1]
    }
    #expect(try count("text: a, syntax: comfyui") == 256)
    #expect(try count("text: \"\(long)\", syntax: comfyui") == 561)
    #expect(try count("text: \"\(long)\", syntax: comfyui, tokens: 300") == 300)
    #expect(try count("text: \"\(long)\", syntax: comfyui, tokens: 512") == 512)
    #expect(try count("text: a, least_tokens: 20") == 20)
    #expect(try count("text: \"\(long)\", least_tokens: 20") == 561)
    #expect(try count("text: a, least_tokens: 20, tokens: 40") == 20)
    #expect(try count("text: a") == 512)
    // What is meant if they are left out makes no second key.
    for encode in ["text: a, tokens: 512", "text: a, syntax: comfyui, least_tokens: 256"] {
      try stepgraph.folder.write(Self.graph(load, encode), to: "graph.yaml")
      #expect(try stepgraph.run("graph.yaml").executed == [], "\(encode)")
    }
    try stepgraph.folder.write(Self.graph(load, "text: a, least_tokens: 50, tokens: 40"), to: "graph.yaml")
    let result = try stepgraph.failure(["run", "graph.yaml", "--quiet"])
    #expect(result.status == 2 && result.errors.contains("'least_tokens' is 50, and 'tokens' 40; it cannot be more"))
  }

  /// A tokenizer that fills texts up in front, or cuts them there, would be another model's.
  @Test func sidesOfATokenizer() throws {
    let stepgraph = try Stepgraph()
    try SeededTextEncoders("flux").writeFolder(to: stepgraph.folder.file("model"))
    for (part, key) in [
      ("tokenizer", "padding_side"), ("tokenizer_2", "padding_side"), ("tokenizer", "truncation_side"),
      ("tokenizer_2", "truncation_side"),
    ] {
      let path = "model/\(part)/tokenizer_config.json"
      let old = try? stepgraph.folder.contents(path)
      var values = try old.map { try JSONSerialization.jsonObject(with: $0) as? [String: Any] ?? [:] } ?? [:]
      values[key] = "left"
      try JSONSerialization.data(withJSONObject: values).write(to: stepgraph.folder.file(path))
      try stepgraph.folder.write(Self.graph("path: model", "text: a, tokens: 40"), to: "graph.yaml")
      let result = try stepgraph.failure(["run", "graph.yaml", "--quiet"])
      #expect(
        result.errors.contains("\(path): '\(key)' is left; right was expected, where texts are"), "\(result.errors)")
      values[key] = "right"
      try JSONSerialization.data(withJSONObject: values).write(to: stepgraph.folder.file(path))
    }
    _ = try stepgraph.run("graph.yaml")
  }

  @Test func qwen3IsToldForWhichModelItIs() throws {
    let (family, stepgraph) = (try SeededTextEncoders("z-image"), try Stepgraph())
    try family.file("text_encoder").write(to: stepgraph.folder.file("qwen.safetensors"))
    let text = "text: \"\(family.prompts[0])\""
    try stepgraph.folder.write(Self.graph("path: qwen.safetensors, family: z-image", text), to: "graph.yaml")
    _ = try stepgraph.run("graph.yaml")
    expectClose(try states(stepgraph), try family.expected("0.states"), "0")
    try stepgraph.folder.write(Self.graph("path: qwen.safetensors, family: flux2-klein", text), to: "graph.yaml")
    #expect(try stepgraph.run("graph.yaml").executed == ["text"])
    try stepgraph.folder.write(Self.graph("path: qwen.safetensors", text), to: "graph.yaml")
    let result = try stepgraph.failure(["run", "graph.yaml", "--quiet"])
    #expect(result.status == 2)
    #expect(
      result.errors.hasPrefix(
        "graph.yaml:3:46: error: node 'clip' (LoadTextEncoder): qwen.safetensors: the text encoder is Qwen3, which several "
          + "families have, and nothing tells for which it is; 'family' flux2-klein or z-image was expected\n"))
    let described = try stepgraph("model", "qwen.safetensors").output
    #expect(described.contains("Qwen3, width 8, 29 layers, 4 heads of 4, 2 of keys, 151936 tokens"))
  }

  @Test(arguments: [
    ("text: a, text_2: b", "the model has one text encoder, which takes 'text'; no 'text_2' was expected"),
    ("text: a, clip_skip: 1", "clip_skip is 1, but the model takes its text encoders' layers as they are"),
    (
      "text: a, syntax: a1111",
      "the syntax a1111 is for CLIP's text encoders, and the model has Qwen3; plain or comfyui was expected"
    ),
  ])
  func whatQwen3DoesNotTakeIsToldInThePlan(_ encode: String, _ message: String) throws {
    let (family, stepgraph) = (try SeededTextEncoders("z-image"), try Stepgraph())
    try family.file("text_encoder").write(to: stepgraph.folder.file("qwen.safetensors"))
    try stepgraph.folder.write(Self.graph("path: qwen.safetensors, family: z-image", encode), to: "graph.yaml")
    let result = try stepgraph.failure(["run", "graph.yaml", "--quiet"])
    #expect(result.status == 2)
    #expect(result.errors.contains("error: node 'text' (TextEncode): \(message)\n"))
  }
}
