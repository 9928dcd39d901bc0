import Diagnostics
import GraphEngine
import Testing

/// Which nodes run together, and that nobody can tell from the results.
struct BatchTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// A base and three factors, each scaled by a node of its own.
  func toy(factors: [Double] = [2, 3, 4]) -> ToyGraph {
    var toy = ToyGraph()
    toy.add("base", "Constant", with: ["value": .float(10)])
    for (index, factor) in factors.enumerated() {
      toy.add("factor\(index)", "Constant", with: ["value": .float(factor)])
    }
    for index in factors.indices { toy.add("s\(index)", "Scale", in: ["base": "base", "factor": "factor\(index)"]) }
    return toy
  }

  @discardableResult
  func run(
    _ toy: ToyGraph, _ targets: [String] = ["s0", "s1", "s2"], cached: Bool = false, batches: Bool = true
  ) async throws -> (log: EventLog, values: [Double?]) {
    let log = EventLog()
    let cache = cached ? DiskCache(at: folder.path + "/cache") : nil
    let graph = toy.graph(targets: [], outputs: Dictionary(targets.map { ($0, $0) }, uniquingKeysWith: { $1 }))
    let result = try await Executor(cache: cache, numerics: "test", batches: batches, events: log.sink).run(graph)
    return (log, targets.map { (result.outputs[$0] as? ToyNumber)?.value })
  }

  @Test func nodesThatAreAlikeButForOneInputRunTogether() async throws {
    let (log, values) = try await run(toy())
    #expect(values == [20, 30, 40])
    #expect(log.batches == [["s0", "s1", "s2"]])
    let told = log.events.map(\.json).filter { $0.contains("\"Scale\"") }
    #expect(
      told.prefix(3)
        == (0..<3).map { #"{"event":"started","node":"s\#($0)","type":"Scale","batch":["s0","s1","s2"]}"# }[...])
    #expect(told.count == 6)
    let shares = log.events.compactMap { event in
      if case .finished(_, "Scale", .executed, let seconds, _) = event { seconds } else { nil }
    }
    #expect(shares.count == 3 && Set(shares).count == 1, "equal shares of the time")
  }

  @Test func oneByOneTheResultsAreTheSame() async throws {
    let (log, values) = try await run(toy(), batches: false)
    #expect(values == [20, 30, 40])
    #expect(log.batches == [])
    #expect(log.nodes(.executed).count == 7)
  }

  @Test func batchesAreNoPartOfKeys() async throws {
    try await run(toy(), cached: true, batches: false)
    #expect(try await run(toy(), cached: true).log.nodes(.executed) == [])
  }

  @Test func otherParametersInputsOrTypesRunApart() async throws {
    var toy = toy(factors: [2, 3, 4, 5, 6])
    toy.add("other", "Constant", with: ["value": .float(1)])
    toy.add("sum", "Add", in: ["a": "base", "b": "factor0"])
    toy.add("plus", "Scale", in: ["base": "base", "factor": "factor0"], with: ["plus": .float(1)])
    toy.add("elsewhere", "Scale", in: ["base": "other", "factor": "factor0"])
    let (log, values) = try await run(toy, ["s0", "s1", "sum", "plus", "elsewhere"])
    #expect(values == [20, 30, 12, 21, 2])
    #expect(log.batches == [["s0", "s1"]])
  }

  @Test func equalKeysAreTheSameWire() async throws {
    var toy = toy(factors: [2])
    toy.add("same", "Constant", with: ["value": .float(10)])
    toy.add("three", "Constant", with: ["value": .float(3)])
    toy.add("t", "Scale", in: ["base": "same", "factor": "three"])
    let (log, values) = try await run(toy, ["s0", "t"])
    #expect(values == [20, 30])
    #expect(log.batches == [["s0", "t"]])
  }

  @Test func whatIsCachedTakesNoPart() async throws {
    try await run(toy(), ["s1"], cached: true)
    let (log, values) = try await run(toy(), cached: true)
    #expect(values == [20, 30, 40])
    #expect(log.batches == [["s0", "s2"]])
    #expect(log.nodes(.disk).contains("s1"))
    #expect(try await run(toy(), cached: true).log.nodes(.executed) == [], "each result is kept by itself")
  }

  @Test func whatDoesNotFitRunsAlone() async throws {
    let (log, values) = try await run(toy(factors: [2, 100, 4]))
    #expect(values == [20, 1000, 40])
    #expect(log.batches == [["s0", "s2"]])
    #expect(log.nodes(.executed).contains("s1"))
  }

  @Test func aFailureIsToldAtItsNodeAndTheOthersAreKept() async throws {
    let log = EventLog()
    let cache = DiskCache(at: folder.path + "/cache")
    let graph = toy(factors: [2, -3, 4]).graph(targets: ["s0", "s1", "s2"])
    let failure = try await #require(throws: Diagnostic.self) {
      _ = try await Executor(cache: cache, numerics: "test", events: log.sink).run(graph)
    }
    #expect(failure.message == "node 's1' (Scale): the factor is -3.0")
    #expect(log.failed == ["s1"])
    #expect(log.batches == [], "they ran one by one in the end")
    let plan = try makePlan(graph, cache: cache, numerics: "test")
    #expect(plan.nodes.suffix(3).map(\.action) == [.hit, .run, .hit])
  }

  @Test func anOutputThatIsNoNumberFailsItsNodeAlone() async throws {
    let log = EventLog()
    let graph = toy(factors: [2, 99, 4]).graph(targets: ["s0", "s1", "s2"])
    let failure = try await #require(throws: Diagnostic.self) {
      _ = try await Executor(cache: nil, numerics: "test", events: log.sink).run(graph)
    }
    #expect(failure.message.hasPrefix("node 's1' (Scale): its output 'result' holds NaN"))
    #expect(log.failed == ["s1"])
    #expect(log.nodes(.executed).suffix(2) == ["s0", "s2"])
  }

  /// The second factor is a sum, which is yet to run when the first product could.
  @Test func aNodeWaitsForOthersThatAreAboutToBeReady() async throws {
    var toy = toy(factors: [2])
    toy.add("later", "Add", in: ["a": "base"], with: ["plus": .float(1)])
    toy.add("t", "Scale", in: ["base": "base", "factor": "later"])
    let (log, values) = try await run(toy, ["s0", "t"])
    #expect(values == [20, 110])
    #expect(log.batches == [["s0", "t"]])
  }

  /// Two chains of two products; the end of each is like the beginning of the other.
  @Test func nodesDoNotHoldEachOtherBack() async throws {
    var toy = ToyGraph()
    toy.add("x", "Constant", with: ["value": .float(2)])
    toy.add("y", "Constant", with: ["value": .float(3)])
    toy.add("a0", "Scale", in: ["base": "x", "factor": "x"], with: ["plus": .float(1)])
    toy.add("b0", "Scale", in: ["base": "y", "factor": "x"], with: ["plus": .float(2)])
    toy.add("a1", "Scale", in: ["base": "x", "factor": "b0"], with: ["plus": .float(1)])
    toy.add("b1", "Scale", in: ["base": "y", "factor": "a0"], with: ["plus": .float(2)])
    let (log, values) = try await run(toy, ["a1", "b1"])
    #expect(values == [17, 17])
    #expect(log.nodes(.executed).sorted() == ["a0", "a1", "b0", "b1", "x", "y"])
  }

  @Test func aBatchHasALimit() async throws {
    let (log, values) = try await run(toy(factors: (1...10).map(Double.init)), (0..<10).map { "s\($0)" })
    #expect(values == (1...10).map { 10 * Double($0) })
    #expect(log.batches.map(\.count) == [8, 2])
  }

  @Test func cancellingEndsABatch() async throws {
    var toy = toy(factors: [2, 3])
    for index in 0..<2 {
      toy.add("w\(index)", "Scale", in: ["base": "base", "factor": "factor\(index)"], with: ["waits": .bool(true)])
    }
    let (log, graph) = (EventLog(), toy.graph(targets: ["w0", "w1"]))
    let task = Task { try await Executor(cache: nil, numerics: "test", events: log.sink).run(graph) }
    while !log.events.contains(where: { if case .started("w1", _, ["w0", "w1"]) = $0 { true } else { false } }) {
      try await Task.sleep(for: .milliseconds(1))
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
    #expect(log.events.last?.json == #"{"event":"cancelled"}"#)
  }
}
