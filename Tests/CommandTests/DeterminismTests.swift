import Foundation
import Safetensors
import Testing

/// The same bits, whatever the threads and the batch, with either engine of matrix products.
struct DeterminismTests {
  private static let txt2img = Repository.graphs.appending(path: "txt2img.yaml").path

  @Test(arguments: ["sd1-tiny", "sd2-tiny"], [nil, "openblas"])
  func threadsDoNotChangeTheBits(_ model: String, _ products: String?) throws {
    var pictures: [Data] = []
    for threads in ["1", "2", "3", "2"] {
      var stepgraph = try Stepgraph()
      stepgraph.environment["STEPGRAPH_PRODUCTS"] = products
      _ = try stepgraph.run(
        try tapped(in: stepgraph),
        ["model=\(Repository.fixtures.appending(path: "\(model)/model").path)", "steps=5", "width=72", "height=88"],
        "--no-cache", "--threads", threads)
      pictures.append(try stepgraph.folder.contents("latent.safetensors"))
    }
    #expect(Set(pictures).count == 1)
  }

  @Test func aPictureOfABatchIsThePictureAlone() throws {
    let stepgraph = try Stepgraph()
    // Both latents of the batch are the same noise, and so must be what becomes of them.
    try stepgraph.folder.write(Self.batchGraph, to: "batch.yaml")
    let model = "model=\(Repository.tinyModel)"
    _ = try stepgraph.run("batch.yaml", [model], "--no-cache")
    let one = try SafetensorsReader(path: stepgraph.folder.file("one.safetensors").path).tensor("tensor")
    let two = try SafetensorsReader(path: stepgraph.folder.file("two.safetensors").path).tensor("tensor")
    #expect(two.shape[0] == 2)
    #expect(two.sample(1).values.map(\.bitPattern) != two.sample(0).values.map(\.bitPattern))
    #expect(two.sample(0).values.map(\.bitPattern) == one.values.map(\.bitPattern))
  }

  /// One sample alone, and the same sample as the first of two.
  ///
  /// A batch is drawn as one randn, and of 16 values or more the first half of it is what a single draw gives.
  private static let batchGraph = """
    stepgraph: 1
    params: {model: {type: path}}
    nodes:
      model:    {node: LoadModel, with: {path: $(model)}}
      prompt:   {node: TextEncode, in: {clip: model.clip}, with: {text: a red apple}}
      schedule: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 4}}
      start1:   {node: EmptyLatent, in: {vae: model.vae}, with: {width: 64, height: 64, seed: 3}}
      start2:   {node: EmptyLatent, in: {vae: model.vae}, with: {width: 64, height: 64, seed: 3, batch: 2}}
      noise1:   {node: UNetPredict, in: {unet: model.unet, latent: start1, conditioning: prompt, schedule: schedule}, with: {step: 0}}
      noise2:   {node: UNetPredict, in: {unet: model.unet, latent: start2, conditioning: prompt, schedule: schedule}, with: {step: 0}}
      next1:    {node: DDIMStep, in: {latent: start1, noise: noise1, schedule: schedule}, with: {step: 0}}
      next2:    {node: DDIMStep, in: {latent: start2, noise: noise2, schedule: schedule}, with: {step: 0}}
      image1:   {node: Decode, in: {vae: model.vae, latent: next1.latent}}
      image2:   {node: Decode, in: {vae: model.vae, latent: next2.latent}}
      one:      {node: SaveTensor, in: {tensor: image1}, with: {path: one.safetensors}}
      two:      {node: SaveTensor, in: {tensor: image2}, with: {path: two.safetensors}}
    """

  private func tapped(in stepgraph: Stepgraph) throws -> String {
    let graph = try String(contentsOfFile: Self.txt2img, encoding: .utf8)
      .replacingOccurrences(of: "../Examples", with: Repository.root.appending(path: "Examples").path)
    let tap = "  tap: {node: SaveTensor, in: {tensor: image}, with: {path: latent.safetensors}}\n"
    try stepgraph.folder.write(graph + tap, to: "graph.yaml")
    return "graph.yaml"
  }
}
