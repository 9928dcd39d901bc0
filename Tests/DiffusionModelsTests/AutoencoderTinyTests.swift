import Foundation
import Safetensors
import Tensors
import TestSupport
import Testing

import DiffusionModels

/// Small autoencoders (TAESD) from the folders and files people have, against diffusers' AutoencoderTiny.
@Suite final class AutoencoderTinyTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: folder) }

  private func write(_ bytes: [UInt8], to name: String) throws -> String {
    let file = folder.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return file.path
  }

  /// The tensors of a half by the authors' names, or all by diffusers'.
  private func tensors(_ tiny: TinyTransformer, half: String? = nil) -> [(name: String, tensor: Tensor)] {
    tiny.tensors.compactMap { entry in
      guard let half else { return (entry.name, entry.tensor) }
      let parts = entry.name.split(separator: ".", maxSplits: 3)
      guard parts[0] == half, let layer = Int(parts[2]) else { return nil }
      return ("\(layer + (half == "decoder" ? 1 : 0)).\(parts[3])", entry.tensor)
    }
  }

  /// Paths of the same autoencoder in every layout.
  private func paths(_ tiny: TinyTransformer) throws -> [String] {
    _ = try write(TinyTransformer.json(tiny.config), to: "vae/config.json")
    let all = TinyTransformer.file(tensors(tiny))
    _ = try write(all, to: "vae/diffusion_pytorch_model.safetensors")
    let decoder = TinyTransformer.file(tensors(tiny, half: "decoder"))
    let encoder = TinyTransformer.file(tensors(tiny, half: "encoder"))
    return [
      folder.appending(path: "vae").path, try write(all, to: "all.safetensors"),
      try write(decoder, to: "pair/taesd_decoder.safetensors"),
      try write(encoder, to: "pair/taesd_encoder.safetensors"),
    ]
  }

  @Test(arguments: ["taesd", "taef1"]) func everyLayoutMatchesDiffusers(_ name: String) throws {
    let tiny = try TinyTransformer.named(name, in: "vaes")
    let reference = try TinyTransformer.reference(name, in: "vaes")
    let stated = try AutoencoderTinyConfig(ConfigFile(path: "config.json", values: tiny.config))
    var all: [[Tensor]] = []
    for path in try paths(tiny) {
      let overrides = ModelOverrides(scalingFactor: stated.scalingFactor, shiftFactor: stated.shiftFactor)
      let model = try Model(path: path, overrides: overrides)
      try model.survey(.vae)
      #expect(try model.files(of: .vae).count == (path.contains("pair") || path.hasSuffix("vae") ? 2 : 1))
      #expect(model.vaeConfig == .tiny(stated))
      let vae = try model.vae()
      let posterior = try vae.encode(reference.tensor("image"))
      #expect(posterior.sample(noise: posterior.mean) == posterior.mean)
      let encoded = vae.scaled(posterior.mean)
      let decoded = try vae.decode(reference.tensor("latent"))
      expectClose(encoded, try reference.tensor("encoded"), within: 5e-6, "\(name) encoded")
      expectClose(decoded, try reference.tensor("decoded"), within: 5e-6, "\(name) decoded")
      all.append([encoded, decoded])
      for side in [6, 20] {
        let strips = StripSize(side: side)
        expectClose(
          vae.scaled(try vae.encode(reference.tensor("image"), strips: strips).mean), encoded, within: 1e-3, "strips")
        expectClose(try vae.decode(reference.tensor("latent"), strips: strips), decoded, within: 1e-3, "strips")
      }
    }
    #expect(all.allSatisfy { $0 == all[0] })
    #expect(try Model(path: folder.appending(path: "all.safetensors").path).vaeConfig?.scalingFactor == 1)
  }

  @Test func aHalfAloneDoesWhatItCan() throws {
    let tiny = try TinyTransformer.named("taesd", in: "vaes")
    let reference = try TinyTransformer.reference("taesd", in: "vaes")
    for half in ["decoder", "encoder"] {
      let path = try write(TinyTransformer.file(tensors(tiny, half: half)), to: "\(half)/small.safetensors")
      let model = try Model(path: path)
      try model.survey(.vae)
      let vae = try model.vae()
      if half == "decoder" {
        expectClose(try vae.decode(reference.tensor("latent")), try reference.tensor("decoded"), within: 5e-6, half)
        #expect(throws: ModelError("the VAE's file has no encoder, only a decoder")) {
          _ = try vae.encode(reference.tensor("image"))
        }
      } else {
        expectClose(try vae.encode(reference.tensor("image")).mean, try reference.tensor("encoded"), within: 5e-6, half)
        #expect(throws: ModelError("the VAE's file has no decoder, only an encoder")) {
          try vae.decode(reference.tensor("latent"))
        }
      }
    }
  }

  @Test func whatDoesNotFitIsTold() throws {
    let tiny = try TinyTransformer.named("taesd", in: "vaes")
    let path = try write(TinyTransformer.file(tensors(tiny)), to: "all.safetensors")
    let vae = try Model(path: path).vae()
    #expect(throws: ModelError("the latent is [1, 16, 2, 2]; the VAE takes [n, 4, h, w]")) {
      try vae.decode(.zeros([1, 16, 2, 2]))
    }
    #expect(throws: ModelError("the image is 20 wide and 16 high; the VAE takes multiples of 8")) {
      _ = try vae.encode(.zeros([1, 3, 16, 20]))
    }
    func config(_ change: (inout [String: JSONValue]) -> Void) throws -> AutoencoderTinyConfig {
      var values = tiny.config
      change(&values)
      return try AutoencoderTinyConfig(ConfigFile(path: "config.json", values: values))
    }
    #expect(throws: ModelError.self) { try config { $0["act_fn"] = .string("gelu") } }
    #expect(throws: ModelError.self) { try config { $0["num_encoder_blocks"] = .array([.int(1), .int(3)]) } }
    #expect(throws: ModelError.self) {
      try config { $0["decoder_block_out_channels"] = .array([.int(24), .int(24), .int(24), .int(32)]) }
    }
    // A layer that is not there is missing, and not read as the end.
    let cut = tensors(tiny).filter { $0.name != "decoder.layers.8.conv.2.weight" }
    let broken = try write(TinyTransformer.file(cut), to: "cut.safetensors")
    let error = #expect(throws: WeightFileError.self) { try Model(path: broken).survey(.vae) }
    #expect(error?.message.contains("decoder.layers.8.conv.2.weight") == true)
  }
}
