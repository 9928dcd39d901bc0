/// The types of the nodes that are wired to each `ConsumerAwareNode` of a graph.
struct ConsumerTypes {
  private var types: [Int: [String: any Node.Type]] = [:]

  init(_ graph: ResolvedGraph) {
    for index in graph.nodes.indices where graph.nodes[index].declaration.isConsumerAware { types[index] = [:] }
    if types.isEmpty { return }
    for index in graph.nodes.indices {
      for source in graph.nodes[index].inputs.joined() where types[source.node] != nil {
        let declaration = graph.nodes[index].declaration
        let name = declaration.info.type
        if types[source.node]?[name] == nil { types[source.node]?[name] = type(of: declaration.makeNode()) }
      }
    }
  }

  /// In the order of their names; nil for a node that does not ask.
  subscript(node: Int) -> [any Node.Type]? { types[node]?.sorted { $0.key < $1.key }.map(\.value) }
}
