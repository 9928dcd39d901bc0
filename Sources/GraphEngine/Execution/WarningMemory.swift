import Diagnostics

/// What the nodes of a run warned of, with what is behind their inputs, so that it is kept with their results and told
/// again when those come from a cache.
struct WarningMemory {
  /// By node, those of the nodes above it among them.
  private var warnings: [Int: [NodeWarning]] = [:]
  private var told: Set<NodeWarning> = []

  subscript(node: Int) -> [NodeWarning] { warnings[node] ?? [] }

  /// Takes up what a node that ran told, and what those above it did.
  mutating func add(_ own: [NodeWarning], of node: Int, inputs: some Sequence<Int>) {
    var all: [NodeWarning] = []
    for warning in own + inputs.flatMap({ self[$0] }) where !all.contains(warning) { all.append(warning) }
    if !all.isEmpty { warnings[node] = all }
    told.formUnion(own)
  }

  /// Takes up what is kept with a node's results; gives what was not told in this run.
  mutating func repeating(_ kept: [NodeWarning], of node: Int) -> [NodeWarning] {
    if !kept.isEmpty { warnings[node] = kept }
    return kept.filter { told.insert($0).inserted }
  }
}
