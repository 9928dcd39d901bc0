import Foundation
import Safetensors
import Tensors
import TestSupport
import Testing

/// LoRA on Stable Diffusion 2 and SDXL, through the command, against weights that PyTorch merged.
struct LoRAFamilyTests {
  /// A module of a file: its layer in diffusers' names, and the shape of the layer's weight.
  private struct Module: Decodable {
    let part, name: String
    let rank: Int
    let alpha: Double
    let shape: [Int]

    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      part = try list.decode(String.self)
      name = try list.decode(String.self)
      rank = try list.decode(Int.self)
      alpha = try list.decode(Double.self)
      shape = try list.decode([Int].self)
    }
  }

  private static let folder = Repository.fixtures.appending(path: "lora")

  private static func file(_ model: String, kohya: Bool) throws -> Data {
    let all = try JSONDecoder().decode(
      [String: [Module]].self, from: Data(contentsOf: folder.appending(path: "families.json")))
    let beginnings = ["unet": "lora_unet_", "text_encoder": "lora_te1_", "text_encoder_2": "lora_te2_"]
    var writer = SafetensorsWriter()
    for module in try #require(all[model]) {
      let (key, taps) = ("\(model).\(module.part).\(module.name)", Array(module.shape.dropFirst(2)))
      let down = SeededTensor("\(key).down", [module.rank, module.shape[1]] + taps, scale: 0.3).tensor
      let up = SeededTensor("\(key).up", [module.shape[0], module.rank] + taps.map { _ in 1 }, scale: 0.3).tensor
      let name =
        kohya
        ? (beginnings[module.part] ?? "") + module.name.replacing(".", with: "_") : "\(module.part).\(module.name)"
      writer.add(kohya ? "\(name).lora_down.weight" : "\(name).lora_A.weight", down)
      writer.add(kohya ? "\(name).lora_up.weight" : "\(name).lora_B.weight", up)
      writer.add("\(name).alpha", Tensor(shape: [1], values: [Float(module.alpha)]))
    }
    return Data(writer.bytes())
  }

  @Test(arguments: ["sd2", "sdxl"]) func changesMatchMergedWeights(_ name: String) throws {
    let stepgraph = try Stepgraph()
    let reference = try SafetensorsReader(path: Self.folder.appending(path: "families.safetensors").path)
    try SeededModel.named(name).file().write(to: stepgraph.folder.file("model.safetensors"))
    var latent = SafetensorsWriter()
    latent.add("tensor", try reference.tensor("\(name).latent"))
    try Data(latent.bytes()).write(to: stepgraph.folder.file("latent.safetensors"))
    try stepgraph.folder.write(
      """
      stepgraph: 1
      nodes:
        model:  {node: LoadModel, with: {path: model.safetensors}}
        lora:   {node: ApplyLoRA, in: {denoiser: model.denoiser, clip: model.clip}, with: {path: lora.safetensors}}
        states: {node: TextEncode, in: {clip: lora.clip}, with: {text: a red apple}}
        latent: {node: LoadTensor, with: {path: latent.safetensors}}
        times:  {node: NoiseSchedule, in: {unet: lora.denoiser}, with: {timesteps: [501]}}
        noise:  {node: Predict, in: {denoiser: lora.denoiser, latent: latent, conditioning: states, schedule: times}, with: {step: 0}}
        a: {node: SaveTensor, in: {tensor: states}, with: {path: states.safetensors}}
        b: {node: SaveTensor, in: {tensor: noise}, with: {path: output.safetensors}}
      """, to: "graph.yaml")
    for kohya in [false, true] {
      try Self.file(name, kohya: kohya).write(to: stepgraph.folder.file("lora.safetensors"))
      _ = try stepgraph.run("graph.yaml", [])
      for result in ["states", "output"] {
        let ours = try SafetensorsReader(path: stepgraph.folder.file("\(result).safetensors").path).tensor("tensor")
        let (relative, _) = difference(ours, try reference.tensor("\(name).\(result)"))
        print("\(name).\(result), \(kohya ? "kohya" : "diffusers"): relative error \(relative)")
        #expect(relative <= 1e-5, "\(name).\(result)")
      }
    }
  }
}
