import Foundation
import Safetensors
import Tensors
import TestSupport
import Testing

/// Whole models in narrow number formats draw, to the bit, what the same numbers in f32 draw.
struct NumberFormatTests {
  private let model: SeededModel
  private let stepgraph: Stepgraph

  init() throws { (model, stepgraph) = (try .named("sd1"), try Stepgraph()) }

  private static let graph = """
    stepgraph: 1
    params: {model: {type: path, default: a}}
    nodes:
      model: {node: LoadModel, with: {path: $(model)}}
      text:  {node: TextEncode, in: {clip: model.clip}, with: {text: a red apple}}
      plan:  {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 3}}
      noise: {node: EmptyLatent, with: {width: 64, height: 48, seed: 1}}
      eps:   {node: UNetPredict, in: {unet: model.unet, latent: noise, conditioning: text, schedule: plan}, with: {step: 0}}
      next:  {node: DDIMStep, in: {latent: noise, noise: eps, schedule: plan}, with: {step: 0}}
      image: {node: Decode, in: {vae: model.vae, latent: next.latent}}
      a:     {node: SaveTensor, in: {tensor: text}, with: {path: text.safetensors}}
      b:     {node: SaveTensor, in: {tensor: eps}, with: {path: eps.safetensors}}
      c:     {node: SaveTensor, in: {tensor: image}, with: {path: image.safetensors}}
    """

  /// What a model draws: text states, a prediction and a picture, as the files' bytes.
  private func drawn(_ name: String) throws -> [Data] {
    try stepgraph.folder.write(Self.graph, to: "graph.yaml")
    _ = try stepgraph.run("graph.yaml", ["model=\(name)"])
    return try ["text", "eps", "image"].map { try stepgraph.folder.contents("\($0).safetensors") }
  }

  /// Matrices and kernels; what is large and read by rows stays as it is.
  private func isNarrowed(_ entry: SeededTensor) -> Bool {
    entry.name.hasSuffix(".weight") && entry.shape.count >= 2 && !entry.name.contains("embedding")
  }

  @Test(arguments: ["scale_weight", "weight_scale"]) func scaledEightBits(_ suffix: String) throws {
    var (narrow, wide) = (SafetensorsWriter(), SafetensorsWriter())
    for (index, entry) in model.tensors.enumerated() {
      let tensor = entry.tensor
      guard isNarrowed(entry) else {
        narrow.add(entry.name, tensor, as: .f16)
        wide.add(entry.name, tensor, as: .f16)
        continue
      }
      let scale = (tensor.values.map(abs).max() ?? 1) / 448 * Float(1 + index % 3)
      let (bytes, values) = NarrowNumbers.f8e4m3(tensor.values, scale: scale)
      narrow.add(entry.name, .f8e4m3, shape: entry.shape, bytes: bytes)
      narrow.add("\(entry.name.dropLast("weight".count))\(suffix)", Tensor(shape: [1], values: [scale]))
      wide.add(entry.name, Tensor(shape: entry.shape, values: values))
    }
    try Data(narrow.bytes()).write(to: stepgraph.folder.file("narrow.safetensors"))
    try Data(wide.bytes()).write(to: stepgraph.folder.file("wide.safetensors"))
    let expected = try drawn("wide.safetensors")
    #expect(try drawn("narrow.safetensors") == expected)
    let described = try stepgraph("model", "narrow.safetensors").output
    #expect(described.contains("F8_E4M3"))

    // A scale of a layer that has no weight: no one could have used it.
    narrow.add("model.diffusion_model.out.0.\(suffix)", Tensor(shape: [7], values: [Float](repeating: 2, count: 7)))
    try Data(narrow.bytes()).write(to: stepgraph.folder.file("stray.safetensors"))
    let stray = try stepgraph("model", "stray.safetensors")
    #expect(stray.status == 2 && stray.errors.contains("out.0.\(suffix)"))
  }

  @Test func blocksOfEightBits() throws {
    var (narrow, wide) = (GGUFWriter(), SafetensorsWriter())
    for entry in model.tensors {
      let (tensor, shape) = (entry.tensor, entry.shape)
      let isVector = shape.count == 1 && entry.name.hasSuffix("norm1.weight")
      // Norm scales too, as stable-diffusion.cpp's converter has them.
      if isNarrowed(entry) || isVector, shape.last?.isMultiple(of: 32) == true {
        let (bytes, values) = NarrowNumbers.eightBitBlocks(tensor.values)
        narrow.add(entry.name, "Q8_0", shape, bytes)
        wide.add(entry.name, Tensor(shape: shape, values: values))
      } else {
        narrow.addF16(entry.name, shape, tensor.values)
        wide.add(entry.name, tensor, as: .f16)
      }
    }
    try narrow.bytes().write(to: stepgraph.folder.file("narrow.gguf"))
    try Data(wide.bytes()).write(to: stepgraph.folder.file("wide.safetensors"))
    let expected = try drawn("wide.safetensors")
    #expect(try drawn("narrow.gguf") == expected)
    let described = try stepgraph("model", "narrow.gguf").output
    #expect(described.contains("Stable Diffusion 1.x") && described.contains("Q8_0"))
    // Cut at any place it is refused, before anything runs.
    let whole = try stepgraph.folder.contents("narrow.gguf")
    for count in [3, 20, 2000, whole.count / 2, whole.count - 40] {
      try whole.prefix(count).write(to: stepgraph.folder.file("cut.gguf"))
      let cut = try stepgraph("model", "cut.gguf")
      #expect(cut.status == 2 && cut.errors.contains("cut.gguf: "), "\(count)")
    }
  }
}
