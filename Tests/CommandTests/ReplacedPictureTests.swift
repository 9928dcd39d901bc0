import Foundation
import Testing

/// What becomes of pictures that are there before a run.
struct ReplacedPictureTests {
  private let stepgraph: Stepgraph
  private static let model = "model=\(Repository.tinyModel)"

  init() throws {
    stepgraph = try Stepgraph()
    try stepgraph.folder.write(Self.graph(latent: "{width: 8, height: 8, seed: $(seed)}"), to: "one.yaml")
    try stepgraph.folder.write(Self.graph(latent: "{width: 8, height: 16, seed: $(seed)}"), to: "other.yaml")
    try stepgraph.folder.write(Self.graph(latent: "{width: 8, height: 8, seed: $(seed), batch: 2}"), to: "two.yaml")
    try stepgraph.folder.write(
      Self.graph(latent: "{width: 8, height: 8, seed: $(seed)}").replacing("out.png", with: "out.png, counter: true"),
      to: "counted.yaml")
  }

  private static func graph(latent: String) -> String {
    """
    stepgraph: 1
    params: {model: {type: path}, seed: {type: int, default: 1}}
    nodes:
      model: {node: LoadModel, with: {path: $(model)}}
      noise: {node: EmptyLatent, in: {vae: model.vae}, with: \(latent)}
      image: {node: Decode, in: {vae: model.vae, latent: noise}}
      png:   {node: SavePNG, in: {image: image}, with: {path: out.png}}

    """
  }

  private func run(_ graph: String, _ more: String...) throws -> (status: Int32, errors: String) {
    let result = try stepgraph.call(["run", graph, "--set", Self.model] + more)
    return (result.status, result.errors)
  }

  @Test func counterNumbersPictures() throws {
    for _ in 0..<2 { #expect(try run("counted.yaml").status == 0) }
    try stepgraph.folder.write("", to: "out_00041.png")
    #expect(try stepgraph("run", "counted.yaml", "--set", Self.model).output.contains("out_00042.png"))
    #expect(stepgraph.folder.exists("out_00001.png") && stepgraph.folder.exists("out_00002.png"))
    #expect(!stepgraph.folder.exists("out.png"))
    #expect(try stepgraph.folder.contents("out_00041.png").isEmpty)
  }

  @Test func picturesOfOtherWorkflowsAreReplacedWithAWord() throws {
    #expect(try run("one.yaml").errors.contains("replaced") == false)
    // Another value is no other workflow.
    #expect(try run("one.yaml", "--set", "seed=2").errors.contains("replaced") == false)
    let replaced = try run("other.yaml")
    #expect(
      replaced.errors.contains(
        "other.yaml:7:59: warning: 'out.png' was a picture of another workflow and is replaced\n"), "\(replaced.errors)"
    )
    #expect(replaced.status == 0)
  }

  @Test func onATerminalTheyAreLeft() throws {
    #expect(try run("one.yaml").status == 0)
    #expect(try run("two.yaml").status == 0)
    let before = try ["out.png", "out-0.png", "out-1.png"].map { try stepgraph.folder.contents($0) }
    // Known before anything runs.
    let refused = try stepgraph.onTerminal(["run", "other.yaml", "--set", Self.model], columns: 200)
    #expect(refused.status == 2)
    #expect(try stepgraph.folder.contents("out.png") == before[0])
    #expect(
      refused.screen.contains(
        "error: node 'png' (SavePNG): 'out.png' is a picture of another workflow, and is left as it is"),
      "\(refused.screen)")
    #expect(
      refused.screen.contains("--overwrite replaces it; 'counter: true' numbers pictures, so that none is replaced"))
    // Known when they are written.
    try FileManager.default.removeItem(at: stepgraph.folder.file("out.png"))
    try stepgraph.folder.write(Self.graph(latent: "{width: 16, height: 8, seed: 1, batch: 2}"), to: "late.yaml")
    #expect(try stepgraph.onTerminal(["run", "late.yaml", "--set", Self.model]).status == 1)
    #expect(try ["out-0.png", "out-1.png"].map { try stepgraph.folder.contents($0) } == Array(before.dropFirst()))

    #expect(try stepgraph.onTerminal(["run", "one.yaml", "--set", Self.model, "--set", "seed=3"]).status == 0)
    #expect(try stepgraph.onTerminal(["run", "other.yaml", "--overwrite", "--set", Self.model]).status == 0)
  }

  @Test func picturesThatNoWorkflowDrewAreOthersToo() throws {
    let pixel = try #require(
      Data(
        base64Encoded:
          "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="))
    try pixel.write(to: stepgraph.folder.file("out.png"))
    let refused = try stepgraph.onTerminal(["run", "one.yaml", "--set", Self.model], columns: 200)
    #expect(refused.screen.contains("'out.png' is no picture of a workflow, and is left as it is"), "\(refused.screen)")
    #expect(refused.status == 2)
  }
}
