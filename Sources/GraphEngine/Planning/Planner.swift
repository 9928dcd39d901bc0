import Diagnostics

/// Decides what a run of `graph` does, walking back from its targets: what is in the cache needs nothing above it.
///
/// `numerics` names everything about this machine and build that decides the numbers of compute nodes.
/// Throws `DiagnosticList` with everything wrong with files that nodes read.
package func makePlan(_ graph: ResolvedGraph, cache: DiskCache?, numerics: String) throws -> Plan {
  var planner = Planner(graph, cache: cache, numerics: numerics)
  try planner.makeKeys()
  planner.decide()
  return planner.plan()
}

private struct Planner {
  private var graph: ResolvedGraph
  private let cache: DiskCache?
  private var keys: NodeKeys
  private let isAsked: [Bool]
  private var nodes: [PlannedNode]
  private var entries: [Int: CacheEntry] = [:]
  /// Nodes of equal key form a group; those that must run themselves are each a group of their own.
  private var group: [Int]
  private var groupCount = 0
  /// By group: whether a member asks to be kept on disk.
  private var isGroupKept: [Bool] = []

  init(_ graph: ResolvedGraph, cache: DiskCache?, numerics: String) {
    self.graph = graph
    self.cache = cache
    keys = NodeKeys(nodeCount: graph.nodes.count, numerics: numerics)
    nodes = Array(repeating: PlannedNode(action: .skip, reason: .notAsked), count: graph.nodes.count)
    group = Array(repeating: 0, count: graph.nodes.count)
    isAsked = graph.ancestorsOfTargets()
  }

  // MARK: Keys

  /// Resolves settings, digests the files that are read and keys every node that a target may need.
  mutating func makeKeys() throws {
    var digests = SourceDigests(cache: cache)
    var types: [String: any Node] = [:]
    var groups: [ContentDigest: Int] = [:]
    groups.reserveCapacity(graph.nodes.count)
    let problems = DiagnosticCollector()
    for index in graph.nodes.indices where isAsked[index] {
      let type = graph.nodes[index].declaration.info.type
      let node = types[type] ?? graph.nodes[index].declaration.makeNode()
      types[type] = node
      do {
        try node.resolve(&graph.nodes[index].parameters)
        let contents = try node.sources(graph.nodes[index].parameters).map { source in
          let (digest, identity) = try digests.digest(of: source.path)
          return SourceContent(path: source.path, digest: digest, identity: identity, outputs: source.outputs)
        }
        keys.add(index, of: graph, reading: contents)
      } catch {
        let causes: [any Error] = (error as? DiagnosticList)?.diagnostics ?? [error]
        for cause in causes {
          problems.add(graph.nodes[index].diagnostic(for: cause))
        }
        // Its consumers are keyed all the same, so that they too can report what is wrong with them.
        keys.add(index, of: graph, reading: [])
      }
      assignGroup(index, &groups)
    }
    digests.save()
    try problems.throwIfErrors()
  }

  private mutating func assignGroup(_ index: Int, _ groups: inout [ContentDigest: Int]) {
    let info = graph.nodes[index].declaration.info
    let policy = graph.nodes[index].cache
    if info.isSink || policy == .none {
      group[index] = groupCount
    } else if let key = keys.nodeKeys[index] {
      group[index] = groups[key] ?? groupCount
      groups[key] = group[index]
    }
    if group[index] == groupCount {
      groupCount += 1
      isGroupKept.append(false)
    }
    if policy == .disk, !info.isSink, graph.nodes[index].declaration.isCacheable, cache != nil {
      isGroupKept[group[index]] = true
    }
  }

  // MARK: Decisions

  /// Walks from the last node to the first, looking up what is needed.
  mutating func decide() {
    var lookups: [CacheEntry??] = Array(repeating: nil, count: groupCount)
    var neededBy: [Int?] = Array(repeating: nil, count: graph.nodes.count)
    for target in graph.targets { neededBy[target] = target }
    for index in graph.nodes.indices.reversed() where isAsked[index] {
      guard let consumer = neededBy[index] else {
        nodes[index].reason = .notNeeded
        continue
      }
      nodes[index] = decision(for: index, consumer: consumer, &lookups)
      guard nodes[index].action != .hit else { continue }
      for wires in graph.nodes[index].inputs {
        for wire in wires { neededBy[wire.node] = index }
      }
    }
    share()
    nameCauses()
  }

  private mutating func decision(for index: Int, consumer: Int, _ lookups: inout [CacheEntry??]) -> PlannedNode {
    let node = graph.nodes[index]
    if node.declaration.isHandle { return PlannedNode(action: .open, reason: .neededBy(consumer)) }
    if node.declaration.info.isSink { return PlannedNode(action: .run, reason: .sink) }
    guard let cache, let key = keys.nodeKeys[index] else { return PlannedNode(action: .run, reason: .cacheOff) }
    guard node.declaration.isCacheable else { return PlannedNode(action: .run, reason: .uncacheable) }
    guard isGroupKept[group[index]] else { return PlannedNode(action: .run, reason: .policy(node.cache)) }
    let lookup = lookups[group[index]] ?? cache.entry(for: key, outputs: node.declaration.outputs)
    lookups[group[index]] = .some(lookup)
    guard let entry = lookup else { return PlannedNode(action: .run, reason: .notCached) }
    entries[index] = entry
    return PlannedNode(action: .hit, reason: .cached)
  }

  /// Of needed nodes with equal keys the first acts and the others share its results.
  private mutating func share() {
    var first: [Int?] = Array(repeating: nil, count: groupCount)
    for index in nodes.indices where nodes[index].action != .skip {
      if let other = first[group[index]] {
        nodes[index] = PlannedNode(action: .shared(other), reason: .sameAs(other))
        entries[index] = nil
      } else {
        first[group[index]] = index
      }
    }
  }

  /// A node that is not in the cache because an input changed names that input.
  private mutating func nameCauses() {
    for index in nodes.indices where nodes[index].reason == .notCached {
      for wires in graph.nodes[index].inputs {
        guard let cause = wires.first(where: { isRunning($0.node) }) else { continue }
        nodes[index].reason = .inputRuns(cause.node)
        break
      }
    }
  }

  private func isRunning(_ index: Int) -> Bool {
    switch nodes[index].action {
    case .run: true
    case .shared(let other): nodes[other].action == .run
    case .hit, .open, .skip: false
    }
  }

  func plan() -> Plan {
    var graph = graph
    EmbeddedWorkflow.complete(&graph, sources: keys.sources)
    return Plan(
      graph: graph, nodes: nodes, entries: entries, representatives: representatives(),
      isKept: graph.nodes.indices.map { isAsked[$0] && isGroupKept[group[$0]] }, keys: keys)
  }

  /// For each node the needed one of its group, or the group's first where none is needed.
  private func representatives() -> [Int] {
    var chosen: [Int?] = Array(repeating: nil, count: groupCount)
    for wantsNeeded in [true, false] {
      for index in nodes.indices where isAsked[index] && chosen[group[index]] == nil {
        if !wantsNeeded || nodes[index].action != .skip { chosen[group[index]] = index }
      }
    }
    return nodes.indices.map { isAsked[$0] ? chosen[group[$0]] ?? $0 : $0 }
  }
}

extension NodeDeclaration {
  fileprivate var isCacheable: Bool { !outputs.isEmpty && outputs.allSatisfy { $0.type.isCacheable } }
}

extension ResolvedGraph {
  /// Which nodes a target may need, targets among them.
  fileprivate func ancestorsOfTargets() -> [Bool] {
    var isAncestor = Array(repeating: false, count: nodes.count)
    for target in targets { isAncestor[target] = true }
    for index in nodes.indices.reversed() where isAncestor[index] {
      for wires in nodes[index].inputs {
        for wire in wires { isAncestor[wire.node] = true }
      }
    }
    return isAncestor
  }
}
