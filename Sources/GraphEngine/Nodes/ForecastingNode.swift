/// A node type of whose outputs something is known before it runs.
///
/// What follows from its parameters, from small files and from what is known of its inputs is told when a run is planned,
/// so that what cannot work fails before anything was computed. What can be known of a value, its wire type says
/// (`WireValue.Forecast`): the level of a latent, for one.
package protocol ForecastingNode: Node {
  /// Tells what is known of the outputs, once parameters are resolved and files digested.
  ///
  /// It may also replace a parameter and leave out a wire that decide nothing beside the others, so that they are in no
  /// key. Asked once for nodes of equal keys. Throws `NodeFailure` for what cannot work.
  func forecast(_ io: inout NodeForecast) throws
}

/// What a node sees of itself before anything runs, and a place for what it knows of its outputs.
///
/// The subscripts take the node's own port constants, as those of `NodeIO` do; what nobody knows is nil.
package struct NodeForecast {
  package let address: String
  package var parameters: NodeParameters
  let declaration: NodeDeclaration
  /// By declared input: what is known of what comes by its first wire.
  private let known: [(any Sendable)?]
  private(set) var wires: [[WireSource]]
  private(set) var outputs: [(any Sendable)?]
  private(set) var warnings: [(message: String, port: String?)] = []
  /// What the node becomes; nil where it stays what it is.
  private(set) var change: NodeChange?

  init(_ node: ResolvedNode, known: [(any Sendable)?]) {
    address = node.address
    parameters = node.parameters
    declaration = node.declaration
    wires = node.inputs
    self.known = known
    outputs = Array(repeating: nil, count: node.declaration.outputs.count)
  }

  package subscript<Value>(input: Input<Value>) -> Value.Forecast? { known(of: input.name) as? Value.Forecast }
  package subscript<Value>(input: OptionalInput<Value>) -> Value.Forecast? { known(of: input.name) as? Value.Forecast }

  package subscript<Value>(output: Output<Value>) -> Value.Forecast? {
    get { outputs[outputPosition(output.name)] as? Value.Forecast }
    set { outputs[outputPosition(output.name)] = newValue }
  }

  package subscript<Value>(output: OptionalOutput<Value>) -> Value.Forecast? {
    get { outputs[outputPosition(output.name)] as? Value.Forecast }
    set { outputs[outputPosition(output.name)] = newValue }
  }

  package subscript<Value>(parameter: Parameter<Value>) -> Value { parameters[parameter] }
  package subscript<Value>(parameter: OptionalParameter<Value>) -> Value? { parameters[parameter] }

  /// Whether a wire leads into the input.
  package func isWired<Value>(_ input: OptionalInput<Value>) -> Bool { !wires[inputPosition(input.name)].isEmpty }

  package func isWired<Value>(_ input: VariadicInput<Value>) -> Bool { wireCount(input) > 0 }

  /// How many wires lead into the input.
  package func wireCount<Value>(_ input: VariadicInput<Value>) -> Int { wires[inputPosition(input.name)].count }

  /// Takes the wire away: the node runs, and is keyed, as if the input had been left out.
  package mutating func disconnect<Value>(_ input: OptionalInput<Value>) { wires[inputPosition(input.name)] = [] }

  /// Makes the node one of another type, which does the same for what is known of the inputs: it runs, and is keyed, as if it
  /// had been written so.
  ///
  /// Wires and parameters go to those of the same name or, where `inputs` has their name, of the one there; the outputs must
  /// be the same.
  package mutating func become(_ type: NodeDeclaration, inputs: [String: String] = [:]) {
    precondition(type.outputs.map(\.name) == declaration.outputs.map(\.name), "the outputs differ")
    change = NodeChange(type: type, inputs: inputs)
  }

  /// Tells something that the user should know, at the named port's line.
  package mutating func warn(_ message: String, at port: String? = nil) {
    warnings.append((message, port))
  }

  private func known(of input: String) -> (any Sendable)? { known[inputPosition(input)] }

  private func inputPosition(_ name: String) -> Int {
    declared(name, declaration.inputs.firstIndex { $0.name == name })
  }

  private func outputPosition(_ name: String) -> Int {
    declared(name, declaration.outputs.firstIndex { $0.name == name })
  }

  private func declared(_ name: String, _ position: Int?) -> Int {
    guard let position else {
      preconditionFailure("'\(declaration.info.type)' declares no '\(name)'")
    }
    return position
  }
}

/// What a node becomes that turned out to be of another type.
struct NodeChange: Sendable {
  let type: NodeDeclaration
  /// Names of inputs in the other type, by their own.
  let inputs: [String: String]
}
