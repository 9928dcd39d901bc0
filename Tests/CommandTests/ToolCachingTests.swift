import Foundation
import StepgraphNodes
import Testing

/// What runs again when a mask, a strength or the steps of a ControlNet change: exactly what depends on it.
struct ToolCachingTests {
  private static func path(_ graph: String) -> String { Repository.graphs.appending(path: graph).path }

  /// Addresses of nodes in some steps of a loop.
  private static func steps(_ loop: String, _ range: Range<Int>, _ nodes: String...) -> Set<String> {
    Set(range.flatMap { step in nodes.map { "\(loop)[\(step)]/\($0)" } })
  }

  @Test func anotherMaskRunsWhatSeesIt() throws {
    let stepgraph = try Stepgraph()
    let graph = Self.path("inpaint.yaml")
    let settings = ["steps=5", "first=2"]
    func picture(_ name: String, isWhite: (Int, Int) -> Bool) throws {
      let pixels = (0..<64 * 64).flatMap { place -> [UInt8] in
        Array(repeating: isWhite(place / 64, place % 64) ? 255 : 0, count: 3)
      }
      let file = try PNG.encode(pixels: pixels, width: 64, height: 64)
      try Data(file).write(to: stepgraph.folder.file(name))
    }
    try picture("mask.png") { $0 < 32 && $1 < 32 }
    _ = try stepgraph.run(graph, settings + ["mask=mask.png"])
    // How soft the seam is matters to the picture alone.
    #expect(try stepgraph.run(graph, settings + ["mask=mask.png", "feather=2"]).executed == ["seam", "image"])
    try picture("mask.png") { $0 < 32 && $1 < 40 }
    let all = Self.steps("sample", 3..<5, "eps_n", "eps_p", "eps", "next")
    let masked: Set<String> = ["mask", "seam", "inside", "image"]
    #expect(
      try stepgraph.run(graph, settings + ["mask=mask.png"]).executed
        == all.union(Self.steps("sample", 2..<5, "keep")).union(masked).union(["drawn", "white"]))
    // A grown mask is another one, of the same picture.
    #expect(
      try stepgraph.run(graph, settings + ["mask=mask.png", "grow=8"]).executed
        == all.union(Self.steps("sample", 2..<5, "keep")).union(masked))
  }

  @Test func aControlNetRunsWhereItActs() throws {
    let stepgraph = try Stepgraph()
    try DemoControlNet.write(to: stepgraph.folder.file("net"))
    let graph = Self.path("controlnet.yaml")
    func run(_ settings: String...) throws -> Set<String> {
      try stepgraph.run(graph, ["controlnet=net", "steps=4"] + settings).executed
    }
    let (nets, others) = (["add_n", "add_p"], ["eps_n", "eps_p", "eps", "next"])
    func guided(_ range: Range<Int>) -> Set<String> {
      Set(range.flatMap { step in (nets + others).map { "guided[\(step)]/\($0)" } })
    }
    func free(_ range: Range<Int>) -> Set<String> {
      Set(range.flatMap { step in others.map { "free[\(step)]/\($0)" } })
    }
    #expect(try run("until=3").isSuperset(of: guided(0..<3).union(free(3..<4)).union(["image", "edges", "start"])))
    // A step less: those before are as they were.
    #expect(try run("until=2") == free(2..<4).union(["image"]))
    // A step more than at first: one with it, and none without.
    #expect(try run("until=4") == guided(3..<4).union(["image"]))
    #expect(try run("until=0") == free(0..<4).union(["image"]))
    #expect(try run("until=3").isEmpty)
    // Another strength: all steps with it, and those that follow.
    #expect(try run("until=3", "strength=0.5") == guided(0..<3).union(free(3..<4)).union(["image"]))
    // Another guidance: at the first step the ControlNet's own results are there.
    #expect(
      try run("until=3", "cfg=5")
        == guided(1..<3).union(free(3..<4)).union(["guided[0]/eps", "guided[0]/next", "image"]))
    // Another threshold: another picture of edges, and what looks at it.
    #expect(try run("until=3", "high=0.6") == guided(0..<3).union(free(3..<4)).union(["edges", "image"]))
  }
}
