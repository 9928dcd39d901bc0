import Diagnostics

/// Chooses the nodes whose results are asked for.
struct TargetSelection {
  /// A workflow at one point of a sweep, or all of it.
  struct Body {
    /// What the addresses of its nodes begin with.
    var prefix: String
    /// The workflow's own members, by name.
    var topLevel: [(name: String, ends: [WireEnd])]
    var nodes: Range<Int>
  }

  private let nodes: [ResolvedNode]
  private let bodies: [Body]

  init(_ nodes: [ResolvedNode], bodies: [Body]) {
    self.nodes = nodes
    self.bodies = bodies
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
      chosen.formUnion(outputs.flatMap(\.nodes))
      if chosen.isEmpty, outputs.isEmpty, isComplete {
        collector.warning(
          "the workflow asks for nothing", at: nodes.first?.location,
          notes: ["end it in a node that saves, name 'outputs', or use --target"])
      }
    }
    return chosen.sorted()
  }

  /// What `name` stands for: at every point of a sweep, or at the point whose address it begins with.
  private func select(_ name: String, isComplete: Bool, into collector: DiagnosticCollector) -> [Int] {
    let found = bodies.compactMap { body in
      if !body.prefix.isEmpty, name + "/" == body.prefix { return Array(body.nodes) }
      return select(name.hasPrefix(body.prefix) ? String(name.dropFirst(body.prefix.count)) : name, in: body)
    }
    let isAddress = name.contains("/") || name.contains("[")
    if found.isEmpty, isComplete || !isAddress {
      let withoutPort = String(name.prefix { $0 != "." })
      let members = bodies.first?.topLevel.map(\.name) ?? []
      let near =
        members.first { $0 == withoutPort } ?? nearestName(to: name, among: members)
        ?? nearestName(to: name, among: nodes.prefix(10_000).map(\.address))
      collector.error(
        "there is no node '\(name)'", at: SourceLocation(argument: "--target \(name)"),
        notes: [near.map { "did you mean '\($0)'?" }])
    }
    return found.flatMap { $0 }
  }

  /// A member's results, the node at an address, or every node inside of `sample[7]`; nil when there is none.
  private func select(_ name: String, in body: Body) -> [Int]? {
    if let member = body.topLevel.first(where: { $0.name == name }) { return member.ends.flatMap(\.nodes) }
    let address = body.prefix + name
    if let index = body.nodes.first(where: { nodes[$0].address == address }) { return [index] }
    let inside = body.nodes.filter {
      nodes[$0].address.hasPrefix(address + "/") || nodes[$0].address.hasPrefix(address + "[")
    }
    return inside.isEmpty ? nil : inside
  }
}

extension WireEnd {
  /// The nodes that it comes from.
  var nodes: [Int] {
    switch self {
    case .source(let source): [source.node]
    case .list(let sources): sources.map(\.node)
    case .none, .noIteration, .broken: []
    }
  }
}
