import Diagnostics
import Foundation
import GraphEngine
import Testing

struct ExecutorTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// A folder to open, two branches from its parts, a chain of sums, a file.
  func toy(plus: Double = 1, out: String = "out.txt") -> ToyGraph {
    var toy = ToyGraph()
    toy.add("model", "Open", with: ["path": .path(folder.path + "/model")])
    toy.add("l", "Use", in: ["handle": "model.left"])
    toy.add("r", "Use", in: ["handle": "model.right"])
    toy.add("first", "Add", in: ["a": "l", "b": "r"])
    toy.add("second", "Add", in: ["a": "first.sum"], with: ["plus": .float(plus)])
    toy.add("third", "Add", in: ["a": "second.sum", "b": "first.negated"])
    toy.add("save", "Save", in: ["number": "third.sum"], with: ["path": .path("\(folder.path)/\(out)")])
    return toy
  }

  func writeModel(left: String = "2", right: String = "3") throws {
    try folder.write(left, to: "model/left")
    try folder.write(right, to: "model/right")
  }

  var cache: DiskCache { DiskCache(at: folder.path + "/cache") }

  /// Runs a graph as a new process would, with a cache object of its own.
  @discardableResult
  func run(_ graph: ResolvedGraph, cached: Bool = true) async throws -> EventLog {
    let log = EventLog()
    _ = try await Executor(cache: cached ? cache : nil, numerics: "test", events: log.sink).run(graph)
    return log
  }

  @Test func theSecondRunExecutesNothingButSinks() async throws {
    try writeModel()
    let first = try await run(toy().graph())
    #expect(first.nodes(.executed) == ["l", "r", "first", "second", "third", "save"])
    #expect(first.loaded == ["model.left", "model.right"])
    #expect(try folder.text(of: "out.txt").hasPrefix("1.0\n"))

    try FileManager.default.removeItem(atPath: folder.path + "/out.txt")
    let second = try await run(toy().graph())
    #expect(second.nodes(.executed) == ["save"])
    #expect(second.nodes(.disk) == ["third"])
    #expect(second.loaded == [])
    #expect(second.events.first?.json == #"{"event":"planned","nodes":7,"run":1,"hit":1}"#)
    #expect(try folder.text(of: "out.txt").hasPrefix("1.0\n"))
  }

  @Test func aChangeRunsItsDownstreamConeAlone() async throws {
    try writeModel()
    try await run(toy().graph())
    let changed = try await run(toy(plus: 5).graph())
    #expect(changed.nodes(.executed) == ["second", "third", "save"])
    #expect(changed.nodes(.disk) == ["first"])
    #expect(changed.loaded == [])

    try writeModel(right: "4")
    let part = try await run(toy(plus: 5).graph())
    #expect(part.nodes(.executed) == ["r", "first", "second", "third", "save"])
    #expect(part.nodes(.disk) == ["l"])
    #expect(part.loaded == ["model.right"])
  }

  @Test func movingFilesAndWritingElsewhereChangesNothing() async throws {
    try writeModel()
    try await run(toy().graph())
    try FileManager.default.moveItem(atPath: folder.path + "/model", toPath: folder.path + "/moved")
    var toy = ToyGraph()
    toy.add("renamed", "Open", with: ["path": .path(folder.path + "/moved")])
    toy.add("b", "Use", in: ["handle": "renamed.right"])
    toy.add("a", "Use", in: ["handle": "renamed.left"])
    toy.add("sum", "Add", in: ["a": "a", "b": "b"])
    toy.add("save", "Save", in: ["number": "sum"], with: ["path": .path(folder.path + "/else.txt")])
    let log = try await run(toy.graph())
    #expect(log.nodes(.executed) == ["save"])
    #expect(log.nodes(.disk) == ["sum"])
  }

  @Test func equalNodesExecuteOnce() async throws {
    var toy = ToyGraph()
    toy.add("x", "Constant", with: ["value": .float(2)])
    toy.add("y", "Constant", with: ["value": .float(2)])
    toy.add("a", "Add", in: ["a": "x"])
    toy.add("b", "Add", in: ["a": "y"])
    toy.add("c", "Add", in: ["a": "a", "b": "b"], cache: .none)
    toy.add("d", "Add", in: ["a": "b", "b": "a"], cache: .none)
    let log = EventLog()
    let result = try await Executor(cache: cache, numerics: "test", events: log.sink)
      .run(toy.graph(outputs: ["c": "c", "d": "d"]))
    #expect(log.nodes(.executed) == ["x", "a", "c", "d"])
    #expect(log.nodes(.shared) == ["y", "b"])
    #expect(result.outputs.mapValues { ($0 as? ToyNumber)?.value } == ["c": 4, "d": 4])
  }

  /// What depends on one output of a handle is not computed again for a parameter that reaches another.
  @Test func aParameterRunsWhatItReaches() async throws {
    try writeModel()
    func toy(left: Double) -> ToyGraph {
      var toy = ToyGraph()
      toy.add("model", "Open", with: ["path": .path(folder.path + "/model")])
      toy.add(
        "tune", "Tune", in: ["left": "model.left", "right": "model.right"], with: ["left_scale": .float(left)])
      toy.add("l", "Use", in: ["handle": "tune.left"])
      toy.add("r", "Use", in: ["handle": "tune.right"])
      return toy
    }
    #expect(try await run(toy(left: 2).graph(targets: ["l", "r"])).nodes(.executed) == ["l", "r"])
    #expect(try await run(toy(left: 3).graph(targets: ["l", "r"])).nodes(.executed) == ["l"])
  }

  @Test func whatANodeLeftOutFeedsNothing() async throws {
    try writeModel()
    var toy = ToyGraph()
    toy.add("model", "Open", with: ["path": .path(folder.path + "/model")])
    toy.add("tune", "Tune", in: ["left": "model.left"])
    toy.add("l", "Use", in: ["handle": "tune.left"])
    toy.add("r", "Use", in: ["handle": "tune.right"])
    #expect(try await run(toy.graph(targets: ["l"])).nodes(.executed) == ["l"])
    let failure = try await #require(throws: Diagnostic.self) { try await run(toy.graph(targets: ["r"])) }
    #expect(failure.message == "node 'r' (Use): 'tune' puts out no 'right' here")
  }

  @Test func policiesKeepResultsOffTheDisk() async throws {
    var toy = ToyGraph()
    toy.add("x", "Constant", with: ["value": .float(2)], cache: .memory)
    toy.add("y", "Constant", with: ["value": .float(2)], cache: .memory)
    toy.add("z", "Add", in: ["a": "x", "b": "y"], cache: .none)
    let graph = toy.graph(targets: ["z"])
    for _ in 1...2 {
      let log = try await run(graph)
      #expect(log.nodes(.executed) == ["x", "z"])
      #expect(log.nodes(.shared) == ["y"])
    }
    #expect(cache.statistics().entries == 0)
  }

  @Test func withoutACacheEverythingRuns() async throws {
    try writeModel()
    for _ in 1...2 {
      #expect(try await run(toy().graph(), cached: false).nodes(.executed).count == 6)
    }
  }

  @Test func aFailureTellsItsLineAndKeepsWhatIsDone() async throws {
    var toy = ToyGraph()
    toy.add("x", "Constant", with: ["value": .float(2)])
    toy.add("done", "Add", in: ["a": "x"])
    toy.add("slow", "ActIO", in: ["a": "x"], with: ["milliseconds": .int(60)])
    toy.add("broken", "Act", in: ["a": "done"], with: ["how": .string("fail")])
    toy.add("after", "Add", in: ["a": "broken"])
    toy.add("other", "Add", in: ["a": "slow"])
    let log = EventLog()
    let failure = try await #require(throws: Diagnostic.self) {
      _ = try await Executor(cache: cache, numerics: "test", events: log.sink)
        .run(toy.graph(targets: ["after", "other"]))
    }
    #expect(failure.message == "node 'broken' (Act): it is meant to fail")
    #expect(failure.location?.description == "toy.yaml:32:3")
    #expect(failure.notes == ["a note"])
    #expect(Set(log.nodes(.executed)) == ["x", "done", "slow"])
    #expect(
      log.events.map(\.json).contains(
        #"{"event":"failed","node":"broken","type":"Act","message":"node 'broken' (Act): it is meant to fail","location":"toy.yaml:32:3"}"#
      ))
    let plan = try makePlan(toy.graph(targets: ["after", "other"]), cache: cache, numerics: "test")
    #expect(plan.nodes.map(\.action) == [.skip, .hit, .hit, .run, .run, .run])
  }

  @Test(arguments: [
    ("surprise", "node 'bad' (Act): Surprise()"),
    ("nan", "node 'bad' (Act): its output 'result' holds NaN or infinity; nothing of it was kept"),
    ("nothing", "node 'bad' (Act): it put out nothing on 'result'"),
  ])
  func whatANodeDoesWrongIsToldByName(how: String, message: String) async throws {
    var toy = ToyGraph()
    toy.add("bad", "Act", with: ["how": .string(how)])
    let failure = try await #require(throws: Diagnostic.self) { try await run(toy.graph(targets: ["bad"])) }
    #expect(failure.message == message)
    #expect(failure.location?.description == "toy.yaml:1:1")
    #expect(cache.statistics().entries == 0)
  }

  @Test func warningsComeWithTheirLine() async throws {
    var toy = ToyGraph()
    toy.add("w", "Act", with: ["how": .string("warn")])
    let log = EventLog()
    let result = try await Executor(cache: nil, numerics: "test", events: log.sink).run(toy.graph(targets: ["w"]))
    #expect(result.warnings.map(\.message) == ["be warned"])
    #expect(
      log.events.map(\.json).contains(
        #"{"event":"warning","node":"w","message":"be warned","location":"toy.yaml:2:3"}"#))
  }

  @Test func cancellingKeepsWhatIsDone() async throws {
    var toy = ToyGraph()
    toy.add("done", "Constant", with: ["value": .float(1)])
    toy.add("waits", "Act", in: ["a": "done"], with: ["how": .string("wait")])
    toy.add("after", "Add", in: ["a": "waits"])
    let log = EventLog()
    let graph = toy.graph(targets: ["after"])
    let task = Task { [cache] in try await Executor(cache: cache, numerics: "test", events: log.sink).run(graph) }
    while !log.events.contains(where: { if case .started("waits", _, _) = $0 { true } else { false } }) {
      try await Task.sleep(for: .milliseconds(1))
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
    #expect(log.events.last?.json == #"{"event":"cancelled"}"#)
    #expect(try makePlan(graph, cache: cache, numerics: "test").nodes.map(\.action) == [.hit, .run, .run])
  }

  @Test func aNodeThatDoesNotStopIsLeftBehind() async throws {
    var toy = ToyGraph()
    toy.add("hangs", "Act", with: ["how": .string("hang")])
    let log = EventLog()
    let graph = toy.graph(targets: ["hangs"])
    let task = Task { [cache] in try await Executor(cache: cache, numerics: "test", events: log.sink).run(graph) }
    while log.events.count < 2 { try await Task.sleep(for: .milliseconds(1)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
    ToyAct.mayReturn.store(true, ordering: .relaxed)
  }

  @Test func sinksGetTheWorkflowWithDigests() async throws {
    try writeModel()
    try await run(toy().graph())
    #expect(
      try folder.text(of: "out.txt") == """
        1.0
        stepgraph: 1
        x-models:
          "model/left": "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35"
          "model/right": "4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce"
        x-made-with:
          numerics: "test"
          nodes: {"Add": 1, "Open": 1, "Save": 1, "Use": 1}
          sizes: {"model/left": 1, "model/right": 1}

        """)
  }

  @Test func valuesGoWhenTheirLastConsumerIsDone() async throws {
    var toy = ToyGraph()
    toy.add("b0", "Carry", with: ["number": .int(0)])
    for index in 1..<50 { toy.add("b\(index)", "Carry", in: ["bulk": "b\(index - 1)"], with: ["number": .int(1)]) }
    let result = try await Executor(cache: nil, numerics: "test").run(toy.graph(outputs: ["last": "b49"]))
    #expect(result.outputs.count == 1)
    let most = ToyBulk.Life.most.load(ordering: .relaxed)
    #expect((3...5).contains(most), "an input, two outputs, and what a thread has not let go of yet")
    #expect(ToyBulk.Life.alive.load(ordering: .relaxed) <= 3)
  }

  @Test func aLongChainOfNodesRuns() async throws {
    var toy = ToyGraph()
    toy.add("n0", "Constant", with: ["value": .float(0)])
    for index in 1...10_000 { toy.add("n\(index)", "Add", in: ["a": "n\(index - 1)"], with: ["plus": .float(1)]) }
    let result = try await Executor(cache: nil, numerics: "test").run(toy.graph(outputs: ["last": "n10000"]))
    #expect(result.outputs["last"] as? ToyNumber == ToyNumber(10_000))
  }
}
