import Foundation
import Safetensors
import Tensors
import TestSupport
import Testing

import DiffusionModels

/// LoRA on transformers, in every way that files name their layers, against weights that PyTorch merged.
@Suite final class TransformerLoRATests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: folder) }

  /// A module of a file: its layer's name, and the sizes of its factors.
  private struct Module: Decodable {
    let name: String
    let rank, outputs, inputs: Int
    let alpha: Double

    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      name = try list.decode(String.self)
      rank = try list.decode(Int.self)
      alpha = try list.decode(Double.self)
      outputs = try list.decode(Int.self)
      inputs = try list.decode(Int.self)
    }

    var down: Tensor { SeededTensor("\(name).down", [rank, inputs], scale: 0.3).tensor }
    var up: Tensor { SeededTensor("\(name).up", [outputs, rank], scale: 0.3).tensor }
  }

  /// How a file names a module and its tensors.
  private enum Style: String, CaseIterable {
    /// After a beginning, with dots, and an alpha beside.
    case dotted, transformer, bare
    /// PEFT's, with the scale in the file's metadata or `adapter_config.json`.
    case peft
    /// kohya's and OneTrainer's, with underscores.
    case kohya, oneTrainer

    func tensors(_ module: Module) -> [(name: String, tensor: Tensor)] {
      let underscored = module.name.replacing(".", with: "_")
      let (beginning, factors) =
        switch self {
        case .dotted: ("diffusion_model.\(module.name)", ["lora_A.weight", "lora_B.weight"])
        case .transformer: ("transformer.\(module.name)", ["lora_A.weight", "lora_B.weight"])
        case .bare: (module.name, ["lora_down.weight", "lora_up.weight"])
        case .peft: ("base_model.model.\(module.name)", ["lora_A.weight", "lora_B.weight"])
        case .kohya: ("lora_unet_\(underscored)", ["lora_down.weight", "lora_up.weight"])
        case .oneTrainer: ("lora_transformer_\(underscored)", ["lora_down.weight", "lora_up.weight"])
        }
      // PEFT has no alpha among its tensors: the factor goes into one of them.
      let scale = self == .peft ? Float(module.alpha) / Float(module.rank) : 1
      var all: [(name: String, tensor: Tensor)] = [
        ("\(beginning).\(factors[0])", module.down), ("\(beginning).\(factors[1])", scale * module.up),
      ]
      if self != .peft { all.append(("\(beginning).alpha", Tensor(shape: [1], values: [Float(module.alpha)]))) }
      return all
    }
  }

  private static func modules(_ name: String) throws -> [Module] {
    let file = URL(fileURLWithPath: "\(Fixture.folder)/transformers/loras.json")
    let all = try JSONDecoder().decode([String: [Module]].self, from: Data(contentsOf: file))
    return try #require(all[name])
  }

  private func write(_ tensors: [(name: String, tensor: Tensor)], to name: String) throws -> String {
    let path = folder.appending(path: name)
    try Data(TinyTransformer.file(tensors, as: .f32)).write(to: path)
    return path.path
  }

  @Test(arguments: ["flux", "flux2", "z-image"]) func changesMatchMergedWeights(_ name: String) throws {
    let (tiny, reference) = (try TinyTransformer.named(name), try TinyTransformer.reference(name))
    let merged = try Fixture(referencePath: "\(Fixture.folder)/transformers/loras.safetensors")
    let states = try (try? reference.tensor("0.states")) ?? reference.tensor("0.states.0")
    let conditioning = DenoiserConditioning(states, pooled: try? reference.tensor("0.pooled"))
    let latent = try reference.tensor("0.latent")
    let paths = [
      try write(tiny.tensors.map { ($0.name, $0.tensor) }, to: "original.safetensors"),
      try write(tiny.diffusersTensors, to: "diffusers.safetensors"),
    ]
    for layout in ["original", "diffusers"] {
      let modules = try Self.modules("\(name).\(layout)")
      let expected = try merged.tensor("\(name).\(layout)")
      for style in Style.allCases {
        let file = try write(modules.flatMap(style.tensors), to: "\(layout)-\(style).safetensors")
        for path in paths {
          let model = try Model(path: path).patched(with: LoRAPatch(LoRAFile(path: file), strength: 1))
          try model.checkPatches(of: .unet)
          let velocity = try model.denoiser().predict(
            latent: latent, time: 1000, conditionings: [conditioning], extras: DenoiserExtras())[0]
          expectClose(velocity, expected, within: 5e-6, "\(name), \(layout) names, \(style)")
        }
      }
    }
  }

  /// Weights that stay in their file have the change beside them: as if it had been added to them.
  @Test(arguments: ["flux", "flux2", "z-image"]) func changesOfWeightsThatStayInTheirFile(_ name: String) throws {
    let (tiny, reference) = (try TinyTransformer.named(name), try TinyTransformer.reference(name))
    let states = try (try? reference.tensor("0.states")) ?? reference.tensor("0.states.0")
    let conditioning = DenoiserConditioning(states, pooled: try? reference.tensor("0.pooled"))
    let latent = try reference.tensor("0.latent")
    let rounded = tiny.diffusersTensors.map { name, tensor in
      let bits = tensor.values.map { Float(bitPattern: ($0.bitPattern + 0x8000) & 0xFFFF_0000) }
      return (name: name, tensor: Tensor(shape: tensor.shape, values: bits))
    }
    let paths = try [DType.bf16, .f32].map { type in
      let path = folder.appending(path: "\(type).safetensors")
      try Data(TinyTransformer.file(rounded, as: type)).write(to: path)
      return path.path
    }
    let loras = try ["original", "diffusers"].map { layout in
      try write(Self.modules("\(name).\(layout)").flatMap(Style.dotted.tensors), to: "\(layout).safetensors")
    }
    let velocities = try paths.map { path in
      var model = try Model(path: path)
      for lora in loras { model = model.patched(with: LoRAPatch(try LoRAFile(path: lora), strength: 0.6)) }
      return try model.denoiser().predict(
        latent: latent, time: 1000, conditionings: [conditioning], extras: DenoiserExtras())[0]
    }
    expectClose(velocities[0], velocities[1], within: 2e-6, name)
    #expect(velocities[0] != velocities[1])
  }

  /// DoRA of a joined layer gives each row its length, whichever layer of the model has the row.
  @Test func lengthsOfAJoinedLayerGoWithItsRows() throws {
    let tiny = try TinyTransformer.named("flux")
    let reference = try TinyTransformer.reference("flux")
    let module = try #require(try Self.modules("flux.original").first { $0.name == "double_blocks.0.img_attn.qkv" })
    let lengths = SeededTensor("lengths", [module.outputs, 1], scale: 0.5, offset: 1).tensor
    let whole = try write(
      Style.dotted.tensors(module) + [("diffusion_model.\(module.name).dora_scale", lengths)], to: "whole.safetensors")
    let parts = ["to_q", "to_k", "to_v"].enumerated().flatMap { index, part -> [(name: String, tensor: Tensor)] in
      let beginning = "transformer.transformer_blocks.0.attn.\(part)"
      let rows = index * module.outputs / 3..<(index + 1) * module.outputs / 3
      return [
        ("\(beginning).lora_A.weight", module.down), ("\(beginning).lora_B.weight", module.up.samples(rows)),
        ("\(beginning).alpha", Tensor(shape: [1], values: [Float(module.alpha)])),
        ("\(beginning).dora_scale", lengths.samples(rows)),
      ]
    }
    let path = try write(tiny.diffusersTensors, to: "model.safetensors")
    let velocities = try [whole, write(parts, to: "parts.safetensors")].map { file in
      try Model(path: path).patched(with: LoRAPatch(LoRAFile(path: file), strength: 0.7)).denoiser().predict(
        latent: reference.tensor("0.latent"), time: 500,
        conditionings: [
          DenoiserConditioning(reference.tensor("0.states"), pooled: reference.tensor("0.pooled"))
        ], extras: DenoiserExtras())[0]
    }
    #expect(velocities[0] == velocities[1])
  }

  @Test func whatHasNoPlaceIsReported() throws {
    let tiny = try TinyTransformer.named("flux")
    let path = try write(tiny.diffusersTensors, to: "model.safetensors")
    let modules = try Self.modules("flux2.original")
    let file = try write(modules.flatMap(Style.kohya.tensors), to: "lora.safetensors")
    #expect {
      try Model(path: path).patched(with: LoRAPatch(LoRAFile(path: file), strength: 1)).checkPatches(of: .unet)
    } throws: { error in
      let text = "\(error)"
      return text.contains("does not fit the model, FLUX.1; the file seems made for FLUX.2")
        && text.contains("'lora_unet_single_stream_modulation_lin'")
    }
  }
}
