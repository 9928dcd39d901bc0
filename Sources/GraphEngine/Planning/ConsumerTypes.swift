/// The types of the nodes that are wired to each `ConsumerAwareNode` of a graph.
struct ConsumerTypes {
  private var types: [Int: [String: any Node.Type]] = [:]

  init(_ graph: ResolvedGraph) {
    for index in graph.nodes.indices where graph.nodes[index].declaration.isConsumerAware { types[index] = [:] }
    if types.isEmpty { return }
    for node in graph.nodes {
      for source in node.inputs.joined() where types[source.node] != nil {
        let name = node.declaration.info.type
        if types[source.node]?[name] == nil { types[source.node]?[name] = type(of: node.declaration.makeNode()) }
      }
    }
  }

  /// In the order of their names; nil for a node that does not ask.
  subscript(node: Int) -> [any Node.Type]? { types[node]?.sorted { $0.key < $1.key }.map(\.value) }
}
