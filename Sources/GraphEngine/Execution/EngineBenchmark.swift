import Diagnostics

/// What the engine itself costs, measured with nodes that do nothing.
package struct EngineBenchmark: Sendable {
  /// Nodes of the chain that is run, and of the graph that is planned.
  package static let (chainLength, graphSize) = (10_000, 100_000)

  /// Seconds by node of running a chain without a cache, each node on the compute thread; one number for each run.
  package private(set) var running: [Double] = []
  /// Seconds from a text to its graph, checked and unrolled.
  package private(set) var resolving: [Double] = []
  /// Seconds from a graph to its plan.
  package private(set) var planning: [Double] = []
  /// Seconds by evaluation of an expression.
  package private(set) var evaluating: [Double] = []

  private static let evaluations = 1_000_000

  package init(runs: Int) async throws {
    let chain = try Self.graph(iterations: Self.chainLength)
    let guidance = try TextTemplate(
      "$(if(i < n-2, lerp(8, 3, i/(n-1)), scales[n-1-i]))", as: .float,
      values: ["n": .int(20), "scales": .list([.float(5), .float(7.5)])], indices: ["i"])
    for _ in 0..<runs {
      let result = try await Executor(cache: nil, numerics: "benchmark").run(chain)
      running.append(result.seconds / Double(chain.nodes.count))
      let (graph, resolving) = try timed { try Self.graph(iterations: Self.graphSize) }
      self.resolving.append(resolving)
      let evaluating = try timed { for number in 0..<Self.evaluations { _ = try guidance.value([number % 20]) } }
      self.evaluating.append(evaluating.seconds / Double(Self.evaluations))
      planning.append(try timed { try makePlan(graph, cache: nil, numerics: "benchmark") }.seconds)
    }
  }

  /// A chain of so many nodes, as a loop.
  private static func graph(iterations: Int) throws -> ResolvedGraph {
    let text = """
      stepgraph: 1
      nodes:
        chain:
          loop: {times: \(iterations), index: i}
          carry: {signal: none}
          nodes: {next: {node: Idle, in: {signal: carry.signal}, with: {number: $(i)}}}
          yield: {signal: next}
      outputs: {signal: chain.signal}
      """
    let file = SourceFile(path: "benchmark", text: text)
    return try WorkflowLoader(catalog: NodeCatalog([IdleNode.self]), readFile: { _, _ in file }).resolve(file.path)
  }
}

/// A node that does nothing.
private struct IdleNode: Node {
  static let info = NodeInfo(type: "Idle", version: 1, lane: .compute, summary: "Does nothing.")

  let before = OptionalInput<IdleSignal>("signal", "What it waits for.")
  let number = Parameter<Int>("number", "Tells it from others.")
  let after = Output<IdleSignal>("signal", "Says that it is done.")

  func run(_ io: inout NodeIO) throws { io[after] = IdleSignal() }
}

private struct IdleSignal: WireValue {
  static let wireType = WireType("signal")

  init() {}
  init(decoding bytes: UnsafeRawBufferPointer) throws {}
  func encoded() throws -> [UInt8] { [] }
  var byteCount: Int { 0 }
  var isFinite: Bool { true }
}
