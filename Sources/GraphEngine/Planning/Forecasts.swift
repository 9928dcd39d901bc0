import Diagnostics

/// What is known of outputs before anything runs: follows the wires while the nodes of a graph are keyed.
struct Forecasts {
  private struct Entry {
    var outputs: [(any Sendable)?] = []
    /// What the forecast changed of the node.
    var parameters: [String: ParameterValue] = [:]
    var disconnected: [Int] = []
    var change: NodeChange?
    /// Whether the node, or one above it, cannot work: nothing more is told of what follows from it.
    var isFailed = false
  }

  private var entries: [Entry]
  /// The first node of each key that was asked, the key being that before its forecast.
  private var firsts: [ContentDigest: Int] = [:]
  /// Problems in the words of their nodes: those that share a wire share its problem, which is told once.
  private var told: Set<String> = []
  private(set) var warnings: [Diagnostic] = []

  init(nodeCount: Int) { entries = Array(repeating: Entry(), count: nodeCount) }

  /// Asks the node, whose inputs have been asked and whose key is `key`; says whether that changed what it is keyed by.
  ///
  /// Throws what the node throws, unless it has been told.
  mutating func add(_ index: Int, _ node: any ForecastingNode, key: ContentDigest?, to graph: inout ResolvedGraph)
    throws
    -> Bool
  {
    guard !inherits(failureTo: index, in: graph) else {
      entries[index].isFailed = true
      return false
    }
    if let key, let first = firsts[key] { return repeatForecast(of: first, for: index, in: &graph) }
    if let key { firsts[key] = index }
    let known = graph.nodes[index].inputs.map { wires in
      wires.first.flatMap { wire in entries[wire.node].outputs.isEmpty ? nil : entries[wire.node].outputs[wire.output] }
    }
    var io = NodeForecast(graph.nodes[index], known: known)
    do {
      try node.forecast(&io)
    } catch {
      entries[index].isFailed = true
      if let failure = error as? NodeFailure, !told.insert(failure.message).inserted { return false }
      throw error
    }
    for (message, port) in io.warnings where told.insert(message).inserted {
      let node = graph.nodes[index]
      warnings.append(
        Diagnostic(
          "node '\(node.address)' (\(node.declaration.info.type)): \(message)", at: node.location(of: port),
          severity: .warning))
    }
    entries[index].outputs = io.outputs
    let (given, forecast) = (graph.nodes[index].parameters.values, io.parameters.values)
    entries[index].parameters = forecast == given ? [:] : forecast.filter { given[$0.key] != $0.value }
    entries[index].disconnected = io.wires.indices.filter { io.wires[$0] != graph.nodes[index].inputs[$0] }
    entries[index].change = io.change
    return apply(entries[index], to: &graph.nodes[index])
  }

  /// A node that cannot work for another reason, which has been told.
  mutating func fail(_ index: Int) { entries[index].isFailed = true }

  /// For a node whose type knows nothing: passes on that one above it failed.
  mutating func pass(_ index: Int, in graph: ResolvedGraph) {
    if inherits(failureTo: index, in: graph) { entries[index].isFailed = true }
  }

  private func inherits(failureTo index: Int, in graph: ResolvedGraph) -> Bool {
    graph.nodes[index].inputs.contains { $0.contains { entries[$0.node].isFailed } }
  }

  /// What was known of the first node of a key holds for all.
  private mutating func repeatForecast(of first: Int, for index: Int, in graph: inout ResolvedGraph) -> Bool {
    entries[index] = entries[first]
    return apply(entries[index], to: &graph.nodes[index])
  }

  private func apply(_ entry: Entry, to node: inout ResolvedNode) -> Bool {
    node.parameters.values.merge(entry.parameters) { $1 }
    for port in entry.disconnected { node.inputs[port] = [] }
    if let change = entry.change { node.apply(change) }
    return !entry.parameters.isEmpty || !entry.disconnected.isEmpty || entry.change != nil
  }
}

extension ResolvedNode {
  /// Makes it one of another type, with the wires and parameters that the types have in common.
  fileprivate mutating func apply(_ change: NodeChange) {
    let own = declaration.inputs.map(\.name)
    let places = change.type.inputs.map { input in own.firstIndex { (change.inputs[$0] ?? $0) == input.name } }
    for (input, place) in zip(change.type.inputs, places) {
      if let place, let location = portLocations[own[place]] { portLocations[input.name] = location }
    }
    inputs = places.map { place in place.map { inputs[$0] } ?? [] }
    let names = Set(change.type.parameters.map(\.name))
    parameters.values = parameters.values.filter { names.contains($0.key) }
    declaration = change.type
  }
}
