import Foundation
import GraphEngine
import Safetensors
import StepgraphNodes
import Tensors
import TestSupport
import Testing

/// ControlNets of every family, from folders and files, as diffusers' pipelines run them with tiny seeded models: every step.
///
/// `Fixtures/pipelines/make_unets.py` wrote what they drew.
@Suite final class ControlNetTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: folder) }

  /// A ControlNet where a step finds it, and how much of it is added.
  private struct Net {
    let handle: any WireValue
    let image: any WireValue
    let strength: Double
  }

  private func picture(_ name: String) throws -> any WireValue {
    let path = TinyPipeline.folder.appending(path: name).path
    return try #require(try NodeRun("LoadImage", ["path": .string(path)]).outputs["image"])
  }

  private func net(_ path: String) throws -> any WireValue {
    try #require(
      try NodeRun("LoadControlNet", ["path": .string(folder.appending(path: path).path)]).outputs["controlnet"])
  }

  /// Samples as the fixture's pipeline does, and compares every latent.
  private func compare(_ pipeline: TinyPipeline, _ name: String, _ nets: (Int, TinyPipeline.Run) throws -> [Net]) throws
  {
    let run = try #require(pipeline.runs.first { $0.name == name })
    let model = try NodeRun("LoadModel", ["path": .string(folder.path)])
    let unet = try #require(model.outputs["unet"])
    let schedule = try #require(
      try NodeRun("NoiseSchedule", ["steps": .int(4)], ["denoiser": unet]).outputs["schedule"])
    var latent: any WireValue = try NodeRun(
      "EmptyLatent", ["width": .int(64), "height": .int(48), "seed": .int(42)],
      ["vae": try #require(model.outputs["vae"])]
    ).latent
    let latents = try pipeline.latents(of: run)
    for (place, step) in run.kept.enumerated() {
      let parameters: [String: ParameterValue] = ["step": .int(Int128(step))]
      func predicted(_ prompt: String) throws -> any WireValue {
        let told = Conditioning(
          try pipeline.tensor("states.\(prompt)"), pooled: try? pipeline.tensor("pooled.\(prompt)"))
        let inputs: [String: any WireValue] = ["latent": latent, "conditioning": told, "schedule": schedule]
        let controls = try nets(step, run).map { net in
          try #require(
            try NodeRun(
              "ControlNetPredict", parameters.merging(["strength": .float(net.strength)]) { $1 },
              inputs.merging(["controlnet": net.handle, "image": net.image]) { $1 }
            ).outputs["control"])
        }
        return try #require(
          try NodeRun("UNetPredict", parameters, inputs.merging(["unet": unet]) { $1 }, several: ["control": controls])
            .outputs["noise"])
      }
      let noise = try #require(
        try NodeRun(
          "CFGCombine", ["scale": .float(5)], ["uncond": predicted("negative"), "positive": predicted("prompt")]
        ).outputs["noise"])
      latent = try NodeRun(
        "DDIMStep", parameters.merging(["eta": .float(0)]) { $1 },
        ["latent": latent, "noise": noise, "schedule": schedule]
      ).latent
      let expected = latents.sample(place)
      let made = try #require(latent as? Latent).tensor
      let largest = made.greatestDifference(to: expected.reshaped(Array(expected.shape.dropFirst())))
      let size = expected.values.map(abs).max() ?? 1
      #expect(largest <= 1e-4 * size, "\(name), step \(step): \(largest) of \(size)")
    }
  }

  private func strength(_ run: TinyPipeline.Run, _ name: String) -> Double {
    run.params[name].flatMap { Double($0.description) } ?? 0
  }

  /// One, two at once, and one that acts in the first steps only.
  @Test(arguments: ["controlnet", "controlnet-sd2", "controlnet-sdxl"]) func foldersMatchDiffusers(_ family: String)
    throws
  {
    let pipeline = try TinyPipeline(family)
    try pipeline.writeParts(to: folder)
    let (first, second) = (try net("controlnet"), try net("controlnet_2"))
    let (image, other) = (try picture("landscape-64x48.png"), try picture("square-64x48.png"))
    try compare(pipeline, "one") { [Net(handle: first, image: image, strength: self.strength($1, "strength"))] }
    try compare(pipeline, "two") {
      [
        Net(handle: first, image: image, strength: self.strength($1, "strength")),
        Net(handle: second, image: other, strength: self.strength($1, "strength_2")),
      ]
    }
    try compare(pipeline, "some") { step, run in
      step < Int(self.strength(run, "until"))
        ? [Net(handle: first, image: image, strength: self.strength(run, "strength"))] : []
    }
  }

  private func write(_ tensors: [(name: String, tensor: Tensor)], to name: String) throws {
    var writer = SafetensorsWriter()
    for (name, tensor) in tensors { writer.add(name, tensor, as: .f16) }
    try Data(writer.bytes()).write(to: folder.appending(path: name))
  }

  /// Files in diffusers' names and in the authors', with their prefix and without: what the weights tell is what the config says.
  @Test(arguments: ["controlnet", "controlnet-sd2", "controlnet-sdxl"]) func filesMatchDiffusers(_ family: String)
    throws
  {
    let pipeline = try TinyPipeline(family)
    try pipeline.writeParts(to: folder)
    let weights = pipeline.weights(of: "controlnet")
    try write(weights, to: "diffusers.safetensors")
    var files = ["diffusers.safetensors"]
    let table = try JSONDecoder().decode(
      [String: [String: String]].self,
      from: Data(contentsOf: TinyPipeline.folder.appending(path: "controlnet-names.json")))
    if let names = table[family] {
      for prefix in ["control_model.", ""] {
        let file = "authors-\(prefix).safetensors"
        try write(try weights.map { (prefix + (try #require(names[$0.name])), $0.tensor) }, to: file)
        files.append(file)
      }
    }
    let image = try picture("landscape-64x48.png")
    for file in files {
      let handle = try net(file)
      try compare(pipeline, "one") { [Net(handle: handle, image: image, strength: self.strength($1, "strength"))] }
    }
  }
}
