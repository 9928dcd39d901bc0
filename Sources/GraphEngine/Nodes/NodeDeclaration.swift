/// A node type as help, validation, schema and keys see it: `Node` with its Swift types erased.
///
/// One for all nodes of a type, of which a large sweep has hundreds of thousands.
package final class NodeDeclaration: Sendable {
  package let info: NodeInfo
  package let inputs: [InputDeclaration]
  package let outputs: [OutputDeclaration]
  package let parameters: [ParameterDeclaration]
  package let makeNode: @Sendable () -> any Node
  /// For a `BatchableNode` the position of the input that may differ among nodes of a batch.
  let differingInput: Int?
  let isConsumerAware: Bool
  /// Whether the outputs do not all depend on the same inputs and parameters.
  let hasPartialReach: Bool
  /// Handles are opened when something needs them, and neither cached nor reported as executed.
  package let isHandle: Bool

  /// Finds the ports of `type` by reflection, those of its groups too, in the order they are written in.
  ///
  /// - Parameter info: takes the place of the type's own.
  package init<Kind: Node>(_ type: Kind.Type, info: NodeInfo? = nil) {
    var ports = DeclaredPorts()
    let node = type.init()
    ports.collect(from: node)
    let (inputs, parameters) = (ports.inputs, ports.parameters)
    differingInput = (node as? any BatchableNode).map { node in
      guard let position = inputs.firstIndex(where: { $0.name == node.differingInput }) else {
        preconditionFailure("'\(type.info.type)' has no input '\(node.differingInput)'")
      }
      return position
    }
    isConsumerAware = node is any ConsumerAwareNode
    hasPartialReach = inputs.contains { $0.reaches != nil } || parameters.contains { $0.reaches != nil }
    isHandle = !ports.outputs.isEmpty && ports.outputs.allSatisfy { !$0.type.isCacheable }
    self.info = info ?? type.info
    self.inputs = inputs
    self.parameters = parameters
    outputs = ports.outputs
    self.makeNode = { Kind() }
  }
}

package struct InputDeclaration: Sendable {
  package enum Arity: String, Sendable {
    case one, optional, variadic, optionalVariadic

    /// Whether it may be left out.
    package var isOptional: Bool { self == .optional || self == .optionalVariadic }
    package var takesList: Bool { self == .variadic || self == .optionalVariadic }
  }

  package let name: String
  package let help: String
  package let type: WireType
  package let arity: Arity
  /// What the input was called before.
  package let formerName: String?
  /// The outputs whose values depend on it; nil for all of them.
  package let reaches: Set<String>?
  /// What keys know it by.
  var keyName: String { formerName ?? name }
  /// Makes a value of this port's own type of any value whose type can feed it.
  package let convert: @Sendable (any WireValue) throws -> any WireValue
}

package struct OutputDeclaration: Sendable {
  package let name: String
  package let help: String
  package let type: WireType
  /// Whether the node may leave it out.
  package let isOptional: Bool
  /// Whether wires that name the node alone mean another output.
  package let isAside: Bool
  /// Reads a cached value.
  package let decode: @Sendable (UnsafeRawBufferPointer) throws -> any WireValue
}

/// The ports that a node's constants declare.
private struct DeclaredPorts {
  var inputs: [InputDeclaration] = []
  var outputs: [OutputDeclaration] = []
  var parameters: [ParameterDeclaration] = []

  mutating func collect(from ports: Any) {
    for child in Mirror(reflecting: ports).children {
      switch child.value {
      case let port as any Port: port.declare(in: &self)
      case let group as any PortGroup: collect(from: group)
      default: break
      }
    }
  }
}

/// One protocol for all kinds of ports: the first cast of a type to a protocol looks through all conformances there are.
private protocol Port { func declare(in ports: inout DeclaredPorts) }

extension Input: Port {
  fileprivate func declare(in ports: inout DeclaredPorts) {
    ports.inputs.append(InputDeclaration(name, help, Value.self, .one, reaches, formerName: formerName))
  }
}

extension OptionalInput: Port {
  fileprivate func declare(in ports: inout DeclaredPorts) {
    ports.inputs.append(InputDeclaration(name, help, Value.self, .optional, reaches))
  }
}

extension VariadicInput: Port {
  fileprivate func declare(in ports: inout DeclaredPorts) {
    ports.inputs.append(
      InputDeclaration(name, help, Value.self, isOptional ? .optionalVariadic : .variadic, nil))
  }
}

extension Output: Port {
  fileprivate func declare(in ports: inout DeclaredPorts) {
    ports.outputs.append(OutputDeclaration(name, help, Value.self, isOptional: false, isAside: isAside))
  }
}

extension OptionalOutput: Port {
  fileprivate func declare(in ports: inout DeclaredPorts) {
    ports.outputs.append(OutputDeclaration(name, help, Value.self, isOptional: true))
  }
}

extension Parameter: Port {
  fileprivate func declare(in ports: inout DeclaredPorts) { ports.parameters.append(declaration) }
}

extension OptionalParameter: Port {
  fileprivate func declare(in ports: inout DeclaredPorts) { ports.parameters.append(declaration) }
}

extension InputDeclaration {
  fileprivate init<Value: WireValue>(
    _ name: String, _ help: String, _ type: Value.Type, _ arity: Arity, _ reaches: Set<String>?,
    formerName: String? = nil
  ) {
    self.init(
      name: name, help: help, type: Value.wireType, arity: arity, formerName: formerName, reaches: reaches,
      convert: { try Value.converting($0) })
  }
}

extension OutputDeclaration {
  fileprivate init<Value: WireValue>(
    _ name: String, _ help: String, _ type: Value.Type, isOptional: Bool, isAside: Bool = false
  ) {
    self.init(
      name: name, help: help, type: Value.wireType, isOptional: isOptional, isAside: isAside,
      decode: { try Value(decoding: $0) })
  }
}
