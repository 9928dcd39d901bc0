import Foundation
import StepgraphNodes
import Testing

/// A picture carries all that is needed to draw it again.
struct ExtractTests {
  @Test(arguments: ["txt2img", "txt2img-cfg", "img2img"])
  func anExtractedWorkflowDrawsTheSamePicture(_ name: String) throws {
    let stepgraph = try Stepgraph()
    let graph = Repository.graphs.appending(path: "\(name).yaml").path
    let prompt = "prompt=no: \"quoted\" # $$(text), ünï ✓"
    let model = Repository.fixtures.appending(path: "sd1-tiny/model")
    try FileManager.default.copyItem(at: model, to: stepgraph.folder.file("model"))
    let settings = ["model=model", "steps=3", prompt]
    _ = try stepgraph.run(graph, settings + (name == "img2img" ? ["first=1"] : ["seed=random"]))
    let picture = try stepgraph.folder.contents("out.png")

    let extracted = try stepgraph("extract", "out.png", "-o", "again.yaml")
    #expect(extracted.status == 0, "\(extracted.errors)")
    let text = String(decoding: try stepgraph.folder.contents("again.yaml"), as: UTF8.self)
    for line in text.split(separator: "\n") where line.contains("path") { #expect(!line.contains(": /")) }
    #expect(!text.contains(stepgraph.folder.path))

    try FileManager.default.removeItem(at: stepgraph.folder.file("out.png"))
    _ = try stepgraph.run("again.yaml", [], "--no-cache")
    #expect(try PNG.decode(Array(stepgraph.folder.contents("out.png"))).pixels == PNG.decode(Array(picture)).pixels)
  }

  @Test func extractPrintsWithoutAnOutput() throws {
    let stepgraph = try Stepgraph()
    let graph = Repository.graphs.appending(path: "txt2img.yaml").path
    _ = try stepgraph.run(graph, ["model=\(Repository.fixtures.appending(path: "sd1-tiny/model").path)", "steps=1"])
    #expect(try stepgraph("extract", "out.png").output.hasPrefix("stepgraph: 1\n"))
  }
}
