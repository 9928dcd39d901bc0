import Foundation
import Safetensors
import Tensors
import Testing

/// Predict, the forward pass of any family, beside UNetPredict, which is the same for UNets.
struct PredictTests {
  private static let model = "\(Repository.tinyModel)"

  private static func graph(_ predictions: String) -> String {
    """
    stepgraph: 1
    nodes:
      model: {node: LoadModel, with: {path: \(model)}}
      a:     {node: TextEncode, in: {clip: model.clip}, with: {text: a red apple}}
      b:     {node: TextEncode, in: {clip: model.clip}, with: {text: a blue cat}}
      both:  {node: ConditioningMix, in: {to: a, from: b}, with: {mode: combine}}
      z:     {node: EmptyLatent, in: {vae: model.vae}, with: {width: 64, height: 48, batch: 2, seed: 3}}
      k:     {node: NoiseSchedule, in: {unet: model.denoiser}, with: {steps: 3, spacing: leading}}

    """ + predictions
  }

  private static func predict(_ name: String, _ node: String, _ model: String, _ conditioning: String) -> String {
    let port = node == "Predict" ? "denoiser" : "unet"
    return """
        \(name): {node: \(node), in: {\(port): model.\(model), latent: z, conditioning: \(conditioning), schedule: k}, with: {step: 0}}
        save_\(name): {node: SaveTensor, in: {tensor: \(name)}, with: {path: \(name).safetensors}}

      """
  }

  @Test func bothNodesGiveTheSameBits() throws {
    let stepgraph = try Stepgraph()
    var lines = ""
    for conditioning in ["a", "b", "both"] {
      lines += Self.predict("new_\(conditioning)", "Predict", "denoiser", conditioning)
      lines += Self.predict("from_unet_\(conditioning)", "Predict", "unet", conditioning)
      lines += Self.predict("old_\(conditioning)", "UNetPredict", "unet", conditioning)
    }
    try stepgraph.folder.write(Self.graph(lines), to: "graph.yaml")
    let events = try stepgraph.run("graph.yaml")
    #expect(events.batches.contains(["new_a", "new_b", "new_both"]))
    func tensor(_ name: String) throws -> Tensor {
      try SafetensorsReader(path: stepgraph.folder.file("\(name).safetensors").path).tensor("tensor")
    }
    for conditioning in ["a", "b", "both"] {
      let old = try tensor("old_\(conditioning)")
      #expect(try tensor("new_\(conditioning)") == old)
      #expect(try tensor("from_unet_\(conditioning)") == old)
    }
    #expect(try tensor("new_both") == 0.5 * (tensor("new_a") + tensor("new_b")))
  }

  @Test func whatAUNetDoesNotTakeIsToldAtItsWire() throws {
    let stepgraph = try Stepgraph()
    let line = Self.predict("e", "Predict", "denoiser", "a")
      .replacing("schedule: k}", with: "schedule: k, references: [z]}")
    try stepgraph.folder.write(Self.graph(line), to: "graph.yaml")
    let result = try stepgraph.failure(["run", "graph.yaml", "--quiet"])
    #expect(result.errors.contains("the model is Stable Diffusion 1.x, which looks at no other pictures"))
    #expect(result.errors.contains("references"))
  }
}
