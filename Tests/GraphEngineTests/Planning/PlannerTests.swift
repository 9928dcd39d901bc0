import Diagnostics
import Foundation
import GraphEngine
import Testing

struct PlannerTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  func plan(_ graph: ResolvedGraph, cache: DiskCache? = nil) throws -> Plan {
    try makePlan(graph, cache: cache, numerics: "test")
  }

  @Test func everyActionHasItsReason() async throws {
    try folder.write("2", to: "model/left")
    try folder.write("3", to: "model/right")
    func graph(plus: Double) -> ResolvedGraph {
      var toy = ToyGraph()
      toy.add("model", "Open", with: ["path": .path(folder.path + "/model")])
      toy.add("l", "Use", in: ["handle": "model.left"])
      toy.add("x", "Constant", with: ["value": .float(1)])
      toy.add("sum", "Add", in: ["a": "l", "b": "x"], with: ["plus": .float(plus)])
      toy.add("again", "Add", in: ["a": "l", "b": "x"], with: ["plus": .float(plus)])
      toy.add("last", "Add", in: ["a": "sum", "b": "again"])
      toy.add("loose", "Add", in: ["a": "last"], cache: .none)
      toy.add("fresh", "Use", in: ["handle": "model.right"])
      toy.add("save", "Save", in: ["number": "loose"], with: ["path": .path(folder.path + "/out")])
      toy.add("unasked", "Constant", with: ["value": .float(1)])
      return toy.graph(targets: ["save", "fresh"])
    }
    func lines(_ plan: Plan) -> [String] {
      plan.nodes.indices.map { "\(plan.graph.nodes[$0].address): \(plan.nodes[$0].action) \(plan.reason(for: $0))" }
    }
    let cache = DiskCache(at: folder.path + "/cache")
    _ = try await Executor(cache: cache, numerics: "test").run(graph(plus: 1))
    try folder.write("4", to: "model/right")
    let changed = try plan(graph(plus: 2), cache: cache)
    #expect(
      lines(changed) == [
        "model: open needed by 'fresh'",
        "l: hit in the cache",
        "x: hit in the cache",
        "sum: run not in the cache",
        "again: shared(3) does the same as 'sum'",
        "last: run its input 'sum' runs",
        "loose: run cache: none",
        "fresh: run not in the cache",
        "save: run writes a file: always runs",
        "unasked: skip no target needs it",
      ])
    #expect((changed.runCount, changed.hitCount, changed.sharedCount) == (5, 2, 1))
    let same = try plan(graph(plus: 1), cache: cache)
    #expect(
      lines(same)[1...3] == [
        "l: skip all that needs it is in the cache", "x: skip all that needs it is in the cache",
        "sum: skip all that needs it is in the cache",
      ])
    #expect(try plan(graph(plus: 1)).reason(for: 3) == "the cache is off")
  }

  @Test func filesThatCannotBeReadAreToldTogetherAndOnce() throws {
    var toy = ToyGraph()
    try folder.write("2", to: "half/left")
    toy.add("half", "Open", with: ["path": .path(folder.path + "/half")])
    toy.add("none", "Open", with: ["path": .path(folder.path + "/none")])
    toy.add("l", "Use", in: ["handle": "half.left"])
    toy.add("r", "Use", in: ["handle": "none.left"])
    toy.add("sum", "Add", in: ["a": "l", "b": "r"])
    var graph = toy.graph(targets: ["sum"])
    graph.nodes[1].location = graph.nodes[0].location
    let list = try #require(throws: DiagnosticList.self) { _ = try plan(graph) }
    #expect(
      list.diagnostics.map(\.message) == [
        "node 'half' (Open): cannot read '\(folder.path)/half/right': no such file or directory",
        "node 'none' (Open): cannot read '\(folder.path)/none/left': no such file or directory",
      ])
    #expect(list.diagnostics.map(\.location?.description) == ["toy.yaml:2:3", "toy.yaml:12:3"])
    #expect(throws: Never.self) { try plan(toy.graph(targets: [])) }
  }

  /// The whole workflow decides, whichever part of it is run.
  @Test func consumersSettleParameters() throws {
    func value(_ scaled: Bool, targets: [String]) throws -> ParameterValue? {
      var toy = ToyGraph()
      toy.add("aware", "Aware", with: ["value": .float(2)])
      toy.add("sum", "Add", in: ["a": "aware", "b": "aware"])
      toy.add("again", "Add", in: ["a": "aware"])
      if scaled { toy.add("scale", "Scale", in: ["base": "sum", "factor": "aware"]) }
      return try plan(toy.graph(targets: targets)).graph.nodes[0].parameters.values["value"]
    }
    #expect(try value(false, targets: ["sum"]) == .float(-2))
    #expect(try value(false, targets: ["aware"]) == .float(-2))
    #expect(try value(true, targets: ["scale"]) == .float(2))
    #expect(try value(true, targets: ["sum"]) == .float(2))
  }

  @Test func aFolderIsNoFile() throws {
    try folder.write("2", to: "model/left")
    try folder.write("2", to: "model/right/inner")
    var toy = ToyGraph()
    toy.add("model", "Open", with: ["path": .path(folder.path + "/model")])
    let list = try #require(throws: DiagnosticList.self) { _ = try plan(toy.graph(targets: ["model"])) }
    #expect(
      list.diagnostics.map(\.message) == [
        "node 'model' (Open): cannot read '\(folder.path)/model/right': it is no regular file"
      ])
  }

  @Test func digestsOfLargeFilesAreRememberedUntilTheFileChanges() async throws {
    try folder.write("2", to: "model/left")
    try folder.write(String(repeating: "3", count: 100_000), to: "model/right")
    var toy = ToyGraph()
    toy.add("model", "Open", with: ["path": .path(folder.path + "/model")])
    let graph = toy.graph(targets: ["model"])
    let memo = folder.path + "/cache/v1/digests"
    func key() throws -> ContentDigest? { try plan(graph, cache: DiskCache(at: folder.path + "/cache")).key(of: 0) }

    let honest = try key()
    #expect(!FileManager.default.fileExists(atPath: memo), "the file is too new to be remembered")
    try await Task.sleep(for: .seconds(2.1))
    #expect(try key() == honest)
    let text = try folder.text(of: "cache/v1/digests")
    #expect(text.split(separator: "\n").count == 2, "one large file and the check")

    // A memo that lies, with a check that is right, shows that it is read; a damaged one is not believed.
    let body = text.split(separator: "\n")[0].dropLast(64) + String(repeating: "0", count: 64) + "\n"
    try folder.write("\(body)check \(ContentDigest(hashing: Array(body.utf8)))\n", to: "cache/v1/digests")
    #expect(try key() != honest)
    try folder.write(body + "check " + String(repeating: "0", count: 64) + "\n", to: "cache/v1/digests")
    #expect(try key() == honest)
    try folder.write(String(repeating: "4", count: 100_000), to: "model/right")
    #expect(try key() != honest)
  }

  @Test func aHundredThousandNodesArePlanned() throws {
    var toy = ToyGraph()
    toy.add("n0", "Constant", with: ["value": .float(0)])
    for index in 1..<100_000 {
      toy.add("n\(index)", "Add", in: ["a": "n\(index - 1)"], with: ["plus": .float(Double(index % 7))])
    }
    let graph = toy.graph(targets: ["n99999"])
    for cache in [nil, DiskCache(at: folder.path + "/cache")] {
      #expect(try plan(graph, cache: cache).runCount == 100_000)
    }
  }
}
