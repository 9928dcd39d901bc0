import Foundation
import GraphEngine
import StepgraphNodes
import Testing

/// The pages of the node types in the documentation are those that `make node-pages` writes.
struct NodePagesTests {
  private static let pages = Repository.root.appending(path: "Sources/stepgraph/Documentation.docc/Nodes")

  @Test func pagesAreThoseOfTheCatalogue() throws {
    let stepgraph = try Stepgraph()
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.pages.path).sorted()
    let pictures = names.filter { $0.hasSuffix(".png") }
    for name in pictures {
      try Data(contentsOf: Self.pages.appending(path: name)).write(to: stepgraph.folder.file(name))
    }
    #expect(try stepgraph("nodes", "--pages", ".").status == 0)
    let written = stepgraph.folder.names.filter { !$0.hasPrefix(".") }
    #expect(written == names, "run 'make node-pages'")
    for name in written where name.hasSuffix(".md") {
      #expect(
        try stepgraph.folder.contents(name) == Data(contentsOf: Self.pages.appending(path: name)),
        "\(name) is not what 'make node-pages' writes")
    }
  }

  /// Whatever puts out pictures, masks or latents is drawn, but for what only holds or reads others.
  @Test func whatDrawsHasAPicture() throws {
    let undrawn: Set = ["LoadLatent", "LoadTensor", "EditCombine"]
    for declaration in NodeCatalog.stepgraph.declarations {
      let type = declaration.info.type
      let draws = declaration.outputs.contains { ["image", "mask", "latent"].contains($0.type.name) }
      let exists = FileManager.default.fileExists(atPath: Self.pages.appending(path: "\(type).png").path)
      #expect(!draws || exists || undrawn.contains(type), "\(type) has no picture")
    }
    let stepgraph = try Stepgraph()
    let graph = Repository.root.appending(path: "Examples/node-pages/pictures.yaml").path
    #expect(try stepgraph("validate", graph).status == 0)
  }
}
