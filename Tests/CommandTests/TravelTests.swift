import Foundation
import StepgraphNodes
import Testing

/// Workflows, pictures and locks that moved: models are found, and told apart.
struct TravelTests {
  private static let txt2img = Repository.graphs.appending(path: "txt2img.yaml").path
  private static let small = ["--set", "steps=1", "--set", "negative=a pear"]

  /// A folder with a workflow and its model, and a picture that they drew.
  private func drawn() throws -> Stepgraph {
    let stepgraph = try Stepgraph()
    try FileManager.default.createDirectory(at: stepgraph.folder.file("work"), withIntermediateDirectories: true)
    try stepgraph.copyModel(to: "work/model")
    let text = try String(contentsOfFile: Self.txt2img, encoding: .utf8)
    try stepgraph.folder.write(
      text.replacing("../Examples/emoji/model", with: "model").replacing(
        "default: out.png", with: "default: apple.png"),
      to: "work/graph.yaml")
    let run = try stepgraph.call(["run", "work/graph.yaml", "-q"] + Self.small)
    try #require(run.status == 0, "\(run.errors)")
    return stepgraph
  }

  private func move(_ name: String, to other: String, in stepgraph: Stepgraph) throws {
    let target = stepgraph.folder.file(other)
    try FileManager.default.createDirectory(
      at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.moveItem(at: stepgraph.folder.file(name), to: target)
  }

  private func changeWeights(below folder: String, in stepgraph: Stepgraph) throws {
    let weights = stepgraph.folder.file(folder + "/unet/diffusion_pytorch_model.safetensors")
    var bytes = try Data(contentsOf: weights)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: weights)
  }

  @Test func aPictureFindsItsModelByDigest() throws {
    let stepgraph = try drawn()
    let picture = try stepgraph.folder.contents("apple.png")
    #expect(try stepgraph("extract", "apple.png", "-o", "again.yaml").status == 0)
    try move("work/model", to: "models/renamed/sd", in: stepgraph)
    // One of another content has the name.
    try FileManager.default.copyItem(
      at: stepgraph.folder.file("models/renamed/sd"), to: stepgraph.folder.file("models/model"))
    try changeWeights(below: "models/model", in: stepgraph)
    try FileManager.default.removeItem(at: stepgraph.folder.file("apple.png"))
    let lost = try stepgraph.call(["plan", "again.yaml", "--no-cache"])
    #expect(lost.status == 2 && lost.errors.contains("(LoadModel): work/model: "), "\(lost.errors)")
    for arguments in [["--models", "models"], ["--remap", "work/model=models/renamed/sd"]] {
      let run = try stepgraph.call(["run", "again.yaml", "-q", "--no-cache"] + arguments)
      #expect(run.status == 0, "\(run.errors)")
      #expect(try stepgraph.folder.contents("apple.png") == picture, "the same bytes, the workflow in them too")
    }
    var other = stepgraph
    other.environment["STEPGRAPH_MODELS"] = "nowhere:\(stepgraph.folder.file("models").path)"
    #expect(try other("run", "again.yaml", "-q", "--no-cache").status == 0)
    try move("models", to: "data/stepgraph/models", in: stepgraph)
    other.environment = ["XDG_DATA_HOME": stepgraph.folder.file("data").path]
    #expect(try other("run", "again.yaml", "-q", "--no-cache").status == 0)
  }

  @Test func otherWeightsAreRefused() throws {
    let stepgraph = try drawn()
    #expect(try stepgraph("extract", "apple.png", "-o", "again.yaml").status == 0)
    try changeWeights(below: "work/model", in: stepgraph)
    let refused = try stepgraph.failure(["run", "again.yaml"])
    #expect(refused.status == 2)
    #expect(
      refused.errors.contains("error: this workflow was made with other weights: unet of 'work/model' differs\n"),
      "\(refused.errors)")
    let pattern = /unet\/diffusion_pytorch_model.safetensors was [0-9a-f]{12}, is [0-9a-f]{12}\n/
    #expect(refused.errors.contains(pattern), "\(refused.errors)")
    let taken = try stepgraph.call(["run", "again.yaml", "-q", "--any-model"])
    #expect(taken.status == 0, "\(taken.errors)")
    // What was never drawn has nothing to differ from.
    #expect(try stepgraph.call(["run", "work/graph.yaml", "-q"] + Self.small).status == 0)

    // Another numerics id is no reason not to run, but one to know of.
    try stepgraph.folder.write(
      String(decoding: try stepgraph.folder.contents("again.yaml"), as: UTF8.self)
        .replacing(/numerics: "[^"]*"/, with: "numerics: \"elsewhere\"").replacing(
          /"DDIMStep": [0-9]+/, with: "\"DDIMStep\": 99"),
      to: "again.yaml")
    let warned = try stepgraph.call(["plan", "again.yaml", "--any-model"])
    #expect(warned.status == 0)
    #expect(warned.errors.contains("warning: results may not be bit for bit those this workflow was made with\n"))
    #expect(warned.errors.contains("numerics was 'elsewhere', is '"), "\(warned.errors)")
    #expect(warned.errors.contains("DDIMStep was version 99, is version "), "\(warned.errors)")
  }

  @Test func aRelativePathIsLookedUp() throws {
    let stepgraph = try drawn()
    try move("work/model", to: "store/model", in: stepgraph)
    let found = try stepgraph.call(["run", "work/graph.yaml", "-q", "--no-cache", "--models", "store"] + Self.small)
    #expect(found.status == 0, "\(found.errors)")
  }

  @Test func aLockSurvivesMoves() throws {
    let stepgraph = try drawn()
    #expect(try stepgraph.call(["lock", "work/graph.yaml"] + Self.small).status == 0)
    try move("work/graph.yaml", to: "other/renamed.yaml", in: stepgraph)
    try move("work/graph.yaml.lock", to: "other/renamed.yaml.lock", in: stepgraph)
    try move("work/model", to: "store/another", in: stepgraph)
    let text = String(decoding: try stepgraph.folder.contents("other/renamed.yaml"), as: UTF8.self)
    try stepgraph.folder.write(
      text.replacing("default: apple.png", with: "default: pear.png"), to: "other/renamed.yaml")
    let plan = try stepgraph.call(["plan", "other/renamed.yaml", "--locked", "--models", "store"] + Self.small)
    #expect(plan.status == 0, "\(plan.errors)")
    // Drift is told in few lines.
    try stepgraph.folder.write(
      text.replacing("scale: $(cfg)", with: "scale: 4")
        .replacing(
          "  png:  ",
          with: "  more:     {node: EmptyLatent, in: {vae: model.vae}, with: {width: 16, seed: 3}}\n  png:  "),
      to: "other/renamed.yaml")
    let drifted = try stepgraph.failure(
      ["plan", "other/renamed.yaml", "--locked", "--models", "store"] + Self.small)
    #expect(drifted.status == 2)
    let lines = drifted.errors.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(
      lines == [
        "error: this is not what 'other/renamed.yaml.lock' locked", "= renamed.yaml: nodes.more is new",
        "= renamed.yaml: nodes.sample.nodes.eps.with.scale was '$(cfg)', is '4'",
        "= 'stepgraph lock' accepts it as it is now",
      ], "\(drifted.errors)")
  }

  @Test func anExtractedWorkflowReadsWhatThePictureRead() throws {
    let stepgraph = try drawn()
    #expect(try stepgraph("extract", "apple.png", "-o", "far/away/again.yaml").status == 0)
    let text = String(decoding: try stepgraph.folder.contents("far/away/again.yaml"), as: UTF8.self)
    #expect(
      text.contains(#"default: "../../work/model""#) && text.contains("x-models:\n") && text.contains("x-made-with:\n"))
    let run = try stepgraph.run("far/away/again.yaml")
    #expect(run.executed.isEmpty, "all of it is in the cache")
    #expect(try stepgraph("extract", "apple.png", "-o", "near.yaml").status == 0)
    let near = String(decoding: try stepgraph.folder.contents("near.yaml"), as: UTF8.self)
    #expect(text == near.replacing("default: work/model", with: #"default: "../../work/model""#))
  }
}
