import Foundation
import Safetensors
import Tensors
import TestSupport
import Testing

import DiffusionModels

/// Whole text conditioning against `encode_prompt` of diffusers' pipelines, with the real vocabularies.
@Suite("Text encoders of a family")
struct TextEncodersTests {
  private func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory.appending(path: "stepgraph-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: path) }
    return try body(path)
  }

  private func encode(_ model: Model, _ texts: [String], length: Int? = nil) throws -> TextEncoding {
    let encoders = try model.textEncoders()
    let prompts = try texts.map { try Prompt($0, syntax: .plain) }
    let all = (0..<encoders.promptCount).map { prompts[min($0, prompts.count - 1)] }
    return try encoders.encode(encoders.tokens(of: all, TokenizingOptions(length: length)), clipSkip: 0)
  }

  private func check(_ encoding: TextEncoding, _ family: SeededTextEncoders, _ run: Int) throws {
    expectClose(encoding.states, try family.expected("\(run).states"), within: 1e-5, "\(run) states")
    if let pooled = encoding.pooled {
      expectClose(pooled, try family.expected("\(run).pooled"), within: 1e-5, "\(run) pooled")
    }
  }

  /// A folder, and the files of two encoders in either order, to the bit.
  @Test func fluxMatchesDiffusers() throws {
    let family = try SeededTextEncoders("flux")
    try withFolder { folder in
      try family.writeFolder(to: folder.appending(path: "model"))
      let (clip, t5) = (folder.appending(path: "clip_l.safetensors"), folder.appending(path: "t5xxl.safetensors"))
      try family.file("text_encoder").write(to: clip)
      try family.file("text_encoder_2").write(to: t5)
      let model = try Model(path: folder.appending(path: "model").path)
      let runs: [(texts: [String], length: Int?)] = [
        ([family.prompts[0]], nil), ([family.prompts[1]], 256), (family.prompts, 77), ([family.long], 64),
      ]
      for (number, run) in runs.enumerated() {
        let encoding = try encode(model, run.texts, length: run.length)
        try check(encoding, family, number)
        for (first, second) in number == 0 ? [(clip, t5), (t5, clip)] : [] {
          let pair = try encode(Model(path: first.path, secondPath: second.path), run.texts, length: run.length)
          #expect(pair.states == encoding.states && pair.pooled == encoding.pooled)
        }
      }
    }
  }

  @Test func kleinMatchesDiffusers() throws {
    let family = try SeededTextEncoders("flux2-klein")
    try withFolder { folder in
      try family.writeFolder(to: folder)
      let model = try Model(path: folder.path)
      #expect(model.textRecipe == .flux2Klein)
      for (number, (text, length)) in [(family.prompts[0], nil), (family.prompts[1], 128), (family.long, 100)]
        .enumerated()
      {
        try check(encode(model, [text], length: length), family, number)
      }
      // The part of the model alone knows what it is for, and is the same.
      let part = try Model(path: folder.appending(path: "text_encoder").path)
      #expect(try encode(part, [family.prompts[1]]).states == encode(model, [family.prompts[1]]).states)
    }
  }

  /// A file that does not tell for which model it is, with the program's own tokenizer.
  @Test func zImageMatchesDiffusers() throws {
    let family = try SeededTextEncoders("z-image")
    try withFolder { folder in
      let path = folder.appending(path: "qwen_3_4b.safetensors").path
      try family.file("text_encoder").write(to: URL(filePath: path))
      let model = try Model(path: path, overrides: ModelOverrides(textRecipe: .zImage))
      for (number, (text, length)) in [(family.prompts[0], nil), (family.prompts[1], nil), (family.long, 100)]
        .enumerated()
      {
        try check(encode(model, [text], length: length), family, number)
      }
      let message =
        "\(path): the text encoder is Qwen3, which several families have, and nothing tells for which it is; 'family' "
        + "flux2-klein or z-image was expected"
      #expect(throws: ModelError(message)) { try Model(path: path).textEncoders() }
    }
  }

  @Test func threadsChangeNoBit() throws {
    for name in ["flux", "flux2-klein"] {
      let family = try SeededTextEncoders(name)
      try withFolder { folder in
        try family.writeFolder(to: folder)
        let threads = Parallel.threadCount
        defer { Parallel.threadCount = threads }
        var found: [Tensor] = []
        for count in [1, 2] {
          Parallel.threadCount = count
          found.append(try encode(Model(path: folder.path), [family.prompts[0]]).states)
        }
        #expect(found[0] == found[1])
      }
    }
  }

  @Test func refusesEncodersThatDoNotFit() throws {
    let family = try SeededTextEncoders("flux")
    try withFolder { folder in
      let t5 = folder.appending(path: "t5.safetensors").path
      try family.file("text_encoder_2").write(to: URL(filePath: t5))
      let expected =
        "CLIP-L and T5, the pair of FLUX.1, were expected: 'path' and 'path_2' of LoadTextEncoder"
      #expect(throws: ModelError("\(t5): the text encoder is T5; \(expected)")) {
        try Model(path: t5).requirePart(.clip)
      }
      #expect(throws: ModelError("\(t5): the text encoders are T5 and T5; \(expected)")) {
        try Model(path: t5, secondPath: t5).requirePart(.clip)
      }
      #expect(throws: ModelError("\(t5): the text encoders are not those of the family z-image")) {
        try Model(path: t5, overrides: ModelOverrides(textRecipe: .zImage)).requirePart(.clip)
      }
    }
  }

  /// ComfyUI's weights for T5: each state goes from that of the empty prompt at its place.
  @Test func t5TakesComfyUIsWeights() throws {
    let family = try SeededTextEncoders("flux")
    try withFolder { folder in
      try family.writeFolder(to: folder)
      let encoders = try Model(path: folder.path).textEncoders()
      func states(_ text: String) throws -> (TextEncoding, [TokenizedPrompt]) {
        let prompt = try Prompt(text, syntax: .comfyui)
        let tokens = try encoders.tokens(of: [prompt, prompt], TokenizingOptions(length: 40))
        return (try encoders.encode(tokens, clipSkip: 0), tokens)
      }
      let (weighted, tokens) = try states("a (red apple:1.4) falls")
      let (plain, empty) = (try states("a (red apple:1.0) falls").0.states.values, try states("").0.states.values)
      let weights = tokens[1].chunks[0].weights.map(Float.init)
      #expect(Set(weights) == [1, 1.4] && weights.count == 40)
      let expected = plain.indices.map { empty[$0] + weights[$0 / 16] * (plain[$0] - empty[$0]) }
      expectClose(weighted.states, Tensor(shape: [1, 40, 16], values: expected), within: 1e-6, "weighted")
      #expect(weighted.pooled == (try states("a (red apple:1.0) falls").0.pooled))
      let message =
        "the syntax a1111 is for CLIP's text encoders, and the model has T5; plain or comfyui was expected"
      let prompt = try Prompt("a [red] apple", syntax: .a1111)
      #expect(throws: ModelError(message)) { try encoders.tokens(of: [prompt, prompt], TokenizingOptions()) }
    }
  }
}
