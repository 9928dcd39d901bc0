import Synchronization

/// Node types that belong together, under a name.
package struct NodeGroup: Sendable {
  package let name: String
  package let types: [any Node.Type]

  package init(_ name: String, _ types: [any Node.Type]) { (self.name, self.types) = (name, types) }
}

/// The node types a workflow can use, and the wire types that exist between them.
///
/// A declaration is made when it is first asked for: a workflow uses few types, and reflection takes its time.
package final class NodeCatalog: Sendable {
  /// As they are told of: none is empty, and each type is in one.
  package let groups: [NodeGroup]
  private let types: [String: any Node.Type]
  private let made = Mutex<[String: NodeDeclaration]>([:])
  /// How the results of a sweep are shown together; nil: they are not.
  let sheet: SweepSheet?
  /// Texts of graphs that workflow files call by a name in angle brackets.
  package let graphs: [String: String]

  package convenience init(
    _ types: [any Node.Type], sheet: SweepSheet? = nil, graphs: [String: String] = [:]
  ) {
    self.init(groups: [NodeGroup("nodes", types)], sheet: sheet, graphs: graphs)
  }

  package init(groups: [NodeGroup], sheet: SweepSheet? = nil, graphs: [String: String] = [:]) {
    self.groups = groups
    types = Dictionary(groups.flatMap(\.types).map { ($0.info.type, $0) }) { first, _ in
      preconditionFailure("two nodes are called '\(first.info.type)'")
    }
    self.sheet = sheet
    self.graphs = graphs
  }

  package var typeNames: some Collection<String> { types.keys }

  /// The name of the group that a type is in.
  package func group(of type: String) -> String? {
    groups.first { $0.types.contains { $0.info.type == type } }?.name
  }

  /// Nil when no node type has the name.
  package subscript(type: String) -> NodeDeclaration? {
    made.withLock { made in
      if let known = made[type] { return known }
      let declaration = types[type].map { NodeDeclaration($0) }
      made[type] = declaration
      return declaration
    }
  }

  /// All declarations, by name.
  package var declarations: [NodeDeclaration] { typeNames.sorted().compactMap { self[$0] } }

  /// Wire types by the name that a subgraph's `inputs` use.
  package var wireTypes: [String: WireType] {
    let types = declarations.flatMap { $0.inputs.map(\.type) + $0.outputs.map(\.type) }
    return Dictionary(types.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }
}
