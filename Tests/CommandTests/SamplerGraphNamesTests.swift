import Foundation
import Testing

/// The graphs in Graphs/samplers as workflows of before call them, and as they call them now.
struct SamplerGraphNamesTests {
  private static let head = """
    stepgraph: 1
    nodes:
      model:    {node: LoadModel, with: {path: \(Repository.fixtures.path)/sd2-tiny/model}}
      uncond:   {node: TextEncode, in: {clip: model.clip}, with: {text: ""}}
      positive: {node: TextEncode, in: {clip: model.clip}, with: {text: a red apple}}
      start:    {node: EmptyLatent, in: {vae: model.vae}, with: {width: 16, height: 16, seed: 3}}
      save:     {node: SaveTensor, in: {tensor: sample.latent}, with: {path: out.safetensors}}

    """

  private static func call(_ inputs: String) -> String {
    """
      sample:
        graph: \(Repository.graphs.path)/samplers/euler.yaml
        in: {\(inputs), positive: positive, latent: start}
        with: {steps: 3, cfg: 4}

    """
  }

  /// What the graph was before it took denoisers of all families.
  private static let before = """
      schedule: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 3, convention: k, spacing: leading, curve: none}}
      sample:
        loop: {from: 0, to: 3, index: i}
        carry: {latent: start}
        nodes:
          eps_u: {node: UNetPredict, in: {unet: model.unet, latent: carry.latent, conditioning: uncond,   schedule: schedule}, with: {step: $(i)}}
          eps_p: {node: UNetPredict, in: {unet: model.unet, latent: carry.latent, conditioning: positive, schedule: schedule}, with: {step: $(i)}}
          eps:   {node: CFGCombine, in: {uncond: eps_u, positive: eps_p, negative: eps_u}, with: {scale: 4}}
          next:  {node: EulerStep, in: {latent: carry.latent, noise: eps, schedule: schedule}, with: {step: $(i)}}
        yield: {latent: next.latent}

    """

  @Test func resultsOfBeforeAreFound() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(Self.head + Self.before, to: "before.yaml")
    #expect(try stepgraph.run("before.yaml").executed.count > 10)
    for inputs in ["unet: model.unet, uncond: uncond", "denoiser: model.unet, uncond: uncond"] {
      try stepgraph.folder.write(Self.head + Self.call(inputs), to: "now.yaml")
      #expect(try stepgraph.run("now.yaml").executed == [], "\(inputs)")
    }
  }

  /// One prediction a step, which is no other than that for the prompt.
  @Test func withoutUncondThereIsNoGuidance() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(
      Self.head + Self.call("denoiser: model.denoiser")
        + "  tap: {node: SaveTensor, in: {tensor: \"sample/sample[2]/eps\"}, with: {path: eps.safetensors}}\n"
        + "  own: {node: SaveTensor, in: {tensor: \"sample/sample[2]/eps_p\"}, with: {path: eps_p.safetensors}}\n",
      to: "g.yaml")
    let events = try stepgraph.run("g.yaml")
    let predictions = events.executed.filter { $0.contains("/eps_") }
    #expect(predictions.count == 3, "\(predictions)")
    #expect(try stepgraph.folder.contents("eps.safetensors") == stepgraph.folder.contents("eps_p.safetensors"))
  }
}
