import Foundation
import Safetensors
import Testing

/// Folders as other tools write them, through the command.
struct SavedModelTests {
  /// Three steps with guidance of a folder that `StableDiffusionPipeline.save_pretrained` wrote, against the pipeline.
  @Test func aFolderSavedTodayGivesItsLatents() throws {
    let saved = Repository.fixtures.appending(path: "saved-tiny")
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(
      """
      stepgraph: 1
      nodes:
        model:  {node: LoadModel, with: {path: \(saved.path)/model}}
        prompt: {node: TextEncode, in: {clip: model.clip}, with: {text: "a red <Toy> on blue, and MyStyle apples"}}
        not:    {node: TextEncode, in: {clip: model.clip}, with: {text: blurry}}
        start:  {node: EmptyLatent, in: {vae: model.vae}, with: {width: 8, height: 8, seed: 42}}
        sample:
          graph: \(Repository.graphs.path)/samplers/euler.yaml
          in: {unet: model.unet, positive: prompt, uncond: not, latent: start}
          with: {steps: 3, cfg: 5}
        save: {node: SaveTensor, in: {tensor: sample.latent}, with: {path: latents.safetensors}}
      """, to: "g.yaml")
    _ = try stepgraph.run("g.yaml", [], "--no-cache")
    let ours = try SafetensorsReader(path: stepgraph.folder.file("latents.safetensors").path).tensor("tensor")
    let theirs = try SafetensorsReader(path: saved.appending(path: "expected.safetensors").path).tensor("latents")
    let (relative, _) = difference(ours, theirs)
    #expect(ours.shape == theirs.shape && relative <= 1e-5, "\(relative)")
  }

  /// What was left over of the weights is told once in a run, also when the results come from the cache.
  @Test func unusedWeightsAreAWarningAtTheModel() throws {
    let stepgraph = try Stepgraph()
    let model = try stepgraph.copyModel("saved-tiny", to: "m")
    try addTensor("logit_scale", to: model.appending(path: "text_encoder/model.safetensors"))
    try stepgraph.folder.write(
      """
      stepgraph: 1
      nodes:
        model: {node: LoadModel, with: {path: m}}
        a: {node: TextEncode, in: {clip: model.clip}, with: {text: a}}
        b: {node: TextEncode, in: {clip: model.clip}, with: {text: b}}
        sa: {node: SaveTensor, in: {tensor: a}, with: {path: a.safetensors}}
        sb: {node: SaveTensor, in: {tensor: b}, with: {path: b.safetensors}}
      """, to: "g.yaml")
    let expected = "text_encoder/model.safetensors: the model does not use 'logit_scale'"
    // Both results carry it: of a run that needs one of them alone it is told too.
    for targets in [[], [], ["--target", "sa"], ["--target", "sb"]] {
      let result = try stepgraph.call(["run", "g.yaml"] + targets)
      #expect(result.status == 0)
      #expect(result.errors.components(separatedBy: expected).count == 2, "\(targets): \(result.errors)")
      #expect(result.errors.contains("g.yaml:3:"), "\(result.errors)")
    }
  }

  private func addTensor(_ name: String, to file: URL) throws {
    let reader = try SafetensorsReader(path: file.path)
    var writer = SafetensorsWriter(metadata: reader.metadata)
    for tensor in reader.names {
      guard let info = reader.info(tensor) else { continue }
      writer.add(
        tensor, try #require(reader.dtype(tensor)), shape: info.shape, bytes: try reader.withBytes(tensor) { Array($0) }
      )
    }
    writer.add(name, .f32, shape: [], bytes: [0, 0, 0, 0])
    try Data(writer.bytes()).write(to: file)
  }
}
