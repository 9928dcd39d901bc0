import Foundation
import Safetensors
import Tensors
import TestSupport
import Testing

import DiffusionModels

/// LoRAs in the form of FLUX.1 Canny's and Depth's: they make dev see a picture beside the latent, against diffusers.
@Suite final class ControlLoRATests {
  /// A layer by its names in the authors' layout and in diffusers', and the sizes of its factors.
  private struct Module: Decodable {
    let name, slot: String
    let rank, outputs, inputs: Int

    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      (name, slot) = (try list.decode(String.self), try list.decode(String.self))
      (rank, outputs, inputs) = (try list.decode(Int.self), try list.decode(Int.self), try list.decode(Int.self))
    }
  }

  private struct Norm: Decodable {
    let name, slot: String
    let count: Int

    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      (name, slot, count) = (try list.decode(String.self), try list.decode(String.self), try list.decode(Int.self))
    }
  }

  private struct Contents: Decodable {
    let strength: Double
    let modules: [Module]
    let norms: [Norm]
  }

  private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  private let contents: Contents
  private let tiny: TinyTransformer
  private let inputs: Fixture

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let json = URL(fileURLWithPath: "\(Fixture.folder)/transformers/control-lora.json")
    contents = try JSONDecoder().decode(Contents.self, from: Data(contentsOf: json))
    (tiny, inputs) = (try TinyTransformer.named("flux-kontext"), try TinyTransformer.reference("flux-control"))
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func write(_ tensors: [(name: String, tensor: Tensor)], to name: String) throws -> String {
    let path = folder.appending(path: name)
    try Data(TinyTransformer.file(tensors, as: .f32)).write(to: path)
    return path.path
  }

  /// The file in the authors' names, as it is published, or in diffusers'.
  private func lora(published: Bool) throws -> LoRAFile {
    let modules = contents.modules.flatMap { module -> [(name: String, tensor: Tensor)] in
      let beginning = published ? module.name : "transformer.\(module.slot)"
      return [
        (
          "\(beginning).lora_A.weight",
          SeededTensor("\(module.name).down", [module.rank, module.inputs], scale: 0.3).tensor
        ),
        (
          "\(beginning).lora_B.weight",
          SeededTensor("\(module.name).up", [module.outputs, module.rank], scale: 0.3).tensor
        ),
        ("\(beginning).lora_B.bias", SeededTensor("\(module.name).bias", [module.outputs], scale: 0.3).tensor),
      ]
    }
    let norms = contents.norms.map { norm in
      (
        name: published ? "\(norm.name).scale" : "transformer.\(norm.slot).weight",
        tensor: SeededTensor("\(norm.name).scale", [norm.count], scale: 0.25, offset: 1).tensor
      )
    }
    return try LoRAFile(path: write(modules + norms, to: published ? "published.safetensors" : "diffusers.safetensors"))
  }

  private func models() throws -> [Model] {
    try [
      Model(path: write(tiny.tensors.map { ($0.name, $0.tensor) }, to: "original.safetensors")),
      Model(path: write(tiny.diffusersTensors, to: "slots.safetensors")),
    ]
  }

  private func velocity(_ model: Model, concat: Tensor?) throws -> Tensor {
    try model.denoiser().predict(
      latent: inputs.tensor("0.latent"), time: 1000,
      conditionings: [DenoiserConditioning(inputs.tensor("0.states"), pooled: inputs.tensor("0.pooled"))],
      extras: DenoiserExtras(concat: concat))[0]
  }

  @Test func aModelSeesWhatTheFileWasTrainedWith() throws {
    let expected = try Fixture(referencePath: "\(Fixture.folder)/transformers/control-lora.safetensors").tensor(
      "output")
    let concat = try inputs.tensor("0.concat")
    for model in try models() {
      #expect(model.denoiserConfig?.variant == "dev")
      for published in [true, false] {
        let changed = model.patched(with: LoRAPatch(try lora(published: published), strength: contents.strength))
        try changed.checkPatches(of: .unet)
        #expect(changed.denoiserConfig?.variant == "Canny or Depth dev")
        expectClose(
          try velocity(changed, concat: concat), expected, within: 5e-6,
          "\(published ? "the authors'" : "diffusers'") names")
        #expect(throws: DenoiserMismatch.self) { try self.velocity(changed, concat: nil) }
      }
    }
  }

  /// At no strength the model sees the picture and does not mind it, and another LoRA of the same layer goes with it.
  @Test func itGoesWithOthersInAnyOrder() throws {
    let (model, concat) = (try models()[0], try inputs.tensor("0.concat"))
    let control = try lora(published: true)
    let none = model.patched(with: LoRAPatch(control, strength: 0))
    #expect(none.denoiserConfig?.variant == "Canny or Depth dev")
    expectClose(try velocity(none, concat: concat), try velocity(model, concat: nil), within: 1e-6, "at no strength")
    let other = try LoRAFile(
      path: write(
        [
          ("img_in.lora_A.weight", SeededTensor("other.down", [2, 16], scale: 0.3).tensor),
          ("img_in.lora_B.weight", SeededTensor("other.up", [48, 2], scale: 0.3).tensor),
        ], to: "other.safetensors"))
    func both(_ files: [LoRAFile]) throws -> Tensor {
      try velocity(files.reduce(model) { $0.patched(with: LoRAPatch($1, strength: 0.8)) }, concat: concat)
    }
    let (one, two) = (try both([control, other]), try both([other, control]))
    expectClose(one, two, within: 2e-6, "in another order")
    #expect(one != (try both([control])))
  }

  /// Inputs that no published model has stay what they were: a file that does not fit.
  @Test func otherWidthsDoNotFit() throws {
    let file = try LoRAFile(
      path: write(
        [
          ("img_in.lora_A.weight", SeededTensor("odd.down", [2, 24], scale: 0.3).tensor),
          ("img_in.lora_B.weight", SeededTensor("odd.up", [48, 2], scale: 0.3).tensor),
        ], to: "odd.safetensors"))
    #expect {
      try self.models()[0].patched(with: LoRAPatch(file, strength: 1)).checkPatches(of: .unet)
    } throws: { "\($0)".contains("'img_in' is for a weight of 48 x 24, and the model's is [48, 16]") }
  }
}
