import Foundation
import GGUF
import Safetensors
import Tensors
import TestSupport
import Testing

import DiffusionModels

/// Transformers in quantised GGUF files, as their makers name and lay them out: the bits of the same numbers in f32.
@Suite final class QuantisedTransformerTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: folder) }

  private func write(_ bytes: Data, _ name: String) throws -> String {
    let path = folder.appending(path: name)
    try bytes.write(to: path)
    return path.path
  }

  private static func transformers() throws -> [(ModelFamily, WideTransformer)] {
    [
      (.flux, try WideTransformer("flux-guidance", width: 64, head: 32, heads: 2, architecture: "flux")),
      (.flux2, try WideTransformer("flux2", width: 48, head: 16, heads: 2, architecture: "flux")),
      (.zImage, try WideTransformer("z-image", width: 48, head: 16, heads: 3, architecture: "lumina2")),
    ]
  }

  /// What a model of a family predicts for inputs made of names.
  private func prediction(_ model: Model) throws -> Tensor {
    let config = try #require(model.denoiserConfig)
    let size = config.conditioningSize
    let states = SeededTensor("states", [1, 9, size], scale: 1).tensor
    var pooled: Tensor?
    if case .flux(let flux) = config { pooled = SeededTensor("pooled", [1, flux.pooledSize], scale: 1).tensor }
    let latent = SeededTensor("latent", [1, config.latentChannels, 8, 6], scale: 2).tensor
    return try model.denoiser().predict(
      latent: latent, time: 700, conditionings: [DenoiserConditioning(states, pooled: pooled)],
      extras: DenoiserExtras(guidance: config.refusesGuidance ? nil : 3.5))[0]
  }

  @Test(arguments: ["Q8_0", "Q4_0", "Q5_1", "IQ4_NL", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_XS"])
  func everyFormatGivesTheBitsOfItsNumbers(_ name: String) throws {
    let format = try #require(WeightFormat(named: name))
    for (family, transformer) in try Self.transformers() {
      for maker in WideTransformer.Maker.allCases {
        let files = transformer.files(format, by: maker)
        let narrow = try Model(path: write(files.gguf, "narrow.gguf"))
        let wide = try Model(path: write(files.safetensors, "wide.safetensors"))
        #expect(narrow.family == family && narrow.denoiserConfig == wide.denoiserConfig, "\(family), \(maker)")
        try narrow.survey(.unet)
        let expected = try prediction(wide)
        #expect(expected.values.allSatisfy(\.isFinite) && Set(expected.values).count > 20, "\(family)")
        #expect(try prediction(narrow) == expected, "\(family) in \(name) by \(maker)")
        #expect(try ModelDescription(path: narrow.path).parts[0].formats.contains(name))
      }
    }
  }

  /// LoRA's relatives on weights that stay in their file: to the bit what they make of the same weights in f32.
  @Test(arguments: ["Q8_0", "Q4_K"]) func everyChangeIsThatOfTheSameNumbers(_ name: String) throws {
    let format = try #require(WeightFormat(named: name))
    let transformer = try Self.transformers()[0].1
    let files = transformer.files(format, by: .city96)
    let narrow = try Model(path: write(files.gguf, "narrow.gguf"))
    let wide = try Model(path: write(files.safetensors, "wide.safetensors"))
    let plain = try prediction(wide)
    var seen: Set<[Float]> = [plain.values]
    for kinds in [
      ["loha"], ["lokr"], ["lokr-factors"], ["diff"], ["dora"], ["dora-inputs"], ["lora", "loha", "lora", "dora"],
    ] {
      func patched(_ model: Model) throws -> Model {
        try kinds.enumerated().reduce(model) { model, kind in
          let bytes = try Self.lora(kind.element, number: kind.offset, transformer)
          let file = try LoRAFile(path: write(bytes, "\(kind.offset)-\(kind.element).safetensors"))
          return model.patched(with: LoRAPatch(file, strength: 0.7))
        }
      }
      let (found, expected) = (try prediction(patched(narrow)), try prediction(patched(wide)))
      #expect(found == expected, "\(kinds) on \(name)")
      #expect(seen.insert(expected.values).inserted, "\(kinds) changes nothing")
    }
  }

  /// A change of a joined layer, of one that is a part of a joined one, and of a plain one.
  private static func lora(_ kind: String, number: Int, _ transformer: WideTransformer) throws -> Data {
    var writer = SafetensorsWriter()
    for name in ["double_blocks.0.img_attn.qkv", "single_blocks.0.linear2", "double_blocks.0.txt_mlp.2", "img_in"] {
      // Lengths by input are of all layers together that a tensor joins.
      if kind == "dora-inputs", name.contains("qkv") { continue }
      let shape = try #require(transformer.tensors.first { $0.name == "\(name).weight" }).shape
      let (rows, columns) = (shape[0], shape[1])
      func add(_ role: String, _ shape: [Int], scale: Double = 0.3, offset: Double = 0) {
        let tensor = SeededTensor("\(number).\(name).\(role)", shape, scale: scale, offset: offset).tensor
        writer.add("diffusion_model.\(name).\(role)", tensor)
      }
      switch kind {
      case "loha":
        for half in ["hada_w1", "hada_w2"] {
          add("\(half)_a", [rows, 3])
          add("\(half)_b", [3, columns])
        }
      case "lokr":
        add("lokr_w1", [4, 8])
        add("lokr_w2", [rows / 4, columns / 8])
      case "lokr-factors":
        add("lokr_w1", [8, 4])
        add("lokr_w2_a", [rows / 8, 2])
        add("lokr_w2_b", [2, columns / 4])
      case "diff": add("diff", shape, scale: 0.05)
      default:
        add("lora_A.weight", [4, columns])
        add("lora_B.weight", [rows, 4], scale: 0.1)
        if kind == "dora" { add("dora_scale", [rows, 1], scale: 0.3, offset: 1) }
        if kind == "dora-inputs" { add("dora_scale", [1, columns], scale: 0.3, offset: 1) }
      }
    }
    return Data(writer.bytes())
  }
}
