import Foundation
import Safetensors
import Tensors
import TestSupport
import Testing

/// What does not fit a flow model is told when a run is planned, and at the line that says it.
struct FlowErrorTests {
  private let stepgraph: Stepgraph

  init() throws {
    stepgraph = try Stepgraph()
    var text = SafetensorsWriter()
    text.add("tensor", .zeros([1, 4, 16]))
    try Data(text.bytes()).write(to: stepgraph.folder.file("text.safetensors"))
    try TinyPipeline("flux-dev").writeParts(to: stepgraph.folder.file("dev"))
    try TinyPipeline("flux-schnell").writeParts(to: stepgraph.folder.file("schnell"))
    try TinyPipeline("flux2-klein").writeParts(to: stepgraph.folder.file("klein"))
  }

  private var head: String {
    """
    stepgraph: 1
    nodes:
      dev:     {node: LoadDenoiser, with: {path: dev}}
      schnell: {node: LoadDenoiser, with: {path: schnell}}
      klein:   {node: LoadDenoiser, with: {path: klein}}
      sd:      {node: LoadModel, with: {path: \(Repository.tinyModel)}}
      vae:     {node: LoadVAE, with: {path: schnell}}
      text:    {node: LoadTensor, with: {path: text.safetensors}}
      z:       {node: EmptyLatent, in: {vae: vae.vae}, with: {width: 32, height: 24, seed: 1}}
      four:    {node: EmptyLatent, in: {vae: sd.vae}, with: {width: 32, height: 24, seed: 1}}
      flow:    {node: NoiseSchedule, in: {denoiser: schnell.denoiser}, with: {steps: 4, convention: k}}
      other:   {node: NoiseSchedule, in: {denoiser: sd.denoiser}, with: {steps: 4, convention: k, spacing: leading}}
      v:       {node: Predict, in: {denoiser: schnell.denoiser, latent: z, conditioning: text, schedule: flow}, with: {step: 0}}
      next:    {node: EulerStep, in: {latent: z, noise: v, schedule: flow}, with: {step: 0}}

    """
  }

  @Test(arguments: [
    ("{node: EulerStep, in: {latent: next.latent, noise: v, schedule: other}, with: {step: 1}}", "flow model"),
    ("{node: DDIMStep, in: {latent: z, noise: v, schedule: flow}, with: {step: 0}}", "DDIM is not defined"),
    ("{node: TCDStep, in: {latent: z, noise: v, schedule: flow}, with: {step: 0}}", "TCD"),
    (
      "{node: DPMSolverStep, in: {latent: z, noise: v, schedule: flow}, with: {step: 0, algorithm: dpmsolver}}",
      "dpmsolver multistep is not defined"
    ),
    ("{node: UniPCStep, in: {latent: z, noise: v, schedule: flow}, with: {step: 0}}", "starts in pure noise"),
    (
      "{node: NoiseSchedule, in: {denoiser: schnell.denoiser}, with: {steps: 4}}",
      "convention ddim is not for a flow model"
    ),
    (
      "{node: NoiseSchedule, in: {denoiser: dev.denoiser}, with: {steps: 4, convention: k}}",
      "depends on the size of the picture"
    ),
    (
      "{node: NoiseSchedule, in: {denoiser: dev.denoiser}, with: {convention: k, width: 64}}",
      "there is a width and no height"
    ),
    (
      "{node: NoiseSchedule, in: {denoiser: sd.denoiser}, with: {convention: k, shift: 3}}",
      "shift is for flow models alone"
    ),
    (
      "{node: NoiseSchedule, in: {denoiser: schnell.denoiser}, with: {convention: k, curve: simple}}",
      "curve simple is not for a flow model"
    ),
    (
      "{node: NoiseSchedule, in: {denoiser: schnell.denoiser, after: other}, with: {convention: k, steps: 4, first: 2}}",
      "the schedule to go on from"
    ),
    (
      "{node: Predict, in: {denoiser: schnell.denoiser, latent: z, conditioning: text, schedule: other}, with: {step: 0}}",
      "but the model is FLUX.1 schnell"
    ),
    (
      "{node: Predict, in: {denoiser: schnell.denoiser, latent: four, conditioning: text, schedule: flow}, with: {step: 0}}",
      "FLUX.1 schnell takes [n, 16, h, w]"
    ),
    (
      "{node: Predict, in: {denoiser: schnell.denoiser, latent: z, conditioning: text, schedule: flow}, with: {step: 0, guidance: 3.5}}",
      "not told a guidance scale"
    ),
  ]) func isToldWhenPlanned(_ node: String, _ message: String) throws {
    try stepgraph.folder.write(head + "  a: \(node)\n", to: "g.yaml")
    let result = try stepgraph("plan", "g.yaml", "--target", "a")
    #expect(result.status == 2 && result.errors.contains(message), "\(result.errors)")
    #expect(result.errors.contains("g.yaml:15:"), "\(result.errors)")
  }

  /// The key has the size of the picture where it decides the shift, and nothing of it elsewhere.
  @Test func theSizeIsInTheKeyWhereItDecides() throws {
    func schedule(_ name: String, _ model: String, _ rest: String, wire: String = "") -> String {
      "  \(name): {node: NoiseSchedule, in: {denoiser: \(model).denoiser\(wire)}, with: {convention: k, steps: 4\(rest)}}\n"
    }
    let nodes =
      schedule("a", "dev", ", width: 32, height: 24") + schedule("b", "dev", "", wire: ", latent: z")
      + schedule("c", "schnell", ", width: 32, height: 24") + schedule("d", "schnell", "", wire: ", latent: four")
      + schedule("e", "schnell", "") + schedule("f", "dev", ", shift: 2") + schedule("g", "schnell", ", mu: 0.5")
    let outputs = "outputs: {a: a, b: b, c: c, d: d, e: e, f: f, g: g}\n"
    try stepgraph.folder.write(head + nodes + outputs, to: "g.yaml")
    let executed = try stepgraph.run("g.yaml").executed.filter { $0.count == 1 && "abcdefg".contains($0) }
    #expect(executed.count == 4, "\(executed)")
  }
}
