import Diagnostics

/// What the binder notes of the places it looks at.
extension Binder {
  // MARK: Nodes and calls

  func annotateType(of node: NodeDocument) {
    guard let annotations, let type = node.type else { return }
    annotations.expect(.nodeType, at: type.location)
    if let declaration = catalog[type.value] {
      annotations.mark(Mark(.nodeType(declaration), type.value, at: type.location))
    }
  }

  func annotateInputs(of node: NodeDocument, _ declaration: NodeDeclaration, in scope: BodyScope) {
    guard let annotations else { return }
    let present = node.inputs.map(\.name.value)
    for input in node.inputs {
      annotations.expect(.port(.node(declaration), present: present), at: input.name.location)
      let port = declaration.inputs.first { $0.name == input.name.value || $0.formerName == input.name.value }
      if let port { annotations.mark(Mark(.port(port), input.name.value, at: input.name.location)) }
      expect(input, type: port?.type, takesList: port?.arity.takesList ?? true, in: scope)
    }
    annotateStandIn(of: node, type: declaration.outputs.first { !$0.isAside }?.type, in: scope)
  }

  /// Of a node of which nothing else is known.
  func annotateWires(of node: NodeDocument, in scope: BodyScope) {
    guard annotations != nil else { return }
    for input in node.inputs { expect(input, type: nil, takesList: true, in: scope) }
    annotateStandIn(of: node, type: nil, in: scope)
  }

  private func annotateStandIn(of node: NodeDocument, type: WireType?, in scope: BodyScope) {
    guard let wire = node.standIn else { return }
    annotations?.expect(.wire(scope, slot: scope.current, type: type, takesList: false), at: wire.location)
  }

  func annotateInputs(of graph: GraphDocument, _ callee: WorkflowDocument, in scope: BodyScope) {
    guard let annotations else { return }
    let present = graph.inputs.map(\.name.value)
    for input in graph.inputs {
      annotations.expect(.port(.graph(callee), present: present), at: input.name.location)
      let port = callee.inputs.first {
        $0.name.value == input.name.value || $0.formerName?.value == input.name.value
      }
      if let port {
        annotations.mark(
          Mark(.input(port), input.name.value, at: input.name.location, definition: port.name.location))
      }
      expect(
        input, type: port?.type.flatMap { wireTypes[$0.value] }, takesList: port?.isList ?? true, in: scope)
    }
  }

  func annotateWires(of graph: GraphDocument, in scope: BodyScope) {
    guard annotations != nil else { return }
    for input in graph.inputs { expect(input, type: nil, takesList: true, in: scope) }
  }

  private func expect(_ input: InputBinding, type: WireType?, takesList: Bool, in scope: BodyScope) {
    for location in input.wires?.map(\.location) ?? [input.location] {
      annotations?.expect(.wire(scope, slot: scope.current, type: type, takesList: takesList), at: location)
    }
  }

  func annotateParameters(
    _ given: [LiteralBinding], of owner: PortOwner, mark: (Located<String>) -> Mark?
  ) {
    guard let annotations else { return }
    let present = given.map(\.name.value)
    for parameter in given {
      annotations.expect(.parameter(owner, present: present), at: parameter.name.location)
      if let mark = mark(parameter.name) { annotations.mark(mark) }
    }
  }

  func annotateInputs(of document: WorkflowDocument) {
    guard let annotations else { return }
    for input in document.inputs {
      annotations.mark(
        Mark(.input(input), input.name.value, at: input.name.location, definition: input.name.location))
      if let standIn = input.standIn, let other = document.inputs.first(where: { $0.name.value == standIn.value }) {
        annotations.mark(Mark(.input(other), standIn.value, at: standIn.location, definition: other.name.location))
      }
    }
  }

  // MARK: Wires

  /// A wire that names what is carried, or an input.
  func annotate(_ reference: WireReference, of port: BodyScope.Port) {
    guard let annotations else { return }
    annotations.mark(Mark(.word, reference.node, at: reference.location))
    let meaning: Meaning = port.input.map { .input($0) } ?? .result(isDefinition: false)
    annotations.mark(
      Mark(
        meaning, port.name, at: reference.location, offset: reference.node.unicodeScalars.count + 1,
        definition: port.definition, flow: port.flow))
  }

  func annotate(_ reference: WireReference, step: Int, as member: BodyScope.Member) {
    guard let annotations else { return }
    let main = member.outputs.flatMap { outputs in outputs.first { !$0.isAside } }
    annotations.mark(
      Mark(
        .member, reference.steps[step].name, at: reference.location, offset: reference.offset(of: step),
        definition: member.name.location, flow: step == reference.steps.count - 1 ? main?.flow : nil))
  }

  /// The port of a wire, if it names one.
  func annotate(_ reference: WireReference, output: BodyScope.Port, flow: WireFlow? = nil) {
    guard let annotations, let port = reference.port else { return }
    let meaning: Meaning = output.output.map { .output($0) } ?? .result(isDefinition: false)
    annotations.mark(
      Mark(
        meaning, port, at: reference.location, offset: reference.offset(of: reference.steps.count),
        definition: output.definition, flow: flow ?? output.flow))
  }

  /// Notes the steps of an address once all bodies on the way are bound.
  func annotateAddress(_ reference: WireReference, from slot: Int, in body: BodyScope, _ flow: WireFlow) {
    guard annotations != nil else { return }
    body.onceBound { [self] in
      var member = body.members[slot]
      annotate(reference, step: 0, as: member)
      for number in reference.steps.indices.dropFirst() {
        guard let inner = member.inner, let slot = inner.slots[reference.steps[number].name] else { return }
        member = inner.members[slot]
        annotate(reference, step: number, as: member)
      }
      if let output = member.outputs?.first(where: { $0.name == reference.port }) {
        annotate(reference, output: output, flow: flow)
      }
    }
  }

  // MARK: Values

  func annotate(
    _ literal: Literal, for target: ValueTarget, _ result: BindingResult<BoundLiteral>, values: [String: NamedValue]
  ) {
    guard let annotations else { return }
    annotations.expect(.literal(target, values: values), at: literal.location)
    var value: String?
    let isPlain = literal.pieces.allSatisfy { if case .text = $0 { true } else { false } }
    if !isPlain, case .value(let known) = result { value = known.text }
    annotations.mark(Mark(.literal(target, value: value), literal.scalar.text, at: literal.location))
  }

  func annotate(_ name: Located<String>, values: [String: NamedValue]) {
    guard let annotations else { return }
    annotations.expect(.name(values), at: name.location)
    guard let value = values[name.value], let definition = value.definition else { return }
    let meaning: Meaning = definition.param.map { .param($0, value: value.content.text) } ?? .index
    annotations.mark(Mark(meaning, name.value, at: name.location, definition: definition.location))
  }
}

extension NamedValue {
  /// The value as that of a param.
  func of(_ param: ParamDocument) -> NamedValue {
    var value = self
    value.definition = Definition(location: param.name.location, param: param)
    return value
  }
}

extension WireReference {
  /// How many scalars come before a step, or before the port, whose number is that of the steps.
  func offset(of step: Int) -> Int {
    steps[..<step].reduce(0) { $0 + $1.text.unicodeScalars.count + 1 }
  }
}
