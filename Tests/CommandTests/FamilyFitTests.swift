import Foundation
import Safetensors
import Tensors
import TestSupport
import Testing

/// Parts of another family where they do not fit: told when a run is planned, at the wire.
struct FamilyFitTests {
  private struct Tiny: Decodable { let tensors: [SeededTensor] }

  /// A tiny model of `Tests/Fixtures` as a single file in the authors' layout.
  private static func write(_ name: String, to stepgraph: Stepgraph) throws {
    let json = try Data(contentsOf: Repository.fixtures.appending(path: "\(name).json"))
    var writer = SafetensorsWriter()
    for entry in try JSONDecoder().decode(Tiny.self, from: json).tensors { writer.add(entry.name, entry.tensor) }
    let file = stepgraph.folder.file("\(name.split(separator: "/")[1]).safetensors")
    try Data(writer.bytes()).write(to: file)
  }

  /// The message about a graph with these nodes beside the parts.
  private func problem(_ line: String) throws -> String {
    let stepgraph = try Stepgraph()
    for name in ["flux", "flux-fill", "flux-kontext", "flux2"].map({ "transformers/\($0)" }) + [
      "vaes/flux2-small-decoder"
    ] {
      try Self.write(name, to: stepgraph)
    }
    try stepgraph.folder.write(
      """
      stepgraph: 1
      nodes:
        sd:    {node: LoadModel, with: {path: \(Repository.tinyModel)}}
        flux:  {node: LoadDenoiser, with: {path: flux.safetensors}}
        flux2: {node: LoadDenoiser, with: {path: flux2.safetensors}}
        fill:  {node: LoadDenoiser, with: {path: flux-fill.safetensors}}
        dev:   {node: LoadDenoiser, with: {path: flux-kontext.safetensors}}
        given: {node: LoadTensor, with: {path: \(Repository.fixtures.path)/transformers/flux.safetensors, name: 0.states}}
        vae:   {node: LoadVAE, with: {path: flux2-small-decoder.safetensors}}
        text:  {node: TextEncode, in: {clip: sd.clip}, with: {text: a}}
        z:     {node: EmptyLatent, in: {vae: sd.vae}, with: {width: 64, height: 64, seed: 1}}
        wide:  {node: EmptyLatent, in: {vae: vae}, with: {width: 64, height: 64, seed: 1}}
        k:     {node: NoiseSchedule, in: {denoiser: sd.denoiser}, with: {steps: 2, spacing: leading}}
        f:     {node: NoiseSchedule, in: {denoiser: flux.denoiser}, with: {steps: 2, convention: k}}
        \(line)
      """, to: "graph.yaml")
    let result = try stepgraph.failure(["plan", "graph.yaml", "--target", "a"])
    #expect(result.status == 2)
    return result.errors
  }

  @Test(arguments: [
    (
      "a: {node: Predict, in: {denoiser: flux.denoiser, latent: z, conditioning: text, schedule: f}, with: {step: 0}}",
      "the text's states are 32 wide; FLUX.1 schnell takes them 40 wide"
    ),
    (
      "a: {node: Predict, in: {denoiser: flux2.denoiser, latent: z, conditioning: text, schedule: f}, with: {step: 0}}",
      "the latent is [1, 4, 8, 8]; FLUX.2 klein takes [n, 24, h, w]"
    ),
    (
      "a: {node: UNetPredict, in: {unet: sd.unet, latent: wide, conditioning: text, schedule: k}, with: {step: 0}}",
      "the latent is [1, 16, 8, 8]; Stable Diffusion 1.x takes [n, 4, h, w]"
    ),
    ("a: {node: Decode, in: {vae: vae, latent: z}}", "the latent is [1, 4, 8, 8]; the VAE takes [n, 16, h, w]"),
    (
      "a: {node: Predict, in: {denoiser: flux.denoiser, latent: z, conditioning: text, schedule: f}, with: {step: 0, guidance: 3}}",
      "FLUX.1 schnell"
    ),
    (
      "a: {node: Predict, in: {denoiser: fill.denoiser, latent: z, conditioning: given, schedule: f}, with: {step: 0}}",
      "the model is FLUX.1 Fill dev, which sees 68 channels beside the latent's 4"
    ),
    (
      "a: {node: Predict, in: {denoiser: dev.denoiser, latent: z, conditioning: given, schedule: f, concat: z}, with: {step: 0}}",
      "the model is FLUX.1 dev, which sees nothing beside the latent in channels of its own"
    ),
    (
      "a: {node: Predict, in: {denoiser: fill.denoiser, latent: z, conditioning: given, schedule: f, references: [z]}, with: {step: 0}}",
      "the model is FLUX.1 Fill dev, which looks at no other pictures"
    ),
    (
      "a: {node: Predict, in: {denoiser: dev.denoiser, latent: z, conditioning: given, schedule: f, references: [z, z]}, with: {step: 0}}",
      "the model is FLUX.1 dev, which looks at one other picture, not at 2"
    ),
  ])
  func aPartOfAnotherFamilyIsToldAtItsWire(_ line: String, _ expected: String) throws {
    let problem = try problem(line)
    #expect(problem.contains("graph.yaml:15:") && problem.contains(expected), "\(problem)")
  }
}
