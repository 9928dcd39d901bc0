import Diagnostics

/// Chooses the nodes whose results are asked for.
struct TargetSelection {
  private let nodes: [ResolvedNode]
  /// The workflow's own members, by name.
  private let topLevel: [(name: String, ends: [WireEnd])]

  init(_ nodes: [ResolvedNode], topLevel: [(name: String, ends: [WireEnd])]) {
    self.nodes = nodes
    self.topLevel = topLevel
  }

  /// Indices into the nodes, ascending; sinks and `outputs` unless `names` says otherwise.
  func select(_ names: [String]?, outputs: [WireEnd], into collector: DiagnosticCollector) -> [Int] {
    var chosen: Set<Int> = []
    // A graph with problems lacks nodes that a target may name.
    let isComplete = collector.errorCount == 0
    if let names {
      for name in names { chosen.formUnion(select(name, isComplete: isComplete, into: collector)) }
    } else {
      chosen.formUnion(nodes.indices.filter { nodes[$0].declaration.info.isSink })
      chosen.formUnion(outputs.compactMap(\.node))
      if chosen.isEmpty, outputs.isEmpty, isComplete {
        collector.warning(
          "the workflow asks for nothing", at: nodes.first?.location,
          notes: ["end it in a node that saves, name 'outputs', or use --target"])
      }
    }
    return chosen.sorted()
  }

  /// A member's results, the node at an address, or every node inside of `sample[7]`.
  private func select(_ name: String, isComplete: Bool, into collector: DiagnosticCollector) -> [Int] {
    if let member = topLevel.first(where: { $0.name == name }) { return member.ends.compactMap(\.node) }
    if let index = nodes.firstIndex(where: { $0.address == name }) { return [index] }
    let inside = nodes.indices.filter {
      nodes[$0].address.hasPrefix(name + "/") || nodes[$0].address.hasPrefix(name + "[")
    }
    let isAddress = name.contains("/") || name.contains("[")
    if inside.isEmpty, isComplete || !isAddress {
      let withoutPort = String(name.prefix { $0 != "." })
      let near =
        topLevel.map(\.name).first { $0 == withoutPort } ?? nearestName(to: name, among: topLevel.map(\.name))
        ?? nearestName(to: name, among: nodes.prefix(10_000).map(\.address))
      collector.error(
        "there is no node '\(name)'", at: SourceLocation(argument: "--target \(name)"),
        notes: [near.map { "did you mean '\($0)'?" }])
    }
    return inside
  }
}

extension WireEnd {
  fileprivate var node: Int? {
    if case .source(let source) = self { source.node } else { nil }
  }
}
