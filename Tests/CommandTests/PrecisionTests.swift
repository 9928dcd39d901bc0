import Foundation
import Safetensors
import Tensors
import Testing

/// The precision that LoadModel is given.
@Suite(.enabled(if: Precision.bf16.isSupported)) struct PrecisionTests {
  private static let graph = """
    stepgraph: 1
    params: {model: {type: path}, precision: {type: string}, prompt: {type: string}}
    nodes:
      model:    {node: LoadModel, with: {path: $(model), precision: $(precision)}}
      uncond:   {node: TextEncode, in: {clip: model.clip}, with: {text: ""}}
      positive: {node: TextEncode, in: {clip: model.clip}, with: {text: $(prompt)}}
      start:    {node: EmptyLatent, in: {vae: model.vae}, with: {width: 64, height: 64, seed: 7}}
      schedule: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 10}}
      sample:
        loop: {times: 10, index: i}
        carry: {latent: start}
        nodes:
          e0:   {node: UNetPredict, in: {unet: model.unet, latent: carry.latent, conditioning: uncond, schedule: schedule}, with: {step: $(i)}}
          e1:   {node: UNetPredict, in: {unet: model.unet, latent: carry.latent, conditioning: positive, schedule: schedule}, with: {step: $(i)}}
          eps:  {node: CFGCombine, in: {uncond: e0, positive: e1}, with: {scale: 3}}
          next: {node: DDIMStep, in: {latent: carry.latent, noise: eps, schedule: schedule}, with: {step: $(i)}}
        yield: {latent: next.latent}
      image: {node: Decode, in: {vae: model.vae, latent: sample.latent}}
      out:   {node: SaveTensor, in: {tensor: image}, with: {path: $(precision).safetensors}}
    """

  private func run(_ stepgraph: Stepgraph, _ precision: String, prompt: String = "a red apple") throws -> [Event] {
    try stepgraph.folder.write(Self.graph, to: "graph.yaml")
    return try stepgraph.run(
      "graph.yaml", ["model=\(Repository.demoModel)", "precision=\(precision)", "prompt=\(prompt)"])
  }

  private func image(_ stepgraph: Stepgraph, _ precision: String) throws -> Tensor {
    try SafetensorsReader(path: stepgraph.folder.file("\(precision).safetensors").path).tensor("tensor")
  }

  /// 35 dB of signal to noise is what `auto` asks of bf16; some 55 are reached.
  @Test(arguments: ["a red apple", "a penguin", "a slice of pizza on a blue background"])
  func bf16KeepsThePicture(_ prompt: String) throws {
    let stepgraph = try Stepgraph()
    _ = try run(stepgraph, "f32", prompt: prompt)
    _ = try run(stepgraph, "bf16", prompt: prompt)
    let (exact, rough) = (try image(stepgraph, "f32").values, try image(stepgraph, "bf16").values)
    let squares = zip(exact, rough).reduce(0.0) { sum, pair in
      // Halved: pixels are -1...1, and the measure is for 0...1.
      let distance = Double(pair.0 - pair.1) / 2
      return sum + distance * distance
    }
    #expect(exact != rough)
    #expect(-10 * log10(squares / Double(exact.count)) > 45)
  }

  /// Keys are made of what `auto` stands for here.
  @Test func autoIsAnotherNameForBF16() throws {
    let stepgraph = try Stepgraph()
    #expect(try !run(stepgraph, "auto").executed.isEmpty)
    #expect(try run(stepgraph, "bf16").executed.isEmpty)
    #expect(try image(stepgraph, "auto").values == image(stepgraph, "bf16").values)
    #expect(try !run(stepgraph, "f32").executed.isEmpty)
  }
}
