import Diagnostics
import Foundation
import GraphEngine
import Testing

/// `run --refresh` and `run --check-determinism`.
struct RecomputationTests {
  let folder: ScratchFolder
  let graph: ResolvedGraph

  init() throws {
    folder = try ScratchFolder()
    var toy = ToyGraph()
    toy.add("x", "Constant", with: ["value": .float(2)])
    toy.add("s[0]/a", "Add", in: ["a": "x"], with: ["plus": .float(1)])
    toy.add("s[0]/b", "Add", in: ["a": "s[0]/a"], with: ["plus": .float(2)])
    toy.add("s[1]/a", "Add", in: ["a": "s[0]/b"], with: ["plus": .float(3)])
    toy.add("other", "Add", in: ["a": "x"], with: ["plus": .float(9)])
    toy.add("end", "Add", in: ["a": "s[1]/a", "b": "other"])
    toy.add("loose", "Add", in: ["a": "x"], with: ["plus": .float(10)])
    graph = toy.graph(targets: ["end"])
  }

  var cache: DiskCache { DiskCache(at: folder.path + "/cache") }

  func run(refreshing names: [String] = []) async throws -> EventLog {
    let log = EventLog()
    let executor = Executor(cache: cache, numerics: "test", events: log.sink)
    let recomputed = try graph.nodesToRefresh(names, option: "--refresh")
    _ = try await executor.run(executor.plan(graph, options: PlanOptions(recomputed: recomputed)))
    return log
  }

  @Test(arguments: [
    (["s[0]/b"], ["s[0]/b", "s[1]/a", "end"]), (["s"], ["s[0]/a", "s[0]/b", "s[1]/a", "end"]),
    (["s[1]"], ["s[1]/a", "end"]), (["other", "end"], ["other", "end"]),
    (["x"], ["x", "s[0]/a", "s[0]/b", "s[1]/a", "other", "end"]),
  ])
  func aRefreshedNodeRunsWithAllThatFollows(names: [String], expected: [String]) async throws {
    _ = try await run()
    #expect(try await run(refreshing: names).nodes(.executed).sorted() == expected.sorted())
    #expect(try await run().nodes(.executed) == [])
  }

  /// A wrong result under a right key, as a defect would leave it, is replaced and so is what came of it.
  @Test func refreshingReplacesWhatIsKept() async throws {
    _ = try await run()
    let plan = try makePlan(graph, cache: cache, numerics: "test")
    let wrong = try ToyNumber(1000).encoded()
    for index in [1, 2] {
      let key = try #require(plan.key(of: index))
      #expect(
        cache.store(
          key: key, node: "Add", descriptor: [], seconds: 1,
          outputs: [("sum", "number", wrong), ("negated", "number", wrong)]))
    }
    let executor = Executor(cache: cache, numerics: "test")
    let end = try await executor.run(
      executor.plan(graph, options: PlanOptions(recomputed: try graph.nodesToRefresh(["s[0]/a"], option: "--refresh"))))
    #expect(end.outputs.isEmpty)
    let key = try #require(plan.key(of: 2))
    let entry = try #require(cache.entry(for: key, outputs: graph.nodes[2].declaration.outputs))
    #expect(cache.blob(entry.outputs[0].blob) == (try ToyNumber(5).encoded()))
  }

  @Test(arguments: [
    ("s[0]/c", "there is no node 's[0]/c'", ["did you mean 's[0]/a'?"]),
    ("loose", "no target of this run needs 'loose'", []),
  ])
  func namesThatFitNothingAreTold(name: String, message: String, notes: [String]) throws {
    let list = try #require(throws: DiagnosticList.self) { _ = try graph.nodesToRefresh([name], option: "--refresh") }
    #expect(list.diagnostics.map(\.message) == [message])
    #expect(list.diagnostics[0].notes == notes)
    #expect(list.diagnostics[0].location?.file.path == "--refresh \(name)")
  }

  /// Computes nodes of a plan again; gives the events that tell how that came out.
  func compare(_ count: Int, of plan: Plan) async throws -> [RunEvent] {
    let log = EventLog()
    let executor = Executor(cache: cache, numerics: "test", events: log.sink)
    let comparison = try #require(try executor.comparison(count, of: plan))
    _ = try await executor.run(comparison)
    return log.events.filter { if case .compared = $0 { true } else { false } }
  }

  @Test func computingAgainTellsNodesWithOtherBits() async throws {
    _ = try await run()
    let plan = try makePlan(graph, cache: cache, numerics: "test")
    let all = try await compare(100, of: plan)
    #expect(all.count == 6)
    #expect(all.allSatisfy { $0.json.hasSuffix(#""same":true}"#) })
    let two = try await compare(2, of: plan)
    #expect(two.count == 2)

    let key = try #require(plan.key(of: 4))
    let wrong = try ToyNumber(1000).encoded()
    let negated = try ToyNumber(-11).encoded()
    let isKept = cache.store(
      key: key, node: "Add", descriptor: [], seconds: 1,
      outputs: [("sum", "number", wrong), ("negated", "number", negated)])
    #expect(isKept)
    let again = try await compare(6, of: plan)
    #expect(
      again.map(\.json).contains(#"{"event":"compared","node":"other","type":"Add","same":false}"#))
    #expect(
      again.contains { if case .compared("other", _, ["sum"]) = $0 { true } else { false } }, "not its other output")
    let kept = try #require(cache.entry(for: key))
    #expect(cache.blob(kept.outputs[0].blob) == wrong, "comparing replaces nothing")
    let without = try Executor(cache: nil, numerics: "test").comparison(3, of: plan)
    #expect(without == nil)
  }
}
