import Foundation
import Safetensors
import Tensors
import Testing

import DiffusionModels

/// Prompts of SDXL, FLUX.1 and Z-Image against what ComfyUI 0.8.0 made of them: tokens, weights, states and pooled vectors.
@Suite final class ComfyUITextTests {
  private struct Case: Decodable {
    let texts: [String]
    /// By encoder: its chunks of tokens, each with its weight.
    let tokens: [String: [[[Double]]]]
  }

  private static let recorded = "\(Fixture.folder)/comfyui/texts"
  /// The encoders of each family in the order in which the family has them, and a table's name and its height.
  private static let encoders = [
    "l": ("text_model.embeddings.token_embedding.weight", 49_408),
    "g": ("text_model.embeddings.token_embedding.weight", 49_408), "t5xxl": ("shared.weight", 32_128),
    "qwen3_4b": ("model.embed_tokens.weight", 151_936),
  ]

  private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  private let reader: SafetensorsReader
  private let cases: [String: Case]

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    reader = try SafetensorsReader(path: "\(Self.recorded).safetensors")
    cases = try JSONDecoder().decode(
      [String: Case].self, from: Data(contentsOf: URL(filePath: "\(Self.recorded).json")))
  }
  deinit { try? FileManager.default.removeItem(at: folder) }

  /// CLIP's heads are narrower than those of published models, which a file alone does not tell.
  private static let configs = [
    "l": """
    {"architectures": ["CLIPTextModel"], "model_type": "clip_text_model", "hidden_size": 64, "intermediate_size": 256,
     "num_hidden_layers": 3, "num_attention_heads": 2, "hidden_act": "quick_gelu"}
    """,
    "g": """
    {"architectures": ["CLIPTextModelWithProjection"], "model_type": "clip_text_model", "hidden_size": 96,
     "intermediate_size": 384, "num_hidden_layers": 4, "num_attention_heads": 3, "hidden_act": "gelu",
     "projection_dim": 96}
    """,
  ]

  /// A file or folder of an encoder, whose vocabulary has zeros for what no prompt uses.
  private func file(_ encoder: String) throws -> String {
    let place = folder.appending(path: encoder)
    let path = Self.configs[encoder] == nil ? place : place.appending(path: "model.safetensors")
    let whole = Self.configs[encoder] == nil ? path.path : place.path
    if FileManager.default.fileExists(atPath: path.path) { return whole }
    if let config = Self.configs[encoder] {
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      try Data(config.utf8).write(to: place.appending(path: "config.json"))
    }
    let (table, height) = try #require(Self.encoders[encoder])
    var writer = SafetensorsWriter()
    for name in reader.names where name.hasPrefix("\(encoder)/") && !name.hasSuffix("/rows") {
      let key = String(name.dropFirst(encoder.count + 1))
      let tensor = try reader.tensor(name)
      guard key == table else {
        writer.add(key, tensor, as: .f16)
        continue
      }
      let (width, values) = (tensor.shape[1], tensor.values)
      let rows = try reader.withBytes("\(encoder)/rows") { bytes in
        (0..<tensor.shape[0]).map { Int(bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self)) }
      }
      let whole = Tensor(shape: [height, width]) { target in
        target.update(repeating: 0)
        for (index, row) in rows.enumerated() {
          for column in 0..<width { target[row * width + column] = values[index * width + column] }
        }
      }
      writer.add(key, whole, as: .f16)
    }
    try Data(writer.bytes()).write(to: path)
    return whole
  }

  private func model(_ family: String) throws -> (Model, encoders: [String]) {
    switch family {
    case "sdxl": (try Model(path: file("l"), secondPath: file("g")), ["l", "g"])
    case "flux1": (try Model(path: file("l"), secondPath: file("t5xxl")), ["l", "t5xxl"])
    default: (try Model(path: file("qwen3_4b"), overrides: ModelOverrides(textRecipe: .zImage)), ["qwen3_4b"])
    }
  }

  @Test func everyPromptIsComfyUIs() throws {
    #expect(cases.count == 11)
    for family in ["sdxl", "flux1", "z-image"] {
      let (model, names) = try model(family)
      let encoders = try model.textEncoders()
      let options = TokenizingOptions(filledLength: model.textRecipe?.comfyUIFilledLength)
      for (name, recorded) in cases where name.hasPrefix("\(family)/") {
        let texts = try recorded.texts.map { try Prompt($0, syntax: .comfyui) }
        let prompts = (0..<encoders.promptCount).map { texts[min($0, texts.count - 1)] }
        let tokens = try encoders.tokens(of: prompts, options)
        for (index, encoder) in names.enumerated() {
          guard let expected = recorded.tokens[encoder] else { continue }
          let found = tokens[index].chunks.map { chunk in
            zip(chunk.tokens, chunk.weights).map { token, weight -> [Double] in
              if case .id(let id) = token { [Double(id), weight] } else { [] }
            }
          }
          #expect(found == expected, "\(name), \(encoder)")
        }
        let encoding = try encoders.encode(tokens, clipSkip: 0)
        expectClose(encoding.states, try reader.tensor("made/\(name)/cond"), within: 2e-6, name)
        if let pooled = encoding.pooled {
          expectClose(pooled, try reader.tensor("made/\(name)/pooled"), within: 2e-6, "\(name), pooled")
        }
      }
    }
  }
}
