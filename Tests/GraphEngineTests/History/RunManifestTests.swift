import Diagnostics
import Foundation
import GraphEngine
import Testing

/// What runs leave on record.
struct RunManifestTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try folder.write("2", to: "model/left")
    try folder.write("3", to: "model/right")
  }

  var cache: DiskCache { DiskCache(at: folder.path + "/cache") }

  func toy(plus: Double = 2, how: String = "pass") -> ToyGraph {
    var toy = ToyGraph()
    toy.add("model", "Open", with: ["path": .path(folder.path + "/model")])
    toy.add("l", "Use", in: ["handle": "model.left"])
    toy.add("x", "Constant", with: ["value": .float(1)], cache: .none)
    toy.add("sum", "Add", in: ["a": "l", "b": "x"], with: ["plus": .float(plus)])
    toy.add("again", "Add", in: ["a": "l", "b": "x"], with: ["plus": .float(plus)])
    toy.add("act", "Act", in: ["a": "sum"], with: ["how": .string(how)])
    toy.add("save", "Save", in: ["number": "act"], with: ["path": .path(folder.path + "/out")])
    return toy
  }

  @discardableResult
  func run(_ graph: ResolvedGraph) async throws -> RunManifest {
    _ = try? await Executor(cache: cache, numerics: "test").run(graph)
    return try #require(cache.manifest(of: cache.runNames.last ?? ""))
  }

  func digest(_ number: Double) throws -> ContentDigest { ContentDigest(hashing: try ToyNumber(number).encoded()) }

  @Test func aManifestTellsAllOfARun() async throws {
    let graph = toy().graph(targets: ["save", "again"])
    let plan = try makePlan(graph, cache: nil, numerics: "test")
    let manifest = try await run(graph)
    #expect(manifest.state == .done)
    #expect(manifest.path == "toy.yaml")
    #expect(manifest.numerics == "test")
    #expect(manifest.workflow == ContentDigest(hashing: Array(plan.graph.workflow.utf8)))
    #expect(manifest.failure == nil)
    #expect(manifest.seconds != nil)
    func line(_ node: RunManifest.Node) -> String {
      let wires = node.inputs.sorted { $0.key < $1.key }.map { "\($0)=\($1.map { "\($0.node).\($0.port)" })" }
      let parameters = node.parameters.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
      return """
        \(node.node) \(node.type) \(node.version) \(node.computes) \(wires) \(parameters) \(node.source ?? "-") \
        \(node.isKept) \(node.seconds != nil)
        """
    }
    #expect(
      manifest.nodes.map(line) == [
        "model Open 1 false [] [] - false false",
        #"l Use 1 true ["handle=[\"model.left\"]"] [] executed true true"#,
        #"x Constant 1 false [] ["value=1.0"] executed false true"#,
        #"sum Add 1 true ["a=[\"l.result\"]", "b=[\"x.result\"]"] ["plus=2.0"] executed true true"#,
        #"again Add 1 true ["a=[\"l.result\"]", "b=[\"x.result\"]"] ["plus=2.0"] shared true false"#,
        #"act Act 1 true ["a=[\"sum.sum\"]"] ["how=\"pass\""] executed true true"#,
        #"save Save 1 false ["number=[\"act.result\"]"] [] executed false true"#,
      ])
    #expect(manifest.nodes.map(\.key) == plan.nodes.indices.compactMap { plan.key(of: $0) })
    let results: [[Double]] = [[], [2], [1], [5, -5], [5, -5], [5], []]
    #expect(manifest.nodes.map { $0.outputs.map(\.digest) } == (try results.map { try $0.map(digest) }))
    #expect(
      manifest.nodes[0].files.map { "\($0.name) \($0.digest) \($0.outputs ?? [])" } == [
        "left \(ContentDigest(hashing: Array("2".utf8))) [\"left\"]",
        "right \(ContentDigest(hashing: Array("3".utf8))) [\"right\"]",
      ])

    let second = try await run(graph)
    #expect(second.nodes.map { $0.source ?? "-" } == ["-", "-", "-", "-", "disk", "disk", "executed"])
    #expect(second.nodes.map(\.outputs)[4...5] == manifest.nodes.map(\.outputs)[4...5])
  }

  @Test func runsThatEndEarlyAreOnRecordToo() async throws {
    let failed = try await run(toy(how: "fail").graph())
    #expect(failed.state == .failed)
    #expect(failed.failure == "node 'act' (Act): it is meant to fail")
    #expect(failed.nodes.map { $0.source ?? "-" } == ["-", "executed", "executed", "executed", "-", "-"])

    let graph = toy(how: "wait").graph()
    let executor = Executor(cache: cache, numerics: "test")
    let task = Task { try await executor.run(graph) }
    // The node waits to be cancelled.
    while cache.runNames.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
    let running = try #require(cache.manifest(of: cache.runNames[1]))
    #expect(running.state == .unfinished)
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
    #expect(cache.manifest(of: cache.runNames[1])?.state == .interrupted)
  }

  @Test func manifestsAreFewAndDamagedOnesNone() async throws {
    for number in 0..<103 { _ = try await run(toy(plus: Double(number)).graph(targets: ["sum"])) }
    #expect(cache.runNames.count == 100)
    #expect(cache.runNames == cache.runNames.sorted())
    let names = cache.runNames
    let path = "\(folder.path)/cache/v1/runs/\(names[99])"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(cache.manifest(of: names[99]) == nil)
    #expect(cache.runNames == Array(names.dropLast()), "it was put aside")
    #expect(try cache.manifest(named: "last").name == names[98])
    #expect(try cache.manifest(named: "last~98").name == names[0])
    #expect(try cache.manifest(named: names[3]).name == names[3])
    func message(_ text: String) throws -> String {
      let list = try #require(throws: DiagnosticList.self) { try cache.manifest(named: text) }
      return list.diagnostics.map { ([$0.message] + $0.notes).joined(separator: "; ") }.joined()
    }
    #expect(
      try message("last~99") == "there is no run 'last~99': 99 are on record, the oldest being last~98")
    #expect(try message("latest") == "there is no run 'latest'; 'stepgraph runs' lists them")
    #expect(try message("2") == "'2' is part of the names of 99 runs; such as \(names[0])")
    #expect(try cache.manifest(named: "\(names[5])~2").name == names[3])
    #expect(try cache.manifest(named: "last~").name == names[97])
    #expect(try message("last~x") == "there is no run 'last~x'; a number counts back, as in last~2")
    let digits = names.map { $0.suffix(4) }
    if let lone = names.indices.first(where: { index in digits.count { $0 == digits[index] } == 1 && index > 0 }) {
      #expect(try cache.manifest(named: String(digits[lone])).name == names[lone])
      #expect(try cache.manifest(named: "\(digits[lone])~1").name == names[lone - 1])
    }
    #expect(
      try #require(throws: DiagnosticList.self) { try DiskCache(at: folder.path + "/none").manifest(named: "last") }
        .diagnostics[0].message == "there are no runs on record in '\(folder.path)/none'")
  }

  @Test func runsPartWhereTheirResultsDo() async throws {
    let first = try await run(toy().graph())
    let second = try await run(toy().graph())
    let third = try await run(toy(plus: 3).graph())
    #expect(RunComparison(before: first, after: second).parting(cache: cache) == nil)
    let parting = try #require(RunComparison(before: second, after: third).parting(cache: cache))
    #expect(parting.node == "sum")
    #expect(parting.type == "Add")
    #expect(parting.causes.map(\.text) == ["sum.plus was 2, is 3"])
    #expect(parting.outputs.map(\.port) == ["sum", "negated"])
    #expect(parting.outputs.map(\.was) == [try digest(5), try digest(-5)])
    #expect(parting.outputs.map(\.is) == [try digest(6), try digest(-6)])
    #expect(parting.differing == 3, "sum, act and the sink")
    #expect(try folder.text(of: "out").hasPrefix("6.0\n"))
  }

  @Test func runsWithoutACommonNodeAreNotTheSame() async throws {
    let first = try await run(toy().graph())
    var other = ToyGraph()
    other.add("alone", "Constant", with: ["value": .float(9)])
    let second = try await run(other.graph(targets: ["alone"]))
    let unrelated = RunComparison(before: first, after: second).overlap
    #expect(unrelated.common == 0 && unrelated.onlyAfter == ["alone"])
    #expect(unrelated.onlyBefore == ["model", "l", "x", "sum", "act", "save"])
    let same = RunComparison(before: first, after: first).overlap
    #expect(same.common == 5 && same.onlyBefore.isEmpty && same.onlyAfter.isEmpty)
    // Under another name it is the same node, and one more is one more.
    other.add("number", "Constant", with: ["value": .float(1)], cache: .none)
    let renamed = RunComparison(before: first, after: try await run(other.graph(targets: ["alone", "number"]))).overlap
    #expect(renamed.common == 1 && renamed.onlyAfter == ["alone"])
  }

  @Test func aKilledRunTellsWhatItKept() async throws {
    _ = try await run(toy().graph(targets: ["sum"]))
    var killed = try await run(toy(how: "pass on").graph())
    #expect(cache.kept(by: killed).isEmpty, "it has told itself")
    // As the record was when the run began: what was in the cache is known, and nothing else.
    let plan = try makePlan(toy(how: "pass on").graph(), cache: nil, numerics: "test")
    killed = RunManifest(plan, numerics: "test", name: killed.name)
    #expect(cache.kept(by: killed) == ["l", "sum", "act"])
    let later = try await run(toy(plus: 3, how: "pass on").graph())
    #expect(later.state == .done)
    #expect(cache.kept(by: killed) == ["l", "sum", "act"], "others than a later run's")
  }
}
