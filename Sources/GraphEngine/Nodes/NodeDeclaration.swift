/// A node type as help, validation, schema and keys see it: `Node` with its Swift types erased.
package struct NodeDeclaration: Sendable {
  package var info: NodeInfo
  package let inputs: [InputDeclaration]
  package let outputs: [OutputDeclaration]
  package let parameters: [ParameterDeclaration]
  package let makeNode: @Sendable () -> any Node
  /// For a `BatchableNode` the position of the input that may differ among nodes of a batch.
  let differingInput: Int?

  /// Finds the ports of `type` by reflection, those of its groups too, in the order they are written in.
  package init<Kind: Node>(_ type: Kind.Type) {
    var inputs: [InputDeclaration] = []
    var outputs: [OutputDeclaration] = []
    var parameters: [ParameterDeclaration] = []
    func collect(from ports: Any) {
      for child in Mirror(reflecting: ports).children {
        switch child.value {
        case let port as any InputPort: inputs.append(port.declaration)
        case let port as any OutputPort: outputs.append(port.declaration)
        case let port as any ParameterPort: parameters.append(port.declaration)
        case let group as any PortGroup: collect(from: group)
        default: break
        }
      }
    }
    let node = type.init()
    collect(from: node)
    differingInput = (node as? any BatchableNode).map { node in
      guard let position = inputs.firstIndex(where: { $0.name == node.differingInput }) else {
        preconditionFailure("'\(type.info.type)' has no input '\(node.differingInput)'")
      }
      return position
    }
    self.info = type.info
    self.inputs = inputs
    self.outputs = outputs
    self.parameters = parameters
    self.makeNode = { Kind() }
  }

  /// Handles are opened when something needs them, and neither cached nor reported as executed.
  package var isHandle: Bool { !outputs.isEmpty && outputs.allSatisfy { !$0.type.isCacheable } }
}

package struct InputDeclaration: Sendable {
  package enum Arity: String, Sendable { case one, optional, variadic }

  package let name: String
  package let help: String
  package let type: WireType
  package let arity: Arity
  /// Makes a value of this port's own type of any value whose type can feed it.
  package let convert: @Sendable (any WireValue) throws -> any WireValue
}

package struct OutputDeclaration: Sendable {
  package let name: String
  package let help: String
  package let type: WireType
  /// Reads a cached value.
  package let decode: @Sendable (UnsafeRawBufferPointer) throws -> any WireValue
}

private protocol InputPort { var declaration: InputDeclaration { get } }
private protocol OutputPort { var declaration: OutputDeclaration { get } }
private protocol ParameterPort { var declaration: ParameterDeclaration { get } }

extension Input: InputPort {
  fileprivate var declaration: InputDeclaration {
    InputDeclaration(
      name: name, help: help, type: Value.wireType, arity: .one, convert: { try Value.converting($0) })
  }
}

extension OptionalInput: InputPort {
  fileprivate var declaration: InputDeclaration {
    InputDeclaration(
      name: name, help: help, type: Value.wireType, arity: .optional, convert: { try Value.converting($0) })
  }
}

extension VariadicInput: InputPort {
  fileprivate var declaration: InputDeclaration {
    InputDeclaration(
      name: name, help: help, type: Value.wireType, arity: .variadic, convert: { try Value.converting($0) })
  }
}

extension Output: OutputPort {
  fileprivate var declaration: OutputDeclaration {
    OutputDeclaration(
      name: name, help: help, type: Value.wireType, decode: { try Value(decoding: $0) })
  }
}

extension Parameter: ParameterPort {}
extension OptionalParameter: ParameterPort {}
