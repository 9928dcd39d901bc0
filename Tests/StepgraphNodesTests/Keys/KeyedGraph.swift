import GraphEngine

/// A graph whose nodes are all targets, so that all have keys.
struct KeyedGraph {
  /// As it was resolved.
  let graph: ResolvedGraph
  /// What became of it: settings resolved, and wires without effect taken away.
  let plan: Plan
  let keys: [ContentDigest?]

  init(_ graph: ResolvedGraph) throws {
    var graph = graph
    graph.targets = Array(graph.nodes.indices)
    let plan = try makePlan(graph, cache: nil, numerics: "test")
    keys = plan.nodes.indices.map { plan.key(of: $0) }
    (self.graph, self.plan) = (graph, plan)
  }

  /// The same graph, by what its files are now.
  func again() throws -> KeyedGraph { try KeyedGraph(graph) }

  /// The graph after a change; throws where that has no plan.
  func with(_ change: (inout ResolvedGraph) -> Void) throws -> KeyedGraph {
    var changed = graph
    change(&changed)
    return try KeyedGraph(changed)
  }

  /// The graph with another value for a parameter; nil for paths, and where no other value means another thing here.
  func changing(_ parameter: ParameterDeclaration, of index: Int) -> KeyedGraph? {
    otherValues(of: parameter, of: index).lazy.compactMap { value in
      try? with { $0.nodes[index].parameters.values[parameter.name] = value }
    }.first { $0.settled(parameter, of: index) != settled(parameter, of: index) }
  }

  func otherValues(of parameter: ParameterDeclaration, of index: Int) -> [ParameterValue] {
    parameter.values(otherThan: graph.nodes[index].parameters.values[parameter.name] ?? .absent)
  }

  /// What the plan made of a parameter.
  private func settled(_ parameter: ParameterDeclaration, of index: Int) -> ParameterValue? {
    plan.graph.nodes[index].parameters.values[parameter.name]
  }

  var keysByAddress: [String: ContentDigest] {
    Dictionary(
      uniqueKeysWithValues: zip(graph.nodes, keys).compactMap { node, key in key.map { (node.address, $0) } })
  }

  /// The nodes whose keys are others in another graph of the same nodes.
  func differences(from other: KeyedGraph) -> [Int] { keys.indices.filter { keys[$0] != other.keys[$0] } }

  /// The first and the last of the nodes that a loop or a sweep makes of one.
  var samples: [Int] {
    var ends: [String: (first: Int, last: Int)] = [:]
    for (index, node) in graph.nodes.enumerated() {
      let name = node.address.replacing(/\[\d+\]/, with: "[]").replacing(/^[^\/]*=[^\/]*\//, with: "")
      ends[name] = (ends[name]?.first ?? index, index)
    }
    return Set(ends.values.flatMap { [$0.first, $0.last] }).sorted()
  }

  /// A node and what takes its outputs, or those named, however far down, in this plan or in another one of the same nodes.
  func cone(of index: Int, ports: Set<String>? = nil, or other: KeyedGraph? = nil) -> [Int] {
    let outputs = plan.graph.nodes[index].declaration.outputs
    var cone: Set<Int> = [index]
    for consumer in plan.graph.nodes.indices.dropFirst(index + 1) {
      let wires = [self, other].compactMap(\.self).flatMap { $0.plan.graph.nodes[consumer].inputs.joined() }
      let isReached = wires.contains { wire in
        guard cone.contains(wire.node) else { return false }
        guard let ports, wire.node == index else { return true }
        return ports.contains(outputs[wire.output].name)
      }
      if isReached { cone.insert(consumer) }
    }
    return cone.sorted()
  }

  /// Outputs of earlier nodes with other keys that may feed an input, one of each key.
  func otherSources(for position: Int, of index: Int) -> [WireSource] {
    let (wire, input) = (graph.nodes[index].inputs[position][0], graph.nodes[index].declaration.inputs[position])
    var seen: Set<ContentDigest?> = [keys[wire.node]]
    return graph.nodes.indices.prefix(index).filter { seen.insert(keys[$0]).inserted }.flatMap { node in
      graph.nodes[node].declaration.outputs.enumerated().filter { $1.type.canFeed(input.type) }
        .map { WireSource(node: node, output: $0.offset) }
    }
  }
}
