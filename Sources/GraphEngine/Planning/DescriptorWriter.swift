/// Writes descriptors as canonical JSON; what is the same for all nodes of a type is written once.
///
/// Inputs and parameters that are left out leave no trace, so that a node can gain an optional one and keep its keys.
struct DescriptorWriter: Sendable {
  let numerics: String
  private var types: [ObjectIdentifier: TypeText] = [:]
  private var text = JSONText()

  init(numerics: String) { self.numerics = numerics }

  /// The descriptor of a node or, with `output`, of one of its outputs: what does not reach that leaves no trace.
  mutating func descriptor(
    of index: Int, output: String? = nil, in graph: ResolvedGraph, sources: [SourceContent],
    keys: OutputKeys
  ) -> [UInt8] {
    let (inputs, parameters) = (graph.nodes[index].inputs, graph.nodes[index].parameters)
    let type = typeText(graph.nodes[index].declaration)
    text.removeAll()
    text.append(raw: type.head)
    var separator = ""
    func reaches(_ outputs: Set<String>?) -> Bool { output.map { outputs?.contains($0) ?? true } ?? true }
    for input in type.inputs where !inputs[input.index].isEmpty && reaches(input.reaches) {
      text.append(raw: separator)
      text.append(raw: input.label)
      text.append(raw: "[")
      separator = ""
      for source in inputs[input.index] {
        text.append(raw: separator)
        text.append(raw: "[")
        text.append(keys[source])
        text.append(raw: ",")
        text.append(graph.nodes[source.node].declaration.outputs[source.output].name)
        text.append(raw: "]")
        separator = ","
      }
      text.append(raw: "]")
      separator = ","
    }
    text.append(raw: type.middle)
    separator = ""
    for parameter in type.parameters where reaches(parameter.reaches) {
      guard let value = parameters.values[parameter.name], value != .absent else { continue }
      text.append(raw: separator)
      text.append(raw: parameter.label)
      text.append(value)
      separator = ","
    }
    text.append(raw: "},\"sources\":[")
    separator = ""
    for source in sources {
      text.append(raw: separator)
      if let role = source.role {
        text.append(raw: "[")
        text.append(role)
        text.append(raw: ",")
        text.append(source.digest)
        text.append(raw: "]")
      } else {
        text.append(source.digest)
      }
      separator = ","
    }
    text.append(raw: type.tail)
    return text.bytes
  }

  private mutating func typeText(_ declaration: NodeDeclaration) -> TypeText {
    let type = ObjectIdentifier(declaration)
    if let known = types[type] { return known }
    let made = TypeText(declaration, numerics: numerics)
    types[type] = made
    return made
  }
}

/// The parts of a descriptor that all nodes of a type share, in the order of the text.
private struct TypeText: Sendable {
  /// Up to the inputs.
  let head: [UInt8]
  /// Sorted by name; labels are `"name":`.
  let inputs: [(index: Int, label: [UInt8], reaches: Set<String>?)]
  /// From the inputs to the parameters.
  let middle: [UInt8]
  /// Sorted by name, without paths: what a path leads to counts, and is under `sources`.
  let parameters: [(name: String, label: [UInt8], reaches: Set<String>?)]
  /// After the sources.
  let tail: [UInt8]

  init(_ declaration: NodeDeclaration, numerics: String) {
    func label(_ name: String) -> [UInt8] {
      var text = JSONText()
      text.append(name)
      text.append(raw: ":")
      return text.bytes
    }

    var text = JSONText()
    text.append(raw: "{\"format\":")
    text.append(Int128(NodeKeys.format))
    text.append(raw: ",\"inputs\":{")
    head = text.bytes

    text.removeAll()
    text.append(raw: "},\"node\":")
    text.append(declaration.info.type)
    if declaration.info.lane == .compute {
      text.append(raw: ",\"numerics\":")
      text.append(numerics)
    }
    text.append(raw: ",\"parameters\":{")
    middle = text.bytes

    text.removeAll()
    text.append(raw: "],\"version\":")
    text.append(Int128(declaration.info.version))
    text.append(raw: "}")
    tail = text.bytes

    inputs = declaration.inputs.enumerated().sorted { $0.element.keyName < $1.element.keyName }
      .map { (index: $0.offset, label: label($0.element.keyName), reaches: $0.element.reaches) }
    parameters = declaration.parameters.filter { if case .path = $0.type { false } else { true } }
      .sorted { $0.name < $1.name }.map { (name: $0.name, label: label($0.name), reaches: $0.reaches) }
  }
}
