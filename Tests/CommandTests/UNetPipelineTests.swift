import Foundation
import Safetensors
import TestSupport
import Tensors
import Testing

/// UNets that see more than a latent, as diffusers' pipelines run them with tiny seeded models: every step and the picture.
///
/// `Fixtures/pipelines/make_unets.py` wrote what they drew.
struct UNetPipelineTests {
  /// A graph of one run: nodes before the loop, and those in it that go from `carry.latent` to `last`.
  private struct Graph {
    var before: [String] = []
    var inLoop: [String]
    var last = "next"
    var startsWithPicture = false
  }

  private static let prediction =
    "{node: UNetPredict, in: {unet: model.unet, latent: carry.latent, schedule: schedule, conditioning: "

  private static func predict(_ name: String, _ states: String, _ more: String = "") -> String {
    "\(name): \(prediction)\(states)\(more.isEmpty ? "" : ", \(more)")}, with: {step: $(i)}}"
  }

  private static let step =
    "next: {node: DDIMStep, in: {latent: carry.latent, noise: eps, schedule: schedule}, with: {step: $(i), eta: 0}}"

  private func run(
    _ family: String, only names: Set<String>? = nil,
    _ graph: (TinyPipeline.Run, _ setting: (String) -> String) -> Graph
  ) throws {
    let (pipeline, stepgraph) = (try TinyPipeline(family), try Stepgraph())
    try pipeline.writeParts(to: stepgraph.folder.file("model"))
    let reference = TinyPipeline.folder.appending(path: "\(family).safetensors").path
    var worst = 0.0
    for run in pipeline.runs where names?.contains(run.name) ?? true {
      func setting(_ name: String) -> String { run.params[name]?.description ?? "" }
      let graph = graph(run, setting)
      var lines = ["stepgraph: 1", "nodes:", "  model: {node: LoadModel, with: {path: model}}"]
      for name in ["prompt", "negative"] {
        lines.append("  \(name): {node: LoadTensor, with: {path: \(reference), name: states.\(name)}}")
      }
      lines += [
        "  read: {node: LoadImage, with: {path: \(TinyPipeline.folder.path)/landscape-64x48.png}}",
        "  other: {node: LoadImage, with: {path: \(TinyPipeline.folder.path)/square-64x48.png}}",
        "  schedule: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 4}}",
      ]
      lines += graph.before.map { "  \($0)" }
      let noise = "seed: \(setting("seed"))"
      lines.append(
        graph.startsWithPicture && setting("first") != "0"
          ? "  start: {node: AddNoise, in: {latent: original, schedule: schedule}, with: {step: \(setting("first")), \(noise)}}"
          : "  start: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 64, height: 48, \(noise)}}")
      lines += [
        "  sample:", "    loop: {from: \(setting("first")), to: 4, index: i}", "    carry: {latent: start}",
        "    nodes:",
      ]
      lines += graph.inLoop.map { "      \($0)" }
      lines += [
        "      tap: {node: SaveTensor, in: {tensor: \(graph.last).latent}, with: {path: \(run.name).$(i).safetensors}}",
        "    yield: {latent: \(graph.last).latent}",
        "  image: {node: Decode, in: {vae: model.vae, latent: sample.latent}}",
        "  picture: {node: SaveTensor, in: {tensor: image}, with: {path: \(run.name).picture.safetensors}}",
      ]
      try stepgraph.folder.write(lines.joined(separator: "\n") + "\n", to: "\(run.name).yaml")
      _ = try stepgraph.run("\(run.name).yaml", [])
      func tensor(_ name: String) throws -> Tensor {
        try SafetensorsReader(path: stepgraph.folder.file("\(run.name).\(name).safetensors").path).tensor("tensor")
      }
      let latents = try pipeline.latents(of: run)
      for (place, step) in run.kept.enumerated() {
        let one = latents.sample(place)
        let (relative, _) = difference(try tensor("\(step)"), one.reshaped(Array(one.shape.dropFirst())))
        #expect(relative <= 1e-4, "\(family), \(run.name), step \(step): relative error \(relative)")
        worst = max(worst, relative)
      }
      // The pipelines clamp what they show.
      let (relative, _) = difference(try tensor("picture").clamped(to: -1...1), try pipeline.picture(of: run))
      #expect(relative <= 1e-4, "\(family), \(run.name), picture: relative error \(relative)")
    }
    print("\(family): \(pipeline.runs.count) runs, the largest relative error of a latent is \(worst)")
  }

  private static let maskNodes = [
    "drawn: {node: LoadImage, with: {path: \(TinyPipeline.folder.path)/mask.png}}",
    "mask: {node: MaskFromImage, in: {image: drawn}}",
  ]

  /// StableDiffusionInpaintPipeline with a UNet of four channels.
  @Test func inpaintingWithAnyModelMatchesDiffusers() throws {
    try run("inpaint") { _, setting in
      Graph(
        before: Self.maskNodes + ["original: {node: Encode, in: {vae: model.vae, image: read}}"],
        inLoop: [
          Self.predict("eps_n", "negative"), Self.predict("eps_p", "prompt"),
          "eps: {node: CFGCombine, in: {uncond: eps_n, positive: eps_p}, with: {scale: \(setting("cfg"))}}",
          Self.step,
          "keep: {node: KeepOutside, in: {latent: next.latent, original: original, mask: mask, schedule: schedule}, "
            + "with: {step: $(i + 1), seed: \(setting("seed")), cells: first}}",
        ], last: "keep", startsWithPicture: true)
    }
  }

  /// The same pipeline with a UNet of nine channels.
  @Test func inpaintingModelsMatchDiffusers() throws {
    try run("inpaint-nine") { _, setting in
      Graph(
        before: Self.maskNodes + ["seen: {node: InpaintConcat, in: {vae: model.vae, image: read, mask: mask}}"],
        inLoop: [
          Self.predict("eps_n", "negative", "concat: seen"), Self.predict("eps_p", "prompt", "concat: seen"),
          "eps: {node: CFGCombine, in: {uncond: eps_n, positive: eps_p}, with: {scale: \(setting("cfg"))}}",
          Self.step,
        ])
    }
  }

  /// StableDiffusionInstructPix2PixPipeline, with both scales.
  @Test func editingModelsMatchDiffusers() throws {
    try run("pix2pix") { _, setting in
      Graph(
        before: ["seen: {node: EditConcat, in: {vae: model.vae, image: read}}"],
        inLoop: [
          Self.predict("eps_u", "negative", "concat: seen.zeros"),
          Self.predict("eps_i", "negative", "concat: seen.concat"),
          Self.predict("eps_p", "prompt", "concat: seen.concat"),
          "eps: {node: EditCombine, in: {uncond: eps_u, image: eps_i, positive: eps_p}, "
            + "with: {scale: \(setting("cfg")), image_scale: \(setting("image_cfg"))}}",
          Self.step,
        ])
    }
  }
}

// MARK: ControlNets and adapters

extension UNetPipelineTests {
  /// Prompts by node, and with them what a ControlNet made of a picture for each.
  private static func controlled(_ nets: [(node: String, image: String, strength: String)]) -> [String] {
    ["negative", "prompt"].flatMap { prompt in
      nets.map { net in
        "\(net.node)_\(prompt): {node: ControlNetPredict, in: {controlnet: \(net.node), latent: carry.latent, "
          + "conditioning: \(prompt), image: \(net.image), schedule: schedule}, "
          + "with: {step: $(i), strength: \(net.strength)}}"
      } + [
        predict(
          prompt == "prompt" ? "eps_p" : "eps_n", prompt,
          "control: [\(nets.map { "\($0.node)_\(prompt)" }.joined(separator: ", "))]")
      ]
    }
  }

  private static func guided(_ scale: String) -> String {
    "eps: {node: CFGCombine, in: {uncond: eps_n, positive: eps_p}, with: {scale: \(scale)}}"
  }

  /// StableDiffusionControlNetPipeline and StableDiffusionXLControlNetPipeline, with one ControlNet and with two.
  @Test(arguments: ["controlnet"])
  func controlNetsMatchDiffusers(_ family: String) throws {
    try run(family, only: ["one", "two"]) { run, setting in
      var nets = [(node: "net", image: "read", strength: setting("strength"))]
      if run.name == "two" { nets.append((node: "net_2", image: "other", strength: setting("strength_2"))) }
      return Graph(
        before: [
          "net: {node: LoadControlNet, with: {path: model/controlnet}}",
          "net_2: {node: LoadControlNet, with: {path: model/controlnet_2}}",
        ],
        inLoop: Self.controlled(nets) + [Self.guided(setting("cfg")), Self.step])
    }
  }

  /// StableDiffusionAdapterPipeline.
  @Test func adaptersMatchDiffusers() throws {
    try run("adapter") { _, setting in
      Graph(
        before: [
          "adapter: {node: LoadAdapter, with: {path: model/adapter}}",
          "added: {node: AdapterPredict, in: {adapter: adapter, image: read}, with: {strength: \(setting("strength"))}}",
        ],
        inLoop: [
          Self.predict("eps_n", "negative", "control: [added]"), Self.predict("eps_p", "prompt", "control: [added]"),
          Self.guided(setting("cfg")), Self.step,
        ])
    }
  }
}
