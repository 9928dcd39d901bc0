/// How far a run has come: which nodes can start, which are done, and the values that someone still needs.
///
/// Nodes of equal key are one here, under their representative's index.
struct Schedule: Sendable {
  private enum State: UInt8 { case idle, waiting, ready, active, done }

  private(set) var plan: Plan
  private var states: [State]
  /// By node: wires into it whose values are not there yet.
  private var missing: [Int]
  /// By output slot: the value, and how many wires of unfinished nodes need it.
  private var values: [(any WireValue)?]
  private var uses: [Int]
  private let wiring: Wiring
  /// By representative: the nodes that share its results.
  private let sharers: [Int: [Int]]
  private let alike: AlikeNodes

  private var readyToCompute = PriorityQueue()
  private var readyForIO = PriorityQueue()
  private var readyInline = PriorityQueue()
  private var readyToRead = PriorityQueue()
  private var unfinishedCount = 0

  /// Nodes run together only where a run `batches`.
  init(_ plan: Plan, batches: Bool) {
    self.plan = plan
    let count = plan.nodes.count
    states = Array(repeating: .idle, count: count)
    missing = Array(repeating: 0, count: count)
    wiring = Wiring(plan)
    values = Array(repeating: nil, count: wiring.slotCount)
    uses = Array(repeating: 0, count: wiring.slotCount)
    var sharers: [Int: [Int]] = [:]
    for (index, node) in plan.nodes.enumerated() {
      if case .shared(let other) = node.action { sharers[other, default: []].append(index) }
    }
    self.sharers = sharers
    alike = batches ? AlikeNodes(plan, wiring) : AlikeNodes()
    for source in plan.graph.outputs.values where plan.nodes[source.node].action != .skip {
      uses[wiring.slot(source)] += 1
    }
    activate(plan.nodes.indices.filter { plan.nodes[$0].isActing })
  }

  // MARK: Starting

  var isComplete: Bool { unfinishedCount == 0 }

  /// The next node that can run in a lane, in the graph's order, but for those that are worth holding back.
  mutating func takeReady(_ lane: Lane) -> Int? {
    var heldBack: [Int] = []
    defer { for node in heldBack { makeReady(node) } }
    while let node = popReady(lane) {
      // Those that were taken to run together with others are in the queue still.
      guard states[node] == .ready else { continue }
      if isWorthHolding(node) {
        heldBack.append(node)
      } else {
        take(node)
        return node
      }
    }
    return nil
  }

  mutating func take(_ node: Int) { states[node] = .active }

  private mutating func popReady(_ lane: Lane) -> Int? {
    switch lane {
    case .compute: readyToCompute.popFirst()
    case .io: readyForIO.popFirst()
    case .inline: readyInline.popFirst()
    }
  }

  /// The next hit that is to be read.
  mutating func takeRead() -> Int? {
    let node = readyToRead.popFirst()
    if let node { take(node) }
    return node
  }

  /// Nodes that are ready and may run together with one, in the graph's order.
  func readyAlike(_ node: Int) -> [Int] {
    Array(alike[node].lazy.filter { $0 != node && isReadyToRun($0) }.prefix(AlikeNodes.mostTogether - 1))
  }

  /// Whether a node that could run together with this one is about to be ready, so that waiting makes the batch larger.
  private func isWorthHolding(_ node: Int) -> Bool {
    let others = alike[node]
    if others.isEmpty { return false }
    let isFull = others.lazy.filter(isReadyToRun).prefix(AlikeNodes.mostTogether).count == AlikeNodes.mostTogether
    return !isFull && others.contains { states[$0] == .waiting && isAboutToBeReady($0) }
  }

  private func isReadyToRun(_ node: Int) -> Bool { states[node] == .ready && plan.nodes[node].action == .run }

  /// Whether all that a node waits for is under way or ready; of the latter only what nothing holds back itself.
  private func isAboutToBeReady(_ node: Int) -> Bool {
    wiring.inputs(of: node).allSatisfy { wire in
      switch states[wire.producer] {
      case .done, .active: true
      case .ready: plan.nodes[wire.producer].action == .hit || alike[wire.producer].isEmpty
      case .idle, .waiting: false
      }
    }
  }

  /// The values of a node that runs, one entry for each declared input.
  func inputs(of node: Int) -> [[any WireValue]] {
    plan.graph.nodes[node].inputs.map { wires in
      wires.map { wire in
        guard let value = values[wiring.slot(wire)] else { preconditionFailure("a node started without its inputs") }
        return value
      }
    }
  }

  /// The nodes that a node's inputs come from.
  func producers(of node: Int) -> some Sequence<Int> { wiring.inputs(of: node).lazy.map(\.producer) }

  /// Positions of the outputs that something needs.
  func neededOutputs(of node: Int) -> [Int] {
    plan.graph.nodes[node].declaration.outputs.indices.filter { uses[wiring.slot(of: node, output: $0)] > 0 }
  }

  /// Values of the workflow's `outputs`, by name.
  var outputs: [String: any WireValue] { plan.graph.outputs.compactMapValues { values[wiring.slot($0)] } }

  private mutating func activate(_ nodes: [Int]) {
    for node in nodes { states[node] = .waiting }
    unfinishedCount += nodes.count
    for node in nodes {
      if plan.nodes[node].action != .hit {
        for wire in wiring.inputs(of: node) {
          uses[wire.slot] += 1
          if states[wire.producer] != .done { missing[node] += 1 }
        }
      }
      if missing[node] == 0 { makeReady(node) }
    }
  }

  private mutating func makeReady(_ node: Int) {
    states[node] = .ready
    if plan.nodes[node].action == .hit { return readyToRead.insert(node) }
    switch plan.graph.nodes[node].declaration.info.lane {
    case .compute: readyToCompute.insert(node)
    case .io: readyForIO.insert(node)
    case .inline: readyInline.insert(node)
    }
  }

  // MARK: Finishing

  /// Takes a node's outputs, nil for those that nothing needs, and gives the nodes that share them.
  mutating func finish(_ node: Int, outputs: [(any WireValue)?]) -> [Int] {
    states[node] = .done
    unfinishedCount -= 1
    for (position, value) in outputs.enumerated() {
      let slot = wiring.slot(of: node, output: position)
      if uses[slot] > 0 { values[slot] = value }
    }
    for consumer in wiring.consumers(of: node) where states[consumer] == .waiting {
      missing[consumer] -= 1
      if missing[consumer] == 0 { makeReady(consumer) }
    }
    if plan.nodes[node].action != .hit {
      for wire in wiring.inputs(of: node) {
        uses[wire.slot] -= 1
        if uses[wire.slot] == 0 { values[wire.slot] = nil }
      }
    }
    return sharers[node] ?? []
  }

  /// Runs a hit that turned out unreadable, and above it what is neither at hand nor in a cache.
  mutating func recompute(_ hit: Int, caches: ResultCaches) {
    plan.nodes[hit] = PlannedNode(action: .run, reason: .damaged)
    plan.hits[hit] = nil
    var revived: Set<Int> = [hit]
    var stack = [hit]
    while let node = stack.popLast() {
      guard plan.nodes[node].action != .hit else { continue }
      for wire in wiring.inputs(of: node) {
        guard values[wire.slot] == nil, states[wire.producer] == .idle || states[wire.producer] == .done,
          revived.insert(wire.producer).inserted
        else { continue }
        plan.decideAgain(wire.producer, neededBy: node, caches: caches)
        stack.append(wire.producer)
      }
    }
    // Consumers that wait for something else hold an output of a revived node already, and now wait for it again.
    for node in revived where states[node] == .done {
      for consumer in wiring.consumers(of: node) where states[consumer] == .waiting { missing[consumer] += 1 }
    }
    unfinishedCount -= 1
    activate(revived.sorted())
  }

  /// Reads a hit once more, because another of its outputs came to be needed while it was read.
  mutating func readAgain(_ hit: Int) { makeReady(hit) }
}

extension Plan {
  /// Decides on a node that was skipped or whose values are gone.
  fileprivate mutating func decideAgain(_ node: Int, neededBy consumer: Int, caches: ResultCaches) {
    let declaration = graph.nodes[node].declaration
    if declaration.isHandle {
      nodes[node] = PlannedNode(action: .open, reason: .neededBy(consumer))
    } else if nodes[node].reason != .refreshed, let key = key(of: node),
      let hit = caches.result(for: key, outputs: declaration.outputs, policy: policies[node])
    {
      hits[node] = hit
      nodes[node] = PlannedNode(action: .hit, reason: .cached)
    } else {
      let isKept = policies[node] == .disk
      nodes[node] = PlannedNode(action: .run, reason: isKept ? .notCached : .policy(graph.nodes[node].cache))
    }
  }
}
