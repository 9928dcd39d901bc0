import Foundation
import Safetensors
import Tensors
import Testing

/// Conditionings that are mixed, through predictions.
struct ConditioningMixCommandTests {
  private static func graph(_ conditioning: String) -> String {
    """
    stepgraph: 1
    nodes:
      model: {node: LoadModel, with: {path: \(Repository.tinyModel)}}
      a:     {node: TextEncode, in: {clip: model.clip}, with: {text: a red apple}}
      b:     {node: TextEncode, in: {clip: model.clip}, with: {text: a blue cat}}
      long:  {node: ConditioningMix, in: {to: a, from: b}, with: {mode: concatenate}}
      two:   {node: ConditioningMix, in: {to: a, from: b}, with: {mode: combine}}
      three: {node: ConditioningMix, in: {to: two, from: long}, with: {mode: combine}}
      z:     {node: EmptyLatent, in: {vae: model.vae}, with: {width: 64, height: 64, seed: 3, batch: 2}}
      k:     {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 3}}
      e:     {node: UNetPredict, in: {unet: model.unet, latent: z, conditioning: \(conditioning), schedule: k}, with: {step: 1}}
      save:  {node: SaveTensor, in: {tensor: e}, with: {path: \(conditioning).safetensors}}

    """.replacing("latent: z", with: "latent: n").replacing(
      "  k:     {", with: "  n:     {node: AddNoise, in: {latent: z, schedule: k}, with: {step: 1}}\n  k:     {")
  }

  /// The predictions for a combination are the means of those for its parts.
  @Test func predictionsAreAveraged() throws {
    let stepgraph = try Stepgraph()
    func prediction(_ conditioning: String) throws -> Tensor {
      try stepgraph.folder.write(
        Self.graph(conditioning).replacing("seed: 3, batch: 2", with: "batch: 2"), to: "graph.yaml")
      _ = try stepgraph.run("graph.yaml")
      return try SafetensorsReader(path: stepgraph.folder.file("\(conditioning).safetensors").path).tensor("tensor")
    }
    let (a, b, long) = (try prediction("a"), try prediction("b"), try prediction("long"))
    #expect(try prediction("two") == 0.5 * (a + b))
    #expect(try prediction("three") == Float(1) / 3 * (a + b + long))
    #expect(a != b && long != a)
  }

  @Test func aCombinationIsNoTensor() throws {
    let stepgraph = try Stepgraph()
    let graph = Self.graph("two").replacing("in: {tensor: e}", with: "in: {tensor: two}")
    try stepgraph.folder.write(graph, to: "graph.yaml")
    let result = try stepgraph.failure(["run", "graph.yaml", "--quiet"])
    #expect(result.errors.contains("a value of type 'conditioning' that joins several is no single tensor"))
  }
}
