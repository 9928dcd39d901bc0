/// What came of running one node.
struct NodeResult: Sendable {
  /// The node's position in the graph.
  let index: Int
  let outcome: Result<NodeOutcome, any Error>
  /// A node's share, when it ran together with others.
  let seconds: Double
  /// Addresses of the nodes that ran together, this one among them; empty for one that ran alone.
  let batch: [String]
}

/// Nodes to run on one thread: one, or several of a `BatchableNode` together.
struct NodeBatch: Sendable {
  private(set) var jobs: [NodeJob]

  init(_ job: NodeJob) { jobs = [job] }

  /// Addresses of the nodes; none for one alone.
  var addresses: [String] { jobs.count > 1 ? jobs.map(\.node.address) : [] }

  /// Adds a node that is like the others, if it can run together with them.
  mutating func add(_ job: NodeJob) -> Bool {
    guard let node = batchable, let nodes = try? (jobs + [job]).map({ try $0.io(WarningList()) }),
      node.canRunTogether(nodes)
    else { return false }
    jobs.append(job)
    return true
  }

  private var batchable: (any BatchableNode)? { jobs[0].node.declaration.makeNode() as? any BatchableNode }

  func run() -> [NodeResult] {
    if let together = try? runTogether() { return together }
    return jobs.map { job in
      let (outcome, seconds) = timed { Result { try job.run() } }
      return NodeResult(index: job.index, outcome: outcome, seconds: seconds, batch: [])
    }
  }

  /// Nil for a node alone; throws what the nodes throw.
  private func runTogether() throws -> [NodeResult]? {
    guard jobs.count > 1, let node = batchable else { return nil }
    let warnings = jobs.map { _ in WarningList() }
    var nodes = try zip(jobs, warnings).map { try $0.io($1) }
    let (_, seconds) = try timed { try node.run(batch: &nodes) }
    return jobs.indices.map { index in
      let job = jobs[index]
      let outcome = Result { try job.tellingPlace { try job.outcome(of: nodes[index], warnings[index]) } }
      return NodeResult(
        index: job.index, outcome: outcome, seconds: seconds / Double(jobs.count), batch: addresses)
    }
  }
}
