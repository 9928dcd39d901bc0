import Foundation
import StepgraphNodes
import Testing

/// Every workflow file of the repository is valid and draws a picture with the demo model.
struct ShippedGraphsTests {
  static let graphs = ["Graphs", "Examples"].flatMap { folder in
    ((try? FileManager.default.contentsOfDirectory(atPath: Repository.root.appending(path: folder).path)) ?? [])
      .filter { $0.hasSuffix(".yaml") }.map { "\(folder)/\($0)" }
  }.sorted()

  @Test func thereAreSome() { #expect(Self.graphs.count >= 4) }

  @Test(arguments: graphs)
  func isValidAndDraws(_ graph: String) throws {
    let stepgraph = try Stepgraph()
    let path = Repository.root.appending(path: graph).path
    let result = try stepgraph("validate", path)
    #expect(result.status == 0, "\(result.errors)")

    let events = try stepgraph.run(path, ["out=pictures/out.png"])
    #expect(events.contains { $0.event == "wrote" && $0.path == "pictures/out.png" })
    let picture = try PNG.decode(Array(stepgraph.folder.contents("pictures/out.png")))
    #expect((picture.width, picture.height) == (64, 64))
    // A picture, and not one colour.
    #expect(Set(picture.pixels).count > 20)
  }
}
