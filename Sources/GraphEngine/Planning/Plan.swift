import Diagnostics

/// What a run will do, node by node, and why: a pure value, made by `makePlan`.
package struct Plan: Sendable {
  /// The graph with its settings resolved, and model digests in its workflow text.
  package let graph: ResolvedGraph
  /// One for each node of the graph.
  package internal(set) var nodes: [PlannedNode]
  /// Results of the nodes that are hits.
  var hits: [Int: CachedResult]
  /// The node that stands for all nodes of equal key, which execute once.
  let representatives: [Int]
  /// Where the outputs of each node go when it runs.
  let policies: [CachePolicy]
  /// Entries of nodes that run to have their new results compared with those.
  let compared: [Int: CacheEntry]
  let keys: NodeKeys
  /// What nodes warned of before anything ran.
  package let warnings: [Diagnostic]

  package func count(_ matches: (PlannedNode.Action) -> Bool) -> Int { nodes.count { matches($0.action) } }
  package var runCount: Int { count { $0 == .run } }
  package var hitCount: Int { count { $0 == .hit } }
  package var sharedCount: Int { count { if case .shared = $0 { true } else { false } } }

  /// Whether nothing runs but sinks, with results that are in the cache.
  package var onlyWrites: Bool {
    nodes.indices.allSatisfy { nodes[$0].action != .run || graph.nodes[$0].declaration.info.isSink }
  }

  /// The node's cache key; nil when nothing asked for needs the node.
  package func key(of node: Int) -> ContentDigest? { keys.nodeKeys[node] }

  /// The canonical JSON that the node's key is the digest of; nil when nothing asked for needs the node.
  package func descriptor(of node: Int) -> [UInt8]? {
    guard keys.nodeKeys[node] != nil else { return nil }
    var keys = keys
    return keys.descriptor(of: node, in: graph)
  }

  /// The descriptors behind a node's that are those of no entry, such as its model's.
  func ancestorDescriptors(of node: Int, hasEntry: (Int) -> Bool) -> [[UInt8]] {
    var keys = keys
    var found: [[UInt8]] = []
    var seen: Set<WireSource> = []
    var stack = graph.nodes[node].inputs.joined().reversed() as [WireSource]
    while let source = stack.popLast(), found.count < Self.ancestorLimit {
      guard !hasEntry(source.node), seen.insert(source).inserted else { continue }
      found.append(keys.descriptor(of: source, in: graph))
      stack += graph.nodes[source.node].inputs.joined().reversed()
    }
    return found
  }

  private static let ancestorLimit = 100

  /// The files that nodes read, by path, as they were when they were looked at.
  package var readFiles: [String: FileIdentity] {
    Dictionary(keys.sources.values.joined().map { ($0.path, $0.identity) }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether a run of another plan does the same: the same nodes with the same keys, and the same files written with the
  /// same workflow inside.
  package func isSame(as other: Plan) -> Bool {
    guard keys.nodeKeys == other.keys.nodeKeys, graph.targets == other.graph.targets,
      graph.workflow == other.graph.workflow
    else { return false }
    return zip(graph.nodes, other.graph.nodes).allSatisfy { a, b in
      a.address == b.address && (!a.declaration.info.isSink || a.parameters == b.parameters)
    }
  }

  /// A file that nodes read and that is no longer what its digest in the keys was made of.
  func changedSource() -> String? {
    keys.sources.values.joined().first { FileIdentity(path: $0.path) != $0.identity }?.path
  }

  /// Why the node does what it does, in words.
  package func reason(for node: Int) -> String {
    func name(_ index: Int) -> String { "'\(graph.nodes[index].address)'" }
    return switch nodes[node].reason {
    case .cached: "in the cache"
    case .notCached: "not in the cache"
    case .damaged: "its cached value is damaged"
    case .refreshed: "asked to be computed again"
    case .inputRuns(let input): "its input \(name(input)) runs"
    case .sink: "writes a file: always runs"
    case .uncacheable: "its outputs cannot be cached"
    case .policy(let policy): "cache: \(policy.rawValue)"
    case .cacheOff: "the cache is off"
    case .sameAs(let other): "does the same as \(name(other))"
    case .neededBy(let consumer): "needed by \(name(consumer))"
    case .notNeeded: "all that needs it is in the cache"
    case .notAsked: "no target needs it"
    }
  }
}

/// What becomes of one node in a run.
package struct PlannedNode: Sendable, Hashable {
  package enum Action: Sendable, Hashable {
    case run
    /// Read from the cache.
    case hit
    /// Takes the results of another node, which has the same key.
    case shared(Int)
    /// A handle, such as a model: opened, and neither run nor cached.
    case open
    case skip

    /// As `plan` and `--json` print it.
    package var name: String {
      switch self {
      case .run: "run"
      case .hit: "hit"
      case .shared: "shared"
      case .open: "open"
      case .skip: "skip"
      }
    }
  }

  package enum Reason: Sendable, Hashable {
    case cached, notCached, damaged, refreshed, inputRuns(Int), sink, uncacheable, policy(CachePolicy), cacheOff
    case sameAs(Int), neededBy(Int), notNeeded, notAsked
  }

  package var action: Action
  package var reason: Reason

  /// Whether a run has something to do for the node itself.
  var isActing: Bool {
    switch action {
    case .run, .hit, .open: true
    case .shared, .skip: false
    }
  }
}
