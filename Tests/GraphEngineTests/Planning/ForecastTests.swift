import Diagnostics
import GraphEngine
import Testing

/// What is known before anything runs follows the wires, and is told once.
struct ForecastTests {
  private func plan(target: String, _ build: (inout ToyGraph) -> Void) throws -> Plan {
    var toy = ToyGraph()
    build(&toy)
    return try makePlan(toy.graph(targets: [target]), cache: nil, numerics: "test")
  }

  private func failure(target: String, _ build: (inout ToyGraph) -> Void) throws -> [String] {
    let list = #expect(throws: DiagnosticList.self) { _ = try plan(target: target, build) }
    return (list?.diagnostics ?? []).map { "\($0.location?.description ?? ""): \($0.message)" }
  }

  @Test func whatCannotWorkIsToldBeforeItRuns() throws {
    let errors = try failure(target: "b") { toy in
      toy.add("a", "Count", with: ["limit": .int(9)])
      toy.add("b", "Count", in: ["before": "a"], with: ["limit": .int(0)])
    }
    #expect(errors == ["toy.yaml:12:3: node 'b' (Count): 1 is above 0"])
  }

  /// Neither nodes that share a wire, nor those that follow, tell a problem again.
  @Test func aProblemIsToldOnce() throws {
    let errors = try failure(target: "last") { toy in
      toy.add("a", "Count")
      toy.add("b", "Count", in: ["before": "a"], with: ["limit": .int(0)])
      toy.add("c", "Count", in: ["before": "a"], with: ["limit": .int(0), "name": .string("another")])
      toy.add("sum", "Add", in: ["a": "b", "b": "c"])
      toy.add("last", "Count", in: ["before": "sum"], with: ["limit": .int(-1)])
    }
    #expect(errors == ["toy.yaml:12:3: node 'b' (Count): 1 is above 0"])
  }

  /// A type that forecasts nothing ends what is known.
  @Test func whatNobodyKnowsIsNotChecked() throws {
    let plan = try plan(target: "last") { toy in
      toy.add("a", "Count", with: ["limit": .int(9)])
      toy.add("sum", "Add", in: ["a": "a"])
      toy.add("last", "Count", in: ["before": "sum"], with: ["limit": .int(0)])
    }
    #expect(plan.runCount == 3)
  }

  @Test func whatDecidesNothingIsInNoKey() throws {
    func key(_ idle: Int, isWired: Bool) throws -> ContentDigest? {
      let plan = try plan(target: "b") { toy in
        toy.add("a", "Count")
        toy.add("b", "Count", in: isWired ? ["idle": "a"] : [:], with: ["spare": .int(Int128(idle))])
      }
      #expect(plan.graph.nodes[1].inputs[1] == [])
      return plan.key(of: 1)
    }
    let plain = try key(0, isWired: false)
    #expect(try key(1, isWired: false) == plain)
    #expect(try key(2, isWired: true) == plain)
  }

  /// Equal nodes are asked once, and what was found holds for each.
  @Test func equalNodesAreAskedOnce() throws {
    let plan = try plan(target: "sum") { toy in
      toy.add("a", "Count", with: ["limit": .int(9)])
      for name in ["b", "c"] {
        toy.add(name, "Count", in: ["before": "a"], with: ["limit": .int(1), "spare": .int(7), "warns": .bool(true)])
      }
      toy.add("sum", "Add", in: ["a": "b", "b": "c"])
    }
    #expect(plan.nodes[2].action == .shared(1))
    #expect(plan.graph.nodes[1].parameters.values == plan.graph.nodes[2].parameters.values)
    #expect(plan.warnings.map(\.message) == ["node 'b' (Count): it is 2"])
    #expect(plan.warnings.map(\.severity) == [.warning])
  }
}

/// Counts how many of it are in a row, before any of them runs.
struct ToyCount: ForecastingNode {
  static let info = NodeInfo(type: "Count", version: 1, lane: .compute, summary: "Counts.")
  let before = OptionalInput<ToyNumber>("before", "The one before.")
  let idle = OptionalInput<ToyNumber>("idle", "Decides nothing.")
  let limit = Parameter<Int>("limit", "How many may be before.", default: 0)
  let spare = Parameter<Int>("spare", "Decides nothing.", default: 0)
  let name = Parameter<String>("name", "Tells it from others.", default: "")
  let warns = Parameter<Bool>("warns", "Whether it warns.", default: false)
  let count = Output<ToyNumber>("count", "How many.")

  func forecast(_ io: inout NodeForecast) throws {
    io.parameters[spare] = 0
    io.disconnect(idle)
    let known = io.isWired(before) ? io[before] : 0
    guard let known else { return }
    guard known <= io[limit] || !io.isWired(before) else {
      throw NodeFailure("\(known) is above \(io[limit])", at: limit.name)
    }
    if io[warns] { io.warn("it is \(known + 1)", at: warns.name) }
    io[count] = known + 1
  }

  func run(_ io: inout NodeIO) throws { io[count] = ToyNumber((io[before]?.value ?? 0) + 1) }
}
