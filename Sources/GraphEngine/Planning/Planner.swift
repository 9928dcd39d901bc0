import Diagnostics

/// Decides what a run of `graph` does, walking back from its targets: what is in the cache needs nothing above it.
///
/// `numerics` names everything about this machine and build that decides the numbers of compute nodes.
/// Throws `DiagnosticList` with everything wrong with files that nodes read.
package func makePlan(
  _ graph: ResolvedGraph, cache: DiskCache?, memory: MemoryCache? = nil, numerics: String,
  options: PlanOptions = PlanOptions()
) throws -> Plan {
  var planner = Planner(graph, caches: ResultCaches(disk: cache, memory: memory), numerics: numerics, options: options)
  try planner.makeKeys()
  planner.decide()
  try planner.verify()
  return planner.plan()
}

/// What a plan is to do beyond the usual.
package struct PlanOptions: Sendable {
  /// Nodes to compute though they may be in the cache.
  package var recomputed: Set<Int>
  /// Whether the results of `recomputed` are compared with those in the cache instead of taking their places.
  package var comparesOnly: Bool
  /// Where digests of large files are remembered when results are not kept.
  package var digests: DiskCache?
  /// Gets the path of a large file that is being hashed, the bytes done and all of them.
  package var hashing: (@Sendable (_ path: String, _ done: Int, _ all: Int) -> Void)?

  package init(
    recomputed: Set<Int> = [], comparesOnly: Bool = false, digests: DiskCache? = nil,
    hashing: (@Sendable (String, Int, Int) -> Void)? = nil
  ) {
    self.recomputed = recomputed
    self.comparesOnly = comparesOnly
    self.digests = digests
    self.hashing = hashing
  }
}

private struct Planner {
  private var graph: ResolvedGraph
  private let caches: ResultCaches
  private let options: PlanOptions
  private var keys: NodeKeys
  private let isAsked: [Bool]
  private var nodes: [PlannedNode]
  private var hits: [Int: CachedResult] = [:]
  /// Nodes of equal key form a group; those that must run themselves are each a group of their own.
  private var group: [Int]
  private var groupCount = 0
  private var forecasts: Forecasts
  /// By group: the most that a member asks for.
  private var groupPolicies: [CachePolicy] = []
  private var isGroupRecomputed: [Bool] = []

  init(_ graph: ResolvedGraph, caches: ResultCaches, numerics: String, options: PlanOptions) {
    self.graph = graph
    self.caches = caches
    self.options = options
    keys = NodeKeys(nodeCount: graph.nodes.count, numerics: numerics)
    nodes = Array(repeating: PlannedNode(action: .skip, reason: .notAsked), count: graph.nodes.count)
    group = Array(repeating: 0, count: graph.nodes.count)
    forecasts = Forecasts(nodeCount: graph.nodes.count)
    isAsked = graph.ancestorsOfTargets()
  }

  // MARK: Keys

  /// Resolves settings, digests the files that are read, looks ahead and keys every node that a target may need.
  mutating func makeKeys() throws {
    var digests = SourceDigests(cache: caches.disk, other: options.digests, progress: options.hashing)
    let consumers = ConsumerTypes(graph)
    var types: [ObjectIdentifier: PlannedType] = [:]
    // Opening a model takes a while, and a sweep opens it at every point.
    var known: [SourceRequest: [SourceContent]] = [:]
    var groups: [ContentDigest: Int] = [:]
    groups.reserveCapacity(graph.nodes.count)
    let problems = DiagnosticCollector()
    for index in graph.nodes.indices where isAsked[index] {
      let id = ObjectIdentifier(graph.nodes[index].declaration)
      let type = types[id] ?? PlannedType(graph.nodes[index].declaration)
      types[id] = type
      let node = type.node
      if let consumers = consumers[index], let node = node as? any ConsumerAwareNode {
        node.resolve(&graph.nodes[index].parameters, consumers: consumers)
      }
      do {
        try node.resolve(&graph.nodes[index].parameters)
        let request = type.readsFiles ? SourceRequest(graph.nodes[index]) : nil
        let contents =
          try request.flatMap { known[$0] }
          ?? node.sources(graph.nodes[index].parameters).map { source in
            let (digest, identity) = try digests.digest(of: source.path)
            return SourceContent(
              path: source.path, digest: digest, identity: identity, outputs: source.outputs, role: source.role)
          }
        if let request { known[request] = contents }
        keys.add(index, of: graph, reading: contents)
        if let foreseeing = type.forecasting {
          let isChanged = try forecasts.add(index, foreseeing, key: keys.nodeKeys[index], to: &graph)
          if isChanged { keys.add(index, of: graph, reading: contents) }
        } else {
          forecasts.pass(index, in: graph)
        }
      } catch {
        forecasts.fail(index)
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
      groupPolicies.append(.none)
      isGroupRecomputed.append(false)
    }
    if !info.isSink, graph.nodes[index].declaration.isCacheable {
      groupPolicies[group[index]] = max(groupPolicies[group[index]], policy)
    }
    if options.recomputed.contains(index) { isGroupRecomputed[group[index]] = true }
  }

  // MARK: Decisions

  /// Walks from the last node to the first, looking up what is needed.
  mutating func decide() {
    var lookups: [CachedResult??] = Array(repeating: nil, count: groupCount)
    var neededBy: [Int?] = Array(repeating: nil, count: graph.nodes.count)
    for target in graph.targets { neededBy[target] = target }
    for index in graph.nodes.indices.reversed() where isAsked[index] {
      guard let consumer = neededBy[index] else {
        nodes[index].reason = .notNeeded
        continue
      }
      nodes[index] = decision(for: index, consumer: consumer, &lookups)
      guard nodes[index].action != .hit else { continue }
      for wire in graph.nodes[index].inputs.joined() { neededBy[wire.node] = index }
    }
    share()
    nameCauses()
  }

  private mutating func decision(for index: Int, consumer: Int, _ lookups: inout [CachedResult??]) -> PlannedNode {
    let declaration = graph.nodes[index].declaration
    if declaration.isHandle { return PlannedNode(action: .open, reason: .neededBy(consumer)) }
    if declaration.info.isSink { return PlannedNode(action: .run, reason: .sink) }
    guard !caches.isOff, let key = keys.nodeKeys[index] else { return PlannedNode(action: .run, reason: .cacheOff) }
    guard declaration.isCacheable else { return PlannedNode(action: .run, reason: .uncacheable) }
    if isGroupRecomputed[group[index]] { return PlannedNode(action: .run, reason: .refreshed) }
    let policy = groupPolicies[group[index]]
    let lookup = lookups[group[index]] ?? caches.result(for: key, outputs: declaration.outputs, policy: policy)
    lookups[group[index]] = .some(lookup)
    if let hit = lookup {
      hits[index] = hit
      return PlannedNode(action: .hit, reason: .cached)
    }
    if policy != .disk { return PlannedNode(action: .run, reason: .policy(graph.nodes[index].cache)) }
    return PlannedNode(action: .run, reason: caches.disk == nil ? .cacheOff : .notCached)
  }

  /// Of needed nodes with equal keys the first acts and the others share its results.
  private mutating func share() {
    var first: [Int?] = Array(repeating: nil, count: groupCount)
    for index in nodes.indices where nodes[index].action != .skip {
      if let other = first[group[index]] {
        nodes[index] = PlannedNode(action: .shared(other), reason: .sameAs(other))
        hits[index] = nil
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

  /// Lets every handle that is opened look at what will be read for those that run.
  func verify() throws {
    var needed: [Int: Set<String>] = [:]
    for index in nodes.indices where nodes[index].action == .run {
      for wire in graph.nodes[index].inputs.joined() where graph.nodes[wire.node].declaration.isHandle {
        var handle = wire.node
        if case .shared(let other) = nodes[handle].action { handle = other }
        needed[handle, default: []].insert(graph.nodes[wire.node].declaration.outputs[wire.output].name)
      }
    }
    let problems = DiagnosticCollector()
    for (index, outputs) in needed.sorted(by: { $0.key < $1.key }) {
      let node = graph.nodes[index]
      do {
        try node.declaration.makeNode().verify(node.parameters, outputs: outputs)
      } catch {
        problems.add(node.diagnostic(for: error))
      }
    }
    try problems.throwIfErrors()
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
    EmbeddedWorkflow.complete(&graph, sources: keys.sources, numerics: keys.numerics)
    return Plan(
      graph: graph, nodes: nodes, hits: hits, representatives: representatives(),
      policies: graph.nodes.indices.map { isAsked[$0] ? groupPolicies[group[$0]] : .none }, compared: compared(),
      keys: keys, warnings: forecasts.warnings)
  }

  private func compared() -> [Int: CacheEntry] {
    guard options.comparesOnly, let disk = caches.disk else { return [:] }
    var entries: [Int: CacheEntry] = [:]
    for index in nodes.indices where nodes[index].action == .run && isGroupRecomputed[group[index]] {
      entries[index] = keys.nodeKeys[index].flatMap {
        disk.entry(for: $0, outputs: graph.nodes[index].declaration.outputs)
      }
    }
    return entries
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

/// What is asked of a node's type once for all nodes.
private struct PlannedType {
  let node: any Node
  let forecasting: (any ForecastingNode)?
  /// Whether nodes are given paths to read.
  let readsFiles: Bool

  init(_ declaration: NodeDeclaration) {
    node = declaration.makeNode()
    forecasting = node as? any ForecastingNode
    readsFiles = declaration.parameters.contains { $0.type == .path(.read) }
  }
}

/// What decides which files a node reads.
private struct SourceRequest: Hashable {
  let type: String
  let parameters: NodeParameters

  init(_ node: ResolvedNode) { (type, parameters) = (node.declaration.info.type, node.parameters) }
}

extension NodeDeclaration {
  fileprivate var isCacheable: Bool { !outputs.isEmpty && outputs.allSatisfy { $0.type.isCacheable } }
}
