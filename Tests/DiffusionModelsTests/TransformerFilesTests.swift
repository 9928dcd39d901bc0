import Foundation
import Safetensors
import Tensors
import TestSupport
import Testing

import DiffusionModels

/// Transformers and autoencoders of FLUX and Z-Image from the files people have: whatever the layout, the same bits.
@Suite final class TransformerFilesTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: folder) }

  private func write(_ bytes: [UInt8], to name: String) throws -> String {
    let file = folder.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return file.path
  }

  /// Paths of the same model in every layout.
  private func files(_ tiny: TinyTransformer) throws -> [String: String] {
    let original = tiny.tensors.map { (name: $0.name, tensor: $0.tensor) }
    let prefixed = original.map { (name: "model.diffusion_model.\($0.name)", tensor: $0.tensor) }
    var className = ""
    if case .string(let name) = tiny.config["_class_name"] { className = name }
    let index =
      "{\"_class_name\": \"Pipeline\", \"transformer\": [\"diffusers\", \"\(className)\"], "
      + "\"scheduler\": [\"diffusers\", \"FlowMatchEulerDiscreteScheduler\"]}"
    _ = try write(Array(index.utf8), to: "model/model_index.json")
    _ = try write(
      Array("{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\", \"shift\": 1.0}".utf8),
      to: "model/scheduler/scheduler_config.json")
    let config = try write(TinyTransformer.json(tiny.config), to: "model/transformer/config.json")
    let weights = tiny.diffusersTensors
    // Two shards and their index, as large models come.
    let halves = [weights[..<(weights.count / 2)], weights[(weights.count / 2)...]]
    var homes: [String] = []
    for (number, half) in halves.enumerated() {
      let name = "diffusion_pytorch_model-0000\(number + 1)-of-00002.safetensors"
      _ = try write(TinyTransformer.file(Array(half)), to: "model/transformer/\(name)")
      homes += half.map { "\"\($0.name)\": \"\(name)\"" }
    }
    _ = try write(
      Array("{\"weight_map\": {\(homes.joined(separator: ", "))}}".utf8),
      to: "model/transformer/diffusion_pytorch_model.safetensors.index.json")
    var gguf = GGUFWriter()
    gguf.set("general.architecture", "flux")
    for (name, tensor) in original {
      gguf.addF32(name, tensor.shape.first == 1 ? [tensor.count] : tensor.shape, tensor.values)
    }
    return [
      "folder": folder.appending(path: "model").path,
      "part": URL(fileURLWithPath: config).deletingLastPathComponent().path,
      "diffusers' names in one file": try write(TinyTransformer.file(weights), to: "diffusers.safetensors"),
      "the authors' names": try write(TinyTransformer.file(original), to: "original.safetensors"),
      "under a prefix": try write(TinyTransformer.file(prefixed), to: "prefixed.safetensors"),
      "GGUF": try write(Array(gguf.bytes()), to: "original.gguf"),
    ]
  }

  @Test(
    arguments: [
      ("flux", "FLUX.1", "schnell"), ("flux-guidance", "FLUX.1", "dev"), ("flux-fill", "FLUX.1", "Fill dev"),
      ("flux-control", "FLUX.1", "Canny or Depth dev"), ("flux-kontext", "FLUX.1", "dev"), ("flux2", "FLUX.2", "klein"),
      ("flux2-guidance", "FLUX.2", "dev"), ("z-image", "Z-Image", nil), ("z-image-wide", "Z-Image", nil),
    ] as [(String, String, String?)])
  func everyLayoutGivesTheSameBits(_ name: String, _ family: String, _ variant: String?) throws {
    let (tiny, reference) = (try TinyTransformer.named(name), try TinyTransformer.reference(name))
    let states = try (try? reference.tensor("0.states")) ?? reference.tensor("0.states.0")
    let conditioning = DenoiserConditioning(states, pooled: try? reference.tensor("0.pooled"))
    let latent = try reference.tensor("0.latent")
    let extras = DenoiserExtras(concat: try? reference.tensor("0.concat"))
    func prediction(_ denoiser: any Denoiser) throws -> Tensor {
      try denoiser.predict(latent: latent, time: 1000, conditionings: [conditioning], extras: extras)[0]
    }
    let expected = try prediction(tiny.denoiser())
    for (layout, path) in try files(tiny) {
      let model = try Model(path: path)
      try model.survey(.unet)
      #expect(model.family?.rawValue == family, "\(layout)")
      #expect(model.denoiserConfig?.variant == variant, "\(layout)")
      #expect(try prediction(model.denoiser()) == expected, "\(name) in the layout \(layout)")
      let description = try ModelDescription(path: path)
      #expect(description.family == family)
      #expect(description.parts.map(\.part) == ["transformer"] && description.parts[0].problem == nil)
      #expect(description.missing == ["text_encoder", "vae"])
      #expect(description.leftovers.isEmpty)
    }
  }

  @Test func whatIsMissingIsToldByItsNameInTheFile() throws {
    let tiny = try TinyTransformer.named("flux")
    var tensors = tiny.tensors.map { (name: $0.name, tensor: $0.tensor) }
    tensors.removeAll { $0.name == "single_blocks.1.linear1.bias" || $0.name == "double_blocks.0.txt_attn.qkv.weight" }
    let path = try write(TinyTransformer.file(tensors), to: "cut.safetensors")
    #expect {
      try Model(path: path).survey(.unet)
    } throws: { error in
      let text = "\(error)"
      return text.contains("missing: 2") && text.contains("'single_blocks.1.linear1.bias'")
        && text.contains("'double_blocks.0.txt_attn.qkv.weight'")
    }
    tensors[0].name = "double_blocks.0.img_attn.extra.weight"
    let odd = try write(TinyTransformer.file(tensors), to: "odd.safetensors")
    #expect {
      try Model(path: odd)
    } throws: { "\($0)".contains("has tensors that belong to no part of the model") }
  }

  // MARK: - Autoencoders

  @Test(arguments: ["sixteen", "flux2", "flux2-small-decoder"])
  func autoencodersMatchDiffusersInEveryLayout(_ name: String) throws {
    let tiny = try TinyTransformer.named(name, in: "vaes")
    let reference = try TinyTransformer.reference(name, in: "vaes")
    let original = tiny.tensors.map { (name: $0.name, tensor: $0.tensor) }
    _ = try write(TinyTransformer.json(tiny.config), to: "vae/config.json")
    _ = try write(
      TinyTransformer.file(
        tiny.diffusersTensors.map { ($0.name, $0.name.contains("attentions") ? $0.tensor.withoutTaps : $0.tensor) }),
      to: "vae/diffusion_pytorch_model.safetensors")
    let paths = [
      folder.appending(path: "vae").path, try write(TinyTransformer.file(original), to: "ae.safetensors"),
      try write(
        TinyTransformer.file(original.map { ("first_stage_model.\($0.name)", $0.tensor) }), to: "first.safetensors"),
    ]
    var all: [[Tensor]] = []
    for path in paths {
      let model = try Model(path: path)
      try model.survey(.vae)
      let vae = try model.vae()
      let encoded = vae.scaled(try vae.encode(reference.tensor("image")).mean)
      let decoded = try vae.decode(reference.tensor("latent"))
      expectClose(encoded, try reference.tensor("encoded"), within: 5e-6, "\(name) encoded")
      expectClose(decoded, try reference.tensor("decoded"), within: 5e-6, "\(name) decoded")
      all.append([encoded, decoded])
    }
    #expect(all.allSatisfy { $0 == all[0] })
    let config = try #require(try Model(path: paths[1]).vaeConfig)
    #expect(config.modelChannels == 16 && config.pixelsPerLatent == (name == "sixteen" ? 4 : 8))
  }
}

extension Tensor {
  /// [a, b, 1, 1] of attentions as [a, b], as diffusers has it.
  fileprivate var withoutTaps: Tensor {
    shape.count == 4 && shape[2...] == [1, 1] ? reshaped(Array(shape.prefix(2))) : self
  }
}
