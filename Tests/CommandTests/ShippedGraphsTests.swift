import Foundation
import StepgraphNodes
import TestSupport
import Testing

/// Every workflow file of the repository is valid and draws pictures with the demo model.
struct ShippedGraphsTests {
  static let graphs = ["Graphs", "Examples"].flatMap { folder in
    ((try? FileManager.default.contentsOfDirectory(atPath: Repository.root.appending(path: folder).path)) ?? [])
      .filter { $0.hasSuffix(".yaml") }.map { "\(folder)/\($0)" }
  }.sorted()

  static let samplers =
    ((try? FileManager.default.contentsOfDirectory(atPath: Repository.graphs.appending(path: "samplers").path)) ?? [])
    .filter { $0.hasSuffix(".yaml") }.sorted()

  @Test func thereAreSome() {
    #expect(Self.graphs.count >= 10)
    #expect(Self.samplers.count >= 19)
  }

  @Test(arguments: graphs)
  func isValidAndDraws(_ graph: String) throws {
    let stepgraph = try Stepgraph()
    let path = Repository.root.appending(path: graph).path
    let needed = graph.hasSuffix("controlnet.yaml") ? ["controlnet=net"] : []
    let result = try stepgraph("validate", path)
    #expect(result.status == 0, "\(result.errors)")

    // Every method takes its time; what it draws is looked at in few steps.
    var settings = needed + (graph.hasSuffix("compare-samplers.yaml") ? ["steps=5"] : [])
    if !needed.isEmpty { try DemoControlNet.write(to: stepgraph.folder.file("net")) }
    if graph.contains("sdxl") {
      // Graphs for SDXL take any model; tests of the families run them with its own.
      settings += ["model=\(Repository.demoModel)", "width=64", "height=64", "cfg=3"]
      if graph.contains("refiner") { settings.append("refiner=\(Repository.demoModel)") }
    }
    if let pipeline = TinyPipeline.name(forGraph: graph) {
      try TinyPipeline.writeModel(pipeline, to: stepgraph.folder.file("model"))
      settings += ["model=model", "steps=2", "tokens=32"]
      // Inpainting takes the size of its picture.
      if !graph.hasSuffix("flux-fill.yaml") { settings += ["width=64", "height=64"] }
    }
    if graph.hasSuffix("lora.yaml") {
      settings.append("lora=\(Repository.fixtures.appending(path: "lora/demo.safetensors").path)")
    }
    let events = try stepgraph.run(path, ["out=pictures/out.png"] + settings)
    let written = events.compactMap { $0.event == "wrote" && $0.type == "SavePNG" ? $0.path : nil }
    #expect(written.contains("pictures/out.png") || written.contains("pictures/out-sheet.png"))
    for path in written {
      #expect(path.hasPrefix("pictures/out"))
      let picture = try PNG.decode(Array(stepgraph.folder.contents(path)))
      #expect(picture.width >= 64 && picture.height >= 64)
      // A picture, and not one colour.
      #expect(Set(picture.pixels).count > 20)
    }
  }

  /// The comparison leaves no method out, and labels each.
  @Test(arguments: samplers)
  func isCompared(_ sampler: String) throws {
    let text = try String(contentsOf: Repository.graphs.appending(path: "compare-samplers.yaml"), encoding: .utf8)
    let name = sampler.replacing(".yaml", with: "")
    #expect(text.contains("\n  \(name): ") && text.contains("{graph: samplers/\(sampler), "))
    #expect(text.contains("\n        - pic-\(name)\n"))
  }
}
