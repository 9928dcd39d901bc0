import Diagnostics

/// Binding nodes: their ports and parameters.
extension Binder {
  func bindNode(_ node: NodeDocument, name: Located<String>, in scope: BodyScope) -> BoundNode? {
    annotateType(of: node)
    guard let type = node.type, let declaration = catalog[type.value] else {
      if let type = node.type {
        let near = nearestName(to: type.value, among: catalog.typeNames)
        collector.error(
          "there is no node type '\(type.value)'", at: type.location, notes: [near.map { "did you mean '\($0)'?" }],
          fix: Fix(replacing: type.value, by: near, at: type.location))
      }
      checkNames(node, in: scope)
      return nil
    }
    annotateInputs(of: node, declaration, in: scope)
    var node = node
    node.inputs = renamed(node.inputs, formerNames: declaration.formerNames)
    let standIn = node.standIn.map { _ in StandIn() }
    let inputs = bindInputs(node, declaration, name: name, standIn: standIn, in: scope)
    if let standIn, let wire = node.standIn { standIn.wire = bindStandIn(wire, for: declaration, in: scope) }
    let condition = node.condition.flatMap {
      bindLiteral($0, to: ValueTarget(name: "if", type: .bool), values: scope.values)
    }
    var bound = BoundNode(
      declaration: declaration, inputs: inputs, condition: condition, standIn: standIn,
      parameters: NodeParameters([:]), varying: [], cache: node.cache ?? .disk, location: name.location,
      portLocations: [:])
    bindParameters(node, declaration, name: name, in: scope, into: &bound)
    for input in node.inputs { bound.portLocations[input.name.value] = input.location }
    for parameter in node.parameters {
      bound.portLocations[parameter.name.value] = parameter.value?.location ?? parameter.name.location
    }
    return bound
  }

  /// Reports what can be found without knowing the ports.
  private func checkNames(_ node: NodeDocument, in scope: BodyScope) {
    annotateWires(of: node, in: scope)
    for wire in node.inputs.compactMap(\.wires).joined() { _ = bind(wire, in: scope) }
    if let standIn = node.standIn, !standIn.isNone { _ = bind(standIn, in: scope) }
    if let condition = node.condition { checkNames(in: condition, values: scope.values) }
    for binding in node.parameters { checkNames(in: binding, values: scope.values) }
  }

  // MARK: Inputs

  private func bindInputs(
    _ node: NodeDocument, _ declaration: NodeDeclaration, name: Located<String>, standIn: StandIn?,
    in scope: BodyScope
  ) -> [[BoundWire]] {
    let type = declaration.info.type
    let names = declaration.inputs.map(\.name)
    let given = Set(node.inputs.map(\.name.value))
    // What stands under 'with' by mistake is reported there.
    var meant = Set(node.parameters.map(\.name.value))
    for input in node.inputs where !names.contains(input.name.value) {
      let absent = names.filter { !given.contains($0) }
      let isParameter = declaration.parameters.contains { $0.name == input.name.value }
      let near = nearestName(to: input.name.value, among: absent)
      if let near { meant.insert(near) }
      collector.error(
        "'\(type)' has no input '\(input.name.value)'", at: input.name.location,
        notes: [
          isParameter
            ? "'\(input.name.value)' is a parameter: write it under 'with'"
            : near.map { "did you mean '\($0)'?" } ?? list("inputs", names)
        ],
        fix: isParameter
          ? Fix(.move(toKey: "with"), at: input.name.location)
          : Fix(replacing: input.name.value, by: near, at: input.name.location))
      for wire in input.wires ?? [] { _ = bind(wire, in: scope) }
    }
    return declaration.inputs.enumerated().map { index, port in
      guard let input = node.inputs.first(where: { $0.name.value == port.name }) else {
        if !port.arity.isOptional, !meant.contains(port.name) {
          collector.error(
            "'\(name.value)' needs a wire into '\(port.name)' (\(port.type.label))", at: name.location)
          return [.broken]
        }
        return []
      }
      return bind(input, to: port, in: scope) { flow in
        if !port.arity.isOptional { standIn?.watch(flow, into: index) }
        return port.arity.isOptional || standIn != nil
      }
    }
  }

  /// Binds what stands in for a node: something of its main output's type, or nothing.
  private func bindStandIn(_ wire: WireReference, for declaration: NodeDeclaration, in scope: BodyScope) -> BoundWire {
    let outputs = declaration.outputs.filter { !$0.isAside }
    guard let slot = scope.current, let ports = scope.members[slot].outputs, outputs.count == 1 else {
      collector.error(
        "'else' stands in for one output, but \(declaration.info.type) has "
          + outputs.map(\.name).joined(separator: ", "), at: wire.location)
      return .broken
    }
    let none = WireFlow.Item.none(
      "'\(scope.members[slot].name.value)' has an 'else', where nothing may stand in for it")
    for port in ports where port.isAside { port.flow.add(none) }
    guard let main = ports.first(where: { !$0.isAside }) else { return .broken }
    if wire.isNone {
      main.flow.add(none)
      return .none
    }
    guard let bound = bind(wire, in: scope) else { return .broken }
    check(bound.flow, from: wire, into: "else", type: outputs[0].type, acceptsNone: true, acceptsList: false)
    bound.flow.feed(main.flow)
    return bound.wire
  }

  /// - Parameter acceptsNone: whether nothing may come along a flow.
  private func bind(
    _ input: InputBinding, to port: InputDeclaration, in scope: BodyScope, acceptsNone: (WireFlow) -> Bool
  ) -> [BoundWire] {
    guard let wires = input.wires else { return [.broken] }
    if input.isList, !port.arity.takesList {
      collector.error("'\(port.name)' takes one wire, not a list", at: input.location)
      return [.broken]
    }
    if wires.isEmpty {
      collector.error("'\(port.name)' takes at least one wire", at: input.location)
      return [.broken]
    }
    return wires.map { wire in
      guard let bound = bind(wire, in: scope) else { return .broken }
      check(
        bound.flow, from: wire, into: port.name, type: port.type, acceptsNone: acceptsNone(bound.flow),
        acceptsList: port.arity.takesList)
      if port.arity.takesList { warnOfLastAlone(wire, into: port.name, in: scope) }
      return bound.wire
    }
  }

  /// Warns of a port for several that gets what the last iteration of a loop yields.
  private func warnOfLastAlone(_ wire: WireReference, into port: String, in scope: BodyScope) {
    guard !wire.isAddress, let (_, slot, body) = scope.find(wire.node) else { return }
    let member = body.members[slot]
    guard let outputs = member.outputs,
      let output = wire.port == nil
        ? outputs.first(where: { !$0.isAside }) : outputs.first(where: { $0.name == wire.port }), output.isLastAlone
    else { return }
    collector.warning(
      "'\(port)' gets the '\(output.name)' of the last iteration of '\(member.name.value)' alone", at: wire.location,
      notes: [
        "name it under 'collect' instead of 'yield' for those of all iterations; "
          + "'\(member.name.value)[-1].\(output.name)' says that the last is meant"
      ])
  }

  // MARK: Parameters

  private func bindParameters(
    _ node: NodeDocument, _ declaration: NodeDeclaration, name: Located<String>, in scope: BodyScope,
    into bound: inout BoundNode
  ) {
    let names = declaration.parameters.map(\.name)
    annotateParameters(node.parameters, of: .node(declaration)) { parameter in
      guard let known = declaration.parameters.first(where: { $0.name == parameter.value }) else { return nil }
      return Mark(.parameter(known), parameter.value, at: parameter.location)
    }
    var meant = checkParameterNames(
      node.parameters, known: names, of: "'\(declaration.info.type)'", inputs: declaration.inputs.map(\.name),
      values: scope.values)
    meant.formUnion(node.inputs.map(\.name.value))
    for parameter in declaration.parameters {
      guard let given = node.parameters.first(where: { $0.name.value == parameter.name }) else {
        if let value = parameter.defaultValue ?? (parameter.isOptional ? .absent : nil) {
          bound.parameters.values[parameter.name] = value
        } else if !meant.contains(parameter.name) {
          collector.error(
            "'\(name.value)' needs the parameter '\(parameter.name)' (\(parameter.type.name))", at: name.location)
        }
        continue
      }
      guard let value = given.value else { continue }
      switch bind(value, to: ValueTarget(parameter), values: scope.values) {
      case .value(let value): bound.parameters.values[parameter.name] = value
      case .varying(let value): bound.varying.append((parameter.name, value))
      case .broken: break
      }
    }
  }

  /// Reports entries of `with` that do not exist; returns the names they were probably meant to be.
  func checkParameterNames(
    _ given: [LiteralBinding], known: [String], of owner: String, inputs: [String], values: [String: NamedValue]
  ) -> Set<String> {
    var meant: Set<String> = []
    var hints: Set<String> = []
    let present = Set(given.map(\.name.value))
    for parameter in given where !known.contains(parameter.name.value) {
      let near = nearestName(to: parameter.name.value, among: known.filter { !present.contains($0) })
      if let near { meant.insert(near) }
      if let hint = parameter.hint, !hints.insert(hint.text).inserted { continue }
      let (note, fix): (String, Fix?) =
        if let hint = parameter.hint {
          (hint.text, hint.fix)
        } else if inputs.contains(parameter.name.value) {
          (
            "'\(parameter.name.value)' is an input: write it under 'in'",
            Fix(.move(toKey: "in"), at: parameter.name.location)
          )
        } else {
          (
            near.map { "did you mean '\($0)'?" } ?? list("parameters", known),
            Fix(replacing: parameter.name.value, by: near, at: parameter.name.location)
          )
        }
      collector.error(
        "\(owner) has no parameter '\(parameter.name.value)'", at: parameter.name.location, notes: [note], fix: fix)
      checkNames(in: parameter, values: values)
    }
    return meant
  }

  func list(_ kind: String, _ names: [String]) -> String {
    names.isEmpty ? "it has no \(kind)" : "its \(kind) are \(names.joined(separator: ", "))"
  }
}
