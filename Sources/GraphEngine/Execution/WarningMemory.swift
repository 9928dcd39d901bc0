import Diagnostics

/// What the nodes of a run warned of, with what is behind their inputs, so that it is kept with their results and told
/// again when those come from a cache.
struct WarningMemory {
  /// By node, those of the nodes above it among them.
  private var warnings: [Int: [NodeWarning]] = [:]
  /// Handles warn when something is first made of them: while a node below them runs.
  private var handles: [Int: (own: WarningList, inputs: [Int])] = [:]
  private var told: Set<NodeWarning> = []

  subscript(node: Int) -> [NodeWarning] {
    handles[node].map { all($0.own, inputs: $0.inputs) } ?? warnings[node] ?? []
  }

  /// Takes up what a node that ran told, and what those above it did.
  mutating func add(_ own: WarningList, of node: Int, isHandle: Bool, inputs: some Sequence<Int>) {
    if isHandle { handles[node] = (own, Array(inputs)) }
    let all = all(own, inputs: inputs)
    if !all.isEmpty { warnings[node] = all }
    told.formUnion(all)
  }

  private func all(_ own: WarningList, inputs: some Sequence<Int>) -> [NodeWarning] {
    (own.all + inputs.flatMap { self[$0] }).reduce(into: []) { all, warning in
      if !all.contains(warning) { all.append(warning) }
    }
  }

  /// Takes up what is kept with a node's results; gives what was not told in this run.
  mutating func repeating(_ kept: [NodeWarning], of node: Int) -> [NodeWarning] {
    if !kept.isEmpty { warnings[node] = kept }
    return kept.filter { told.insert($0).inserted }
  }
}
