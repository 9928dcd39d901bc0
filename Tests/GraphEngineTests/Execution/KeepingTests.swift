import Foundation
import GraphEngine
import Testing

/// What is kept, where, and what is said again with it.
struct KeepingTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  var cache: DiskCache { DiskCache(at: folder.path + "/cache") }

  @discardableResult
  func run(_ graph: ResolvedGraph, memory: MemoryCache? = nil, onDisk: Bool = true) async throws -> EventLog {
    let log = EventLog()
    _ = try await Executor(cache: onDisk ? cache : nil, memory: memory, numerics: "test", events: log.sink).run(graph)
    return log
  }

  @Test func memoryServesTheNextRunOfAProcess() async throws {
    func graph(_ plus: Double) -> ResolvedGraph {
      var toy = ToyGraph()
      toy.add("x", "Constant", with: ["value": .float(2)], cache: .memory)
      toy.add("y", "Act", in: ["a": "x"], with: ["how": .string("warn")], cache: .memory)
      toy.add("n", "Constant", with: ["value": .float(1)], cache: .none)
      toy.add("z", "Add", in: ["a": "y", "b": "n"], with: ["plus": .float(plus)])
      return toy.graph(targets: ["z"])
    }
    let memory = MemoryCache()
    #expect(try await run(graph(1), memory: memory).nodes(.executed).sorted() == ["n", "x", "y", "z"])
    let second = try await run(graph(2), memory: memory)
    #expect(second.nodes(.memory) == ["y"])
    #expect(second.nodes(.executed) == ["n", "z"])
    #expect(second.warnings == ["be warned"])
    #expect(try await run(graph(3)).nodes(.executed).sorted() == ["n", "x", "y", "z"], "another process")
    #expect(cache.statistics().entries == 3)

    // Where there is no disk, memory takes what would go there.
    let other = MemoryCache()
    #expect(try await run(graph(1), memory: other, onDisk: false).nodes(.executed).count == 4)
    #expect(try await run(graph(1), memory: other, onDisk: false).nodes(.memory) == ["z"])
  }

  @Test func aNodeStartsWhoseInputsAllComeFromMemory() async throws {
    func graph(_ plus: Double) -> ResolvedGraph {
      var toy = ToyGraph()
      toy.add("x", "Constant", with: ["value": .float(2)], cache: .memory)
      toy.add("y", "Add", in: ["a": "x"], with: ["plus": .float(plus)])
      return toy.graph(targets: ["y"])
    }
    let memory = MemoryCache()
    try await run(graph(1), memory: memory)
    let second = try await run(graph(2), memory: memory)
    #expect(second.nodes(.memory) == ["x"])
    #expect(second.nodes(.executed) == ["y"])
  }

  @Test func memoryHoldsNoMoreThanItMay() async throws {
    let memory = MemoryCache(limit: 3 * 8)
    func graph(_ values: [Int]) -> ResolvedGraph {
      var toy = ToyGraph()
      for value in values { toy.add("v\(value)", "Constant", with: ["value": .float(Double(value))], cache: .memory) }
      return toy.graph(targets: values.map { "v\($0)" })
    }
    try await run(graph([1, 2, 3]), memory: memory)
    #expect(try await run(graph([1]), memory: memory).nodes(.memory) == ["v1"])
    try await run(graph([4]), memory: memory)
    #expect(try await run(graph([1, 2, 3, 4]), memory: memory).nodes(.memory) == ["v1", "v3", "v4"])
    let tiny = MemoryCache(limit: 7)
    try await run(graph([1]), memory: tiny)
    #expect(try await run(graph([1]), memory: tiny).nodes(.executed) == ["v1"])
  }

  @Test func warningsAreRepeatedWithTheResultsTheyCameWith() async throws {
    func graph(last: Double) -> ResolvedGraph {
      var toy = ToyGraph()
      toy.add("w", "Act", with: ["how": .string("warn")])
      toy.add("same", "Act", with: ["how": .string("warn")])
      toy.add("y", "Add", in: ["a": "w"])
      toy.add("z", "Add", in: ["a": "y", "b": "same"], with: ["plus": .float(last)])
      toy.add("end", "Add", in: ["a": "z"])
      return toy.graph(targets: ["end"])
    }
    #expect(try await run(graph(last: 1)).warnings == ["be warned"])
    let cached = try await run(graph(last: 1))
    #expect(cached.nodes(.executed) == [])
    #expect(
      cached.events.map(\.json).contains(
        #"{"event":"warning","node":"w","message":"be warned","location":"toy.yaml:2:3"}"#),
      "at the node that said it, although nothing of it was read")
    #expect(cached.warnings == ["be warned"])
    let partly = try await run(graph(last: 2))
    #expect(partly.nodes(.executed) == ["z", "end"])
    #expect(partly.warnings == ["be warned"])
    #expect(try await run(graph(last: 2)).warnings == ["be warned"])
  }

  @Test func finishedNodesAreOnTheDisk() async throws {
    var toy = ToyGraph()
    toy.add("n0", "Constant", with: ["value": .float(0)])
    for index in 1..<40 { toy.add("n\(index)", "Add", in: ["a": "n\(index - 1)"], with: ["plus": .float(1)]) }
    let graph = toy.graph(targets: ["n39"])
    let plan = try makePlan(graph, cache: nil, numerics: "test")
    let (reader, log) = (cache, EventLog())
    let executor = Executor(cache: cache, numerics: "test") { event in
      log.sink(event)
      guard case .finished(let node, _, .executed, _, _) = event,
        let index = graph.nodes.firstIndex(where: { $0.address == node }), let key = plan.key(of: index)
      else { return }
      #expect(reader.entry(for: key, outputs: graph.nodes[index].declaration.outputs) != nil, "\(node)")
    }
    _ = try await executor.run(graph)
    #expect(log.nodes(.executed) == (0..<40).map { "n\($0)" })
    // Each node is told of in order: begun after what it needs has ended.
    let told = log.events.compactMap { event -> String? in
      switch event {
      case .started(let node, _, _): "+\(node)"
      case .finished(let node, _, _, _, _): "-\(node)"
      default: nil
      }
    }
    #expect(told == (0..<40).flatMap { ["+n\($0)", "-n\($0)"] })
  }

  /// What a model's descriptor says can be found from the results made with it.
  @Test func descriptorsBehindAResultAreKept() async throws {
    try folder.write("2", to: "model/left")
    try folder.write("3", to: "model/right")
    var toy = ToyGraph()
    toy.add("model", "Open", with: ["path": .path(folder.path + "/model")])
    toy.add("l", "Use", in: ["handle": "model.left"])
    toy.add("n", "Add", in: ["a": "l"], cache: .none)
    toy.add("m", "Add", in: ["a": "n"])
    try await run(toy.graph(targets: ["m"]))
    let entries = cache.list().map(\.entry)
    let used = try #require(entries.first { $0.node == "Use" })
    let descriptor = try #require(cache.blob(used.descriptor))
    #expect(used.ancestors.count == 1)
    #expect(String(decoding: descriptor, as: UTF8.self).contains("\(used.ancestors[0])"))
    let model = String(decoding: try #require(cache.blob(used.ancestors[0])), as: UTF8.self)
    #expect(model.contains(#""node":"Open""#))
    #expect(model.contains("\(ContentDigest(hashing: Array("2".utf8)))"))
    #expect(!model.contains("\(ContentDigest(hashing: Array("3".utf8)))"), "the other part is not in it")
    let sum = try #require(entries.first { $0.node == "Add" })
    #expect(sum.ancestors.count == 1, "the one that is not kept; what is behind that is")
  }
}
