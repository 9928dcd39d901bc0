import Synchronization

/// The node types a workflow can use, and the wire types that exist between them.
///
/// A declaration is made when it is first asked for: a workflow uses few types, and reflection takes its time.
package final class NodeCatalog: Sendable {
  private let types: [String: any Node.Type]
  private let made = Mutex<[String: NodeDeclaration]>([:])
  /// How the results of a sweep are shown together; nil: they are not.
  let sheet: SweepSheet?
  /// Texts of graphs that workflow files call by a name in angle brackets.
  let graphs: [String: String]

  package init(_ types: [any Node.Type], sheet: SweepSheet? = nil, graphs: [String: String] = [:]) {
    self.types = Dictionary(types.map { ($0.info.type, $0) }) { first, _ in
      preconditionFailure("two nodes are called '\(first.info.type)'")
    }
    self.sheet = sheet
    self.graphs = graphs
  }

  package var typeNames: some Collection<String> { types.keys }

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
