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
    let explanation = plan.explanation(of: try plan.node(at: address), cache: cache, numerics: numerics)
    return explanation.text.replacing(explanation.lastRun?.start ?? "-", with: "T")
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
      return plan.explanation(of: 3, cache: cache, numerics: "test").causes.map(\.text)
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
    let list = try #require(throws: DiagnosticList.self) { try plan.node(at: "sun") }
    #expect(list.diagnostics.map(\.message) == ["there is no node 'sun'"])
    #expect(list.diagnostics.map(\.notes) == [["did you mean 'sum'?"]])
    var loop = ToyGraph()
    loop.add("sample[0]/next", "Constant", with: ["value": .float(1)])
    let unrolled = try makePlan(loop.graph(targets: ["sample[0]/next"]), cache: nil, numerics: "test")
    let inside = try #require(throws: DiagnosticList.self) { try unrolled.node(at: "sample") }
    #expect(inside.diagnostics.map(\.notes) == [["'sample' holds nodes, such as 'sample[0]/next'"]])
    let misspelt = try #require(throws: DiagnosticList.self) { try unrolled.node(at: "sampel") }
    #expect(misspelt.diagnostics.map(\.notes) == [["did you mean 'sample'?"]])
  }
}
