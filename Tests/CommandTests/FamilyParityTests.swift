import Foundation
import Safetensors
import Testing

/// Single files of every family through the command and the shipped graphs, against diffusers' `from_single_file`; and the
/// folder that each amounts to, to the bit.
struct FamilyParityTests {
  @Test(arguments: ["sd1", "sd2"])
  func stableDiffusionMatchesDiffusers(_ name: String) throws {
    let (model, stepgraph) = (try SeededModel.named(name), try Stepgraph())
    try model.file().write(to: stepgraph.folder.file("model.safetensors"))
    try stepgraph.folder.write(tapped("txt2img-cfg"), to: "graph.yaml")
    for run in model.runs {
      let settings = Self.settings(model, run) + ["negative=\(model.negative)"]
      _ = try stepgraph.run("graph.yaml", settings + ["model=model.safetensors"])
      let reference = try SeededModel.reference(name)
      try check("text.prompt", "positive", stepgraph, reference)
      try check("text.negative", "negative", stepgraph, reference)
      for step in 0..<run.steps { try check("\(run.name).latent.\(step)", "latents/\(step)", stepgraph, reference) }
      try check("\(run.name).image", "image", stepgraph, reference)
      try model.writeFolder(to: stepgraph.folder.file("model"))
      try expectSameBits(stepgraph, settings, of: ["positive", "latents/\(run.steps - 1)", "image"])
    }
  }

  @Test func sdxlMatchesDiffusers() throws {
    let (model, stepgraph) = (try SeededModel.named("sdxl"), try Stepgraph())
    try model.file().write(to: stepgraph.folder.file("model.safetensors"))
    try stepgraph.folder.write(tapped("sdxl"), to: "graph.yaml")
    try stepgraph.folder.write(tapped("samplers/euler"), to: "euler.yaml")
    let reference = try SeededModel.reference("sdxl")
    for run in model.runs {
      var settings = Self.settings(model, run) + ["method=euler.yaml", "negative=\(run.negative ?? "")"]
      settings += ["empty=\(run.negative == nil ? "model" : "encode")"]
      settings += (run.sizes ?? [:]).map { "\($0.key)=\($0.value)" }
      _ = try stepgraph.run("graph.yaml", settings + ["model=model.safetensors"])
      try check("text.prompt", "positive", stepgraph, reference)
      for step in 0..<run.steps { try check("\(run.name).latent.\(step)", "latents/\(step)", stepgraph, reference) }
      try check("\(run.name).image", "image", stepgraph, reference)
      guard run.sizes?.isEmpty == false else { continue }
      try model.writeFolder(to: stepgraph.folder.file("model"))
      try expectSameBits(stepgraph, settings, of: ["positive", "latents/\(run.steps - 1)", "image"])
    }
  }

  /// Base and refiner as two loops over one schedule, against the two pipelines of diffusers.
  @Test func baseAndRefinerMatchDiffusers() throws {
    let (base, refiner, stepgraph) = (
      try SeededModel.named("sdxl"), try SeededModel.named("sdxl-refiner"), try Stepgraph()
    )
    try base.file().write(to: stepgraph.folder.file("base.safetensors"))
    try refiner.file().write(to: stepgraph.folder.file("refiner.safetensors"))
    try stepgraph.folder.write(tapped("sdxl-refiner"), to: "graph.yaml")
    let run = refiner.runs[0]
    let change = try #require(run.changeAt)
    let settings =
      Self.settings(refiner, run) + [
        "model=base.safetensors", "refiner=refiner.safetensors", "change_at=\(change)", "negative=\(refiner.negative)",
      ]
    _ = try stepgraph.run("graph.yaml", settings)
    let reference = try SeededModel.reference("sdxl-refiner")
    try check("text.prompt", "refined_positive", stepgraph, reference)
    for step in 0..<change { try check("base.latent.\(step)", "latents/\(step)", stepgraph, reference) }
    for step in change..<run.steps {
      try check("refiner.latent.\(step - change)", "latents/\(step)", stepgraph, reference)
    }
    try check("refiner.image", "image", stepgraph, reference)
  }

  /// A UNet alone in a file that also sees a mask and a masked picture and is told its guidance, against diffusers' class.
  @Test func aDistilledInpaintingUNetMatchesDiffusers() throws {
    let (model, stepgraph) = (try SeededModel.named("distilled-inpainting"), try Stepgraph())
    try model.file().write(to: stepgraph.folder.file("unet.safetensors"))
    let reference = try SeededModel.reference("distilled-inpainting")
    for name in ["latent", "concat", "states"] {
      var writer = SafetensorsWriter()
      writer.add("tensor", try reference.tensor(name))
      try Data(writer.bytes()).write(to: stepgraph.folder.file("\(name).safetensors"))
    }
    let predict =
      "{node: UNetPredict, in: {unet: model, latent: latent, concat: concat, conditioning: states, schedule: s}, with: {step: 0"
    try stepgraph.folder.write(
      """
      stepgraph: 1
      nodes:
        model:  {node: LoadDenoiser, with: {path: unet.safetensors}}
        latent: {node: LoadTensor, with: {path: latent.safetensors}}
        concat: {node: LoadTensor, with: {path: concat.safetensors}}
        states: {node: LoadTensor, with: {path: states.safetensors}}
        s:      {node: NoiseSchedule, in: {unet: model.denoiser}, with: {steps: 4}}
        told:   \(predict.replacing("model,", with: "model.unet,")), guidance: 7.5}}
        untold: \(predict.replacing("model,", with: "model.denoiser,"))}}
        a: {node: SaveTensor, in: {tensor: told}, with: {path: told.safetensors}}
        b: {node: SaveTensor, in: {tensor: untold}, with: {path: untold.safetensors}}
      """, to: "graph.yaml")
    _ = try stepgraph.run("graph.yaml")
    try check("told", "told", stepgraph, reference)
    try check("untold", "untold", stepgraph, reference)
    let described = try stepgraph("model", "unet.safetensors", "--json").output
    #expect(described.contains("\"variant\" : \"inpainting\""))
  }

  // MARK: - Pieces

  private static func settings(_ model: SeededModel, _ run: SeededModel.Run) -> [String] {
    [
      "prompt=\(model.prompt)", "cfg=\(run.cfg)", "seed=\(run.seed)", "steps=\(run.steps)", "width=\(run.width)",
      "height=\(run.height)",
    ]
  }

  private func check(
    _ name: String, _ file: String, _ stepgraph: Stepgraph, _ reference: SafetensorsReader
  ) throws {
    let relative = try stepgraph.expect("\(file).safetensors", is: reference.tensor(name))
    print("\(name): relative error \(relative)")
  }

  /// Runs the graph again with the folder in the file's place.
  private func expectSameBits(_ stepgraph: Stepgraph, _ settings: [String], of files: [String]) throws {
    let before = try files.map { try stepgraph.folder.contents("\($0).safetensors") }
    _ = try stepgraph.run("graph.yaml", settings + ["model=model"], "--no-cache")
    for (file, bytes) in zip(files, before) {
      let after = try stepgraph.folder.contents("\(file).safetensors")
      #expect(after == bytes, "\(file) differs between the file and the folder")
    }
    try FileManager.default.removeItem(at: stepgraph.folder.file("model"))
  }

  /// A shipped graph with taps that write conditionings, every latent and the picture.
  private func tapped(_ name: String) throws -> String {
    let graph = try String(contentsOf: Repository.graphs.appending(path: "\(name).yaml"), encoding: .utf8)
      .replacingOccurrences(of: "../Examples", with: Repository.root.appending(path: "Examples").path)
      .replacingOccurrences(of: "default: samplers/", with: "default: \(Repository.graphs.path)/samplers/")
    let inLoop = "      tap:   {node: SaveTensor, in: {tensor: next.latent}, with: {path: latents/$(i).safetensors}}\n"
    let taps = ["positive", "negative", "refined_positive", "image"].filter { graph.contains("\n  \($0):") }.map {
      "  \($0)_tap: {node: SaveTensor, in: {tensor: \($0)}, with: {path: \($0).safetensors}}\n"
    }
    return graph.replacingOccurrences(of: "    yield:", with: inLoop + "    yield:")
      + (name.hasPrefix("samplers/") ? "" : taps.joined())
  }
}
