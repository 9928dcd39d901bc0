import Diagnostics
import Foundation
import GraphEngine
import Testing

/// What `explain` says of nodes, before and after changes of every kind.
struct ExplanationTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try folder.write("2", to: "model/left")
    try folder.write("3", to: "model/right")
  }

  var cache: DiskCache { DiskCache(at: folder.path + "/cache") }

  func toy(value: Double = 1, plus: Double = 2, how: String = "pass \"it\" on", act: CachePolicy = .disk) -> ToyGraph {
    var toy = ToyGraph()
    toy.add("model", "Open", with: ["path": .path(folder.path + "/model")])
    toy.add("l", "Use", in: ["handle": "model.left"])
    toy.add("r", "Use", in: ["handle": "model.right"])
    toy.add("c", "Constant", with: ["value": .float(value)])
    toy.add("sum", "Add", in: ["a": "l", "b": "c"], with: ["plus": .float(plus)])
    toy.add("act", "Act", in: ["a": "sum.negated"], with: ["how": .string(how)], cache: act)
    toy.add("last", "Add", in: ["a": "act", "b": "r"])
    toy.add("save", "Save", in: ["number": "last"], with: ["path": .path(folder.path + "/out")])
    return toy
  }

  func run(_ toy: ToyGraph, numerics: String = "test") async throws {
    _ = try await Executor(cache: cache, numerics: numerics).run(toy.graph())
  }

  /// The text with the moment of the last run replaced.
  func explain(_ address: String, _ toy: ToyGraph, numerics: String = "test") throws -> String {
    let plan = try makePlan(toy.graph(), cache: cache, numerics: numerics)
    return try explain(address, plan, numerics: numerics)
  }

  func explain(_ address: String, _ plan: Plan, numerics: String = "test") throws -> String {
    let explainer = Explainer(plan, cache: cache, numerics: numerics)
    return try plan.nodes(at: address).map(explainer.explanation).map { explanation in
      explanation.text.replacing(explanation.lastRun?.start ?? "-", with: "T")
    }.joined()
  }

  @Test func whatNeverRanSaysSo() throws {
    #expect(try explain("sum", toy()) == "sum (Add) runs: never run\n")
    #expect(try explain("save", toy()) == "save (Save) runs: writes a file: always runs\n")
    #expect(try explain("model", toy()) == "model (Open) is opened: needed by 'l'\n")
  }

  @Test func whatIsTheSameIsInTheCache() async throws {
    try await run(toy())
    #expect(try explain("last", toy()) == "last (Add) is in the cache: nothing has changed\n")
    #expect(try explain("sum", toy()) == "sum (Add) is not needed: all that needs it is in the cache\n")
  }

  @Test func changesAreToldWithBothValuesFromUpstreamOn() async throws {
    try await run(toy())
    let changed = toy(value: 7, plus: 2.5, how: "or\nnot")
    #expect(
      try explain("last", changed) == """
        last (Add) runs
          changed since the run of T:
            c.value was 1, is 7
            sum.plus was 2, is 2.5
            act.how was "pass \\"it\\" on", is "or\\nnot"

        """)
    #expect(
      try explain("sum", changed) == """
        sum (Add) runs
          changed since the run of T:
            c.value was 1, is 7
            sum.plus was 2, is 2.5

        """)
    // Back again: the results are still there, and the last run is another one.
    try await run(changed)
    #expect(
      try explain("sum", toy()) == """
        sum (Add) is not needed: all that needs it is in the cache
          changed since the run of T:
            c.value was 7, is 1
            sum.plus was 2.5, is 2

        """)
    #expect(
      try explain("last", toy()).hasPrefix("last (Add) is in the cache: what it comes to now was computed before\n"))
  }

  @Test func filesAreToldThatReachTheNode() async throws {
    try await run(toy())
    try folder.write("4", to: "model/right")
    #expect(
      try explain("last", toy()) == """
        last (Add) runs
          changed since the run of T:
            model: the file right was 4e07408562be, is 4b227777d4dd

        """)
    try folder.write("5", to: "model/left")
    #expect(
      try explain("l", toy()) == """
        l (Use) runs
          changed since the run of T:
            model: the file left was d4735e3a265e, is ef2d127de37b

        """)
  }

  @Test func aMovedFileIsNoChange() async throws {
    func pair(_ left: String, _ right: String, plus: Double) throws -> ToyGraph {
      var toy = ToyGraph()
      toy.add("pair", "Pair", with: ["left": .path(folder.path + left), "right": .path(folder.path + right)])
      toy.add("sum", "Add", in: ["a": "pair"], with: ["plus": .float(plus)])
      toy.add("save", "Save", in: ["number": "sum"], with: ["path": .path(folder.path + "/out")])
      return toy
    }
    try await run(pair("/model/left", "/model/right", plus: 1))
    try folder.write("2", to: "elsewhere/a")
    try folder.write("3", to: "elsewhere/b")
    #expect(try explain("sum", pair("/elsewhere/a", "/elsewhere/b", plus: 1)).contains("nothing has changed"))
    // Beside another change, too.
    try folder.write("4", to: "elsewhere/c")
    #expect(
      try explain("sum", pair("/elsewhere/a", "/elsewhere/c", plus: 2)) == """
        sum (Add) runs
          changed since the run of T:
            pair: the file c was 4e07408562be, is 4b227777d4dd
            sum.plus was 1, is 2

        """)
    #expect(
      try explain("pair", pair("/model/right", "/model/left", plus: 1)) == """
        pair (Pair) runs
          changed since the run of T:
            pair: the file left was 4e07408562be, is d4735e3a265e
            pair: the file right was d4735e3a265e, is 4e07408562be

        """)
  }

  @Test func wiresTypesAndNumericsAreTold() async throws {
    try await run(toy())
    #expect(
      try explain("l", toy(), numerics: "other") == """
        l (Use) runs
          changed since the run of T:
            numerics was 'test', is 'other'

        """)
    var other = ToyGraph()
    other.add("l", "Constant", with: ["value": .float(2)])
    other.add("c", "Constant", with: ["value": .float(1)])
    other.add("sum", "Add", in: ["a": "c"], with: ["plus": .float(2)])
    other.add("last", "Add", in: ["a": "sum", "b": "l"])
    other.add("save", "Save", in: ["number": "last"], with: ["path": .path(folder.path + "/out")])
    #expect(
      try explain("last", other) == """
        last (Add) runs
          changed since the run of T:
            last.a was wired to act.result, is wired to sum.sum
            last.b was wired to r.result, is wired to l.result

        """)
    #expect(
      try explain("sum", other) == """
        sum (Add) runs
          changed since the run of T:
            sum.a was wired to l.result, is wired to c.result
            sum.b was wired to c.result, is wired to nothing

        """)
    #expect(
      try explain("l", other) == """
        l (Constant) runs
          changed since the run of T:
            l was a Use, is a Constant

        """)
    #expect(try explain("c", other).hasPrefix("c (Constant) is in the cache: nothing has changed\n"))
  }

  @Test func aRenamedNodeIsNoChange() async throws {
    try await run(toy())
    func renamed(_ value: Double) -> ToyGraph {
      var toy = ToyGraph()
      toy.add("model", "Open", with: ["path": .path(folder.path + "/model")])
      toy.add("l", "Use", in: ["handle": "model.left"])
      toy.add("number", "Constant", with: ["value": .float(value)])
      toy.add("sum", "Add", in: ["a": "l", "b": "number"], with: ["plus": .float(2)])
      return toy
    }
    func explain(_ value: Double) throws -> [String] {
      let plan = try makePlan(renamed(value).graph(targets: ["sum"]), cache: cache, numerics: "test")
      return Explainer(plan, cache: cache, numerics: "test").explanation(of: 3).causes.map(\.text)
    }
    #expect(try explain(1) == [])
    #expect(try explain(3) == ["number.value was 1, is 3"])
  }

  @Test func whyTheSameNodeRunsAgain() async throws {
    try await run(toy(act: .none))
    #expect(
      try explain("act", toy(value: 1, act: .none)) == "act (Act) is not needed: all that needs it is in the cache\n")
    // Its entry is gone; and what it was made of.
    try FileManager.default.removeItem(atPath: folder.path + "/cache/v1/ac")
    #expect(try explain("last", toy(act: .none)) == "last (Add) runs: evicted from the cache\n")
    #expect(try explain("act", toy(act: .none)) == "act (Act) runs: cache: none\n")

    await #expect(throws: Diagnostic.self) { try await run(toy(how: "fail")) }
    #expect(
      try explain("last", toy(how: "fail")) == "last (Add) runs: the last run failed before it came to this node\n")
  }

  @Test func anUnknownAddressNamesTheNearest() throws {
    let plan = try makePlan(toy().graph(), cache: nil, numerics: "test")
    let list = try #require(throws: DiagnosticList.self) { try plan.nodes(at: "sun") }
    #expect(list.diagnostics.map(\.message) == ["there is no node 'sun'"])
    #expect(list.diagnostics.map(\.notes) == [["did you mean 'sum'?"]])
    var loop = ToyGraph()
    loop.add("sample[0]/next", "Constant", with: ["value": .float(1)])
    let unrolled = try makePlan(loop.graph(targets: ["sample[0]/next"]), cache: nil, numerics: "test")
    let inside = try #require(throws: DiagnosticList.self) { try unrolled.nodes(at: "sample") }
    #expect(inside.diagnostics.map(\.notes) == [["'sample' holds nodes, such as 'sample[0]/next'"]])
    let misspelt = try #require(throws: DiagnosticList.self) { try unrolled.nodes(at: "sampel") }
    #expect(misspelt.diagnostics.map(\.notes) == [["did you mean 'sample'?"]])
  }

  // MARK: Loops and sweeps

  /// A chain of so many additions, as a loop makes it, and what its last one leads to; at a point of a sweep or none.
  func loop(_ times: Int, plus: Double = 1, at point: String = "", into toy: inout ToyGraph) {
    toy.add(point + "start", "Constant", with: ["value": .float(plus)])
    for index in 0..<times {
      let before = index == 0 ? "\(point)start" : "\(point)sum[\(index - 1)]/next.sum"
      toy.add("\(point)sum[\(index)]/next", "Add", in: ["a": before], with: ["plus": .float(Double(index))])
    }
    toy.add(point + "end", "Add", in: ["a": "\(point)sum[\(times - 1)]/next.sum"])
  }

  func loopGraph(_ times: Int, plus: Double = 1) -> ResolvedGraph {
    var toy = ToyGraph()
    loop(times, plus: plus, into: &toy)
    var graph = toy.graph(targets: ["end"])
    graph.parameters = [
      ResolvedParameter(name: "steps", text: "\(times)"),
      ResolvedParameter(name: "plus", text: "\(plus)"),
    ]
    return graph
  }

  @Test(arguments: [
    (2, 3, "ran 2 times, runs 3 times"), (3, 1, "ran 3 times, runs once"), (1, 2, "ran once, runs 2 times"),
  ])
  func aLoopOfAnotherLengthNamesItsParam(_ was: Int, _ now: Int, _ told: String) async throws {
    _ = try await Executor(cache: cache, numerics: "test").run(loopGraph(was))
    let plan = try makePlan(loopGraph(now), cache: cache, numerics: "test")
    #expect(
      try explain("end", plan) == """
        end (Add) runs
          changed since the run of T:
            steps was \(was), is \(now)
            sum \(told)

        """)
    // Through the loop to what is above it.
    let changed = try makePlan(loopGraph(now, plus: 5), cache: cache, numerics: "test")
    #expect(
      try explain("end", changed) == """
        end (Add) runs
          changed since the run of T:
            steps was \(was), is \(now)
            sum \(told)
            start.value was 1, is 5

        """)
    guard now > was else { return }
    #expect(
      try explain("sum[\(now - 1)]/next", plan) == """
        sum[\(now - 1)]/next (Add) runs: never run
          changed since the run of T:
            steps was \(was), is \(now)
            sum \(told)

        """)
  }

  func sweep(_ values: [Double]) -> ResolvedGraph {
    var toy = ToyGraph()
    for value in values { loop(2, plus: value, at: "plus=\(ParameterValue.float(value).text)/", into: &toy) }
    var graph = toy.graph(targets: values.map { "plus=\(ParameterValue.float($0).text)/end" })
    let size = graph.nodes.count / values.count
    graph.points = values.enumerated().map { index, value in
      SweepPoint(
        address: "plus=\(ParameterValue.float(value).text)", nodes: index * size..<(index + 1) * size, parameters: [],
        workflow: WorkflowText(""))
    }
    return graph
  }

  @Test func pointsOfASweepAreExplained() async throws {
    _ = try await Executor(cache: cache, numerics: "test").run(loopGraph(2))
    let first = try makePlan(sweep([1, 5]), cache: cache, numerics: "test")
    #expect(
      try explain("end", first) == """
        plus=1/end (Add) is in the cache: nothing has changed
        plus=5/end (Add) runs
          changed since the run of T:
            plus=5/start.value was 1, is 5

        """)
    _ = try await Executor(cache: cache, numerics: "test").run(sweep([1, 5]))
    let second = try makePlan(sweep([5, 7]), cache: cache, numerics: "test")
    #expect(try explain("plus=5/end", second) == "plus=5/end (Add) is in the cache: nothing has changed\n")
    #expect(try explain("plus=7/end", second).hasSuffix("    plus=7/start.value was 1, is 7\n"))
    // And back to a single run.
    let single = try makePlan(loopGraph(2, plus: 5), cache: cache, numerics: "test")
    #expect(try explain("end", single) == "end (Add) is in the cache: nothing has changed\n")
  }

  @Test func whatWasClearedIsExplained() async throws {
    try await run(toy())
    cache.clear()
    #expect(try explain("last", toy()) == "last (Add) runs: evicted from the cache\n")
    #expect(try explain("last", toy(value: 7)).hasSuffix("    c.value was 1, is 7\n"))
    cache.clear(runs: true)
    #expect(try explain("last", toy()) == "last (Add) runs: never run\n")
  }
}
