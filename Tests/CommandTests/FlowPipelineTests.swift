import Foundation
import Safetensors
import TestSupport
import Tensors
import Testing

/// The graphs of flow models with tiny seeded models, against diffusers' pipelines: the latents of every step and the
/// picture.
struct FlowPipelineTests {
  private static let graphs = [
    "flux-schnell": "flux", "flux-dev": "flux", "flux2-klein": "flux2-klein", "z-image": "z-image",
  ]
  private static let tools = ["flux-fill", "flux-control", "flux-kontext"]

  @Test(arguments: ["flux-schnell", "flux-dev", "flux2-klein", "z-image"] + tools)
  func everyStepAndThePictureAreThoseOfDiffusers(_ family: String) throws {
    let pipeline = try TinyPipeline(family)
    let stepgraph = try Stepgraph()
    try TinyPipeline.writeModel(family, to: stepgraph.folder.file("model"))
    var worst = 0.0
    for run in pipeline.runs {
      try stepgraph.folder.write(workflow(run, family: family), to: "\(run.name).yaml")
      _ = try stepgraph.run("\(run.name).yaml", [])
      func tensor(_ name: String) throws -> Tensor {
        try SafetensorsReader(path: stepgraph.folder.file("\(run.name).\(name).safetensors").path).tensor("tensor")
      }
      let latents = try pipeline.latents(of: run)
      for (place, step) in run.kept.enumerated() {
        let ours = try tensor("\(step)")
        let one = latents.sample(place)
        let (relative, _) = difference(ours, one.reshaped(Array(one.shape.dropFirst())))
        #expect(relative <= 1e-4, "\(family), \(run.name), step \(step): relative error \(relative)")
        worst = max(worst, relative)
      }
      // The pipelines clamp what they show.
      let shown = try tensor("picture")
      let clamped = Tensor(shape: shown.shape, values: shown.values.map { min(max($0, -1), 1) })
      let (relative, _) = difference(clamped, try pipeline.picture(of: run))
      #expect(relative <= 1e-4, "\(family), \(run.name), picture: relative error \(relative)")
      worst = max(worst, relative)
    }
    print("\(family): \(pipeline.runs.count) runs, the largest relative error is \(worst)")
  }

  /// The shipped graph with taps; a run that begins with a picture has a graph of its own.
  private func workflow(_ run: TinyPipeline.Run, family: String) -> String {
    var settings = run.params
    let length = settings.removeValue(forKey: "length")?.description ?? "64"
    var lines = ["stepgraph: 1", "nodes:"]
    let steps: [String]
    if run.name == "from-a-picture" {
      lines += fromAPicture(settings, length: length)
      steps = run.kept.map { "sample[\($0)]/next.latent" }
    } else if family == "flux-control" {
      lines += byAControlPicture(settings, length: length)
      steps = run.kept.map { "sample/sample[\($0)]/next.latent" }
    } else {
      let graph = run.name == "edit" ? "flux2-klein-edit" : Self.graphs[family] ?? family
      var with = ["model: model", "tokens: \(length)", "out: \(run.name).png"]
      if run.name == "edit" {
        with += [
          "image: \(TinyPipeline.folder.path)/landscape.png", "image_2: \(TinyPipeline.folder.path)/square.png",
          "pictures: 2",
        ]
      }
      if Self.tools.contains(family) { with.append("image: \(TinyPipeline.folder.path)/landscape-64x48.png") }
      if family == "flux-fill" { with.append("mask: \(TinyPipeline.folder.path)/mask.png") }
      with += settings.map { "\($0): \"\($1)\"" }
      // What lies outside the mask is the picture's own, where the pipeline shows what it drew.
      let picture = family == "flux-fill" ? "draw/inside" : "draw/image"
      lines.append("  draw: {graph: \(Repository.graphs.path)/\(graph).yaml, with: {\(with.joined(separator: ", "))}}")
      lines.append(
        "  picture: {node: SaveTensor, in: {tensor: \(picture)}, with: {path: \(run.name).picture.safetensors}}")
      steps = run.kept.map { "draw/sample/sample[\($0)]/next.latent" }
    }
    for (step, address) in zip(run.kept, steps) {
      lines.append(
        "  tap_\(step): {node: SaveTensor, in: {tensor: \"\(address)\"}, with: {path: \(run.name).\(step).safetensors}}"
      )
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// FluxControlPipeline, for which there is no graph.
  private func byAControlPicture(_ settings: [String: TinyPipeline.Setting], length: String) -> [String] {
    func setting(_ name: String) -> String { settings[name]?.description ?? "" }
    let size = "width: 64, height: 48, batch: \(setting("batch")), seed: \(setting("seed"))"
    return [
      "  model: {node: LoadModel, with: {path: model}}",
      "  positive: {node: TextEncode, in: {clip: model.clip}, with: {text: \(setting("prompt")), tokens: \(length)}}",
      "  read: {node: LoadImage, with: {path: \(TinyPipeline.folder.path)/square-64x48.png}}",
      "  seen: {node: EditConcat, in: {vae: model.vae, image: read}}",
      "  start: {node: EmptyLatent, in: {vae: model.vae}, with: {\(size)}}",
      "  sample:",
      "    graph: \(Repository.graphs.path)/samplers/euler.yaml",
      "    in: {denoiser: model.denoiser, positive: positive, latent: start, concat: seen}",
      "    with: {steps: \(setting("steps")), guidance: \(setting("guidance"))}",
      "  image: {node: Decode, in: {vae: model.vae, latent: sample.latent}}",
      "  shown: {node: SaveTensor, in: {tensor: image}, with: {path: \(setting("steps"))-steps.picture.safetensors}}",
    ]
  }

  /// Image to image, as FluxImg2ImgPipeline: the picture is a draw of its distribution, and the noise the next draw.
  private func fromAPicture(_ settings: [String: TinyPipeline.Setting], length: String) -> [String] {
    func setting(_ name: String) -> String { settings[name]?.description ?? "" }
    let (seed, schedule) = (
      setting("seed"), "steps: \(setting("steps")), convention: k, strength: \(setting("strength"))"
    )
    return [
      "  model: {node: LoadModel, with: {path: model}}",
      "  positive: {node: TextEncode, in: {clip: model.clip}, with: {text: \(setting("prompt")), tokens: \(length)}}",
      "  picture: {node: LoadImage, with: {path: \(TinyPipeline.folder.path)/small.png}}",
      "  encoded: {node: Encode, in: {vae: model.vae, image: picture}, with: {seed: \(seed)}}",
      "  schedule: {node: NoiseSchedule, in: {denoiser: model.denoiser, latent: encoded}, with: {\(schedule)}}",
      "  start: {node: AddNoise, in: {latent: encoded, schedule: schedule}, with: {step: 0, seed: \(seed), draw: 1}}",
      "  sample:",
      "    loop: {times: 9, index: i}",
      "    carry: {latent: start}",
      "    nodes:",
      "      v: {node: Predict, in: {denoiser: model.denoiser, latent: carry.latent, conditioning: positive, schedule: schedule},"
        + " with: {step: $(i), guidance: \(setting("guidance"))}}",
      "      next: {node: EulerStep, in: {latent: carry.latent, noise: v, schedule: schedule}, with: {step: $(i)}}",
      "    yield: {latent: next.latent}",
      "  image: {node: Decode, in: {vae: model.vae, latent: sample.latent}}",
      "  shown: {node: SaveTensor, in: {tensor: image}, with: {path: from-a-picture.picture.safetensors}}",
    ]
  }
}
