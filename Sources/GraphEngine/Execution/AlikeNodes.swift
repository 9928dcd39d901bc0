/// Which nodes of a plan may run together: those of a `BatchableNode` that have equal parameters, and the same wires to all
/// inputs but the one that may differ.
struct AlikeNodes: Sendable {
  /// More would gain little, and hold up the first result.
  static let mostTogether = 8

  private struct Likeness: Hashable {
    let type: String
    let parameters: [String: ParameterValue]
    /// By input the outputs that its wires come from, nil for the input that may differ.
    let sources: [[Int]?]
  }

  private var groupOf: [Int: Int] = [:]
  /// In the order of the graph.
  private var groups: [[Int]] = []

  /// Nodes that all run alone.
  init() {}

  init(_ plan: Plan, _ wiring: Wiring) {
    var known: [Likeness: Int] = [:]
    for (index, node) in plan.graph.nodes.enumerated() where plan.representatives[index] == index {
      guard let differing = node.declaration.differingInput else { continue }
      let sources = node.inputs.enumerated().map { input, wires in
        input == differing ? nil : wires.map { wiring.slot($0) }
      }
      let likeness = Likeness(
        type: node.declaration.info.type, parameters: node.parameters.values, sources: sources)
      let group = known[likeness] ?? groups.count
      if group == groups.count {
        groups.append([])
        known[likeness] = group
      }
      groups[group].append(index)
      groupOf[index] = group
    }
  }

  /// The nodes like one, itself among them; none for one that always runs alone.
  subscript(node: Int) -> [Int] {
    guard let group = groupOf[node], groups[group].count > 1 else { return [] }
    return groups[group]
  }
}
