/// The node types a workflow can use, and the wire types that exist between them.
package struct NodeCatalog: Sendable {
  /// By type name.
  package let declarations: [String: NodeDeclaration]
  /// Wire types by the name that a subgraph's `inputs` use.
  package let wireTypes: [String: WireType]
  /// How the results of a sweep are shown together; nil: they are not.
  let sheet: SweepSheet?

  package init(_ types: [any Node.Type], sheet: SweepSheet? = nil) {
    var declarations: [String: NodeDeclaration] = [:]
    var wireTypes: [String: WireType] = [:]
    for type in types {
      let declaration = NodeDeclaration(type)
      precondition(declarations[declaration.info.type] == nil, "two nodes are called '\(declaration.info.type)'")
      declarations[declaration.info.type] = declaration
      for wireType in declaration.inputs.map(\.type) + declaration.outputs.map(\.type) {
        wireTypes[wireType.name] = wireType
      }
    }
    self.declarations = declarations
    self.wireTypes = wireTypes
    self.sheet = sheet
  }
}
