import Diagnostics

/// Looking up wires.
extension Binder {
  /// What `reference` names; nil after a reported problem, or where it names what has one.
  func bind(_ reference: WireReference, in scope: BodyScope) -> (wire: BoundWire, flow: WireFlow)? {
    if reference.isNone {
      collector.error(
        "'none' can only be the start of a carry", at: reference.location, notes: ["leave the input out instead"])
      return nil
    }
    if reference.isAddress { return bindAddress(reference, in: scope) }
    switch reference.node {
    case ReservedName.carry: return bindCarry(reference, in: scope)
    case ReservedName.inputs: return bindInput(reference, in: scope)
    default: return bindMember(reference, in: scope)
    }
  }

  private func bindCarry(_ reference: WireReference, in scope: BodyScope) -> (wire: BoundWire, flow: WireFlow)? {
    guard let carry = scope.carry else {
      collector.error("there is no loop around '\(reference.text)'", at: reference.location)
      return nil
    }
    guard let index = find(reference, among: carry, called: "carried") else { return nil }
    scope.noteUse(ofCarry: index)
    annotate(reference, of: carry[index])
    return (.carry(index), carry[index].flow)
  }

  private func bindInput(_ reference: WireReference, in scope: BodyScope) -> (wire: BoundWire, flow: WireFlow)? {
    let (up, top) = scope.outermost
    guard let inputs = top.inputs, !inputs.isEmpty else {
      collector.error(
        "there is no '\(reference.text)': this file declares no 'inputs'", at: reference.location)
      return nil
    }
    guard let index = find(reference, among: inputs, called: "an input") else { return nil }
    annotate(reference, of: inputs[index])
    return (.input(up: up, index: index), inputs[index].flow)
  }

  private func find(_ reference: WireReference, among ports: [BodyScope.Port], called kind: String) -> Int? {
    let names = ports.map(\.name)
    guard let port = reference.port else {
      let choices = names.map { "\(reference.node).\($0)" }.joined(separator: ", ")
      collector.error(
        "'\(reference.node)' needs a name after a dot", at: reference.location, notes: ["choose from \(choices)"])
      return nil
    }
    guard let index = names.firstIndex(of: port) else {
      collector.error(
        "'\(port)' is not \(kind)", at: reference.location,
        notes: [nearestNameNote(to: port, among: names) ?? "\(reference.node) has \(names.joined(separator: ", "))"],
        fix: fix(reference, port: nearestName(to: port, among: names)))
      return nil
    }
    return index
  }

  private func bindMember(_ reference: WireReference, in scope: BodyScope) -> (wire: BoundWire, flow: WireFlow)? {
    guard let (up, slot, body) = scope.find(reference.node) else {
      collector.error(
        "there is no node '\(reference.node)'", at: reference.location,
        notes: [unknownNodeNote(reference, in: scope)], fix: nodeFix(reference, in: scope))
      return nil
    }
    body.noteDependency(on: slot, at: reference.location)
    let member = body.members[slot]
    annotate(reference, step: 0, as: member)
    guard let outputs = member.outputs else { return nil }
    guard let output = findOutput(reference, of: member, among: outputs) else { return nil }
    annotate(reference, output: outputs[output])
    return (.member(up: up, slot: slot, output: output), outputs[output].flow)
  }

  /// Binds a wire that leads into a loop or subgraph; where to is looked up once all bodies on the way are bound.
  private func bindAddress(_ reference: WireReference, in scope: BodyScope) -> (wire: BoundWire, flow: WireFlow)? {
    guard let (up, slot, body) = scope.find(reference.node) else {
      collector.error(
        "there is no node '\(reference.node)'", at: reference.location, notes: [unknownNodeNote(reference, in: scope)],
        fix: nodeFix(reference, in: scope))
      return nil
    }
    noteAddress()
    body.noteDependency(on: slot, at: reference.location)
    let address = BoundAddress(up: up, reference)
    let flow = makeFlow()
    annotateAddress(reference, from: slot, in: body, flow)
    body.onceBound { [self] in
      guard let (member, outputs) = follow(reference, from: slot, in: body),
        let output = findOutput(reference, of: member, among: outputs)
      else { return }
      address.output = output
      let isOneIteration = reference.steps.last?.iteration != nil
      (isOneIteration ? outputs[output].item ?? outputs[output].flow : outputs[output].flow).feed(flow)
    }
    return (.address(address), flow)
  }

  /// The member at the end of an address, with its outputs; nil after a reported problem.
  private func follow(
    _ reference: WireReference, from slot: Int, in body: BodyScope
  ) -> (BodyScope.Member, [BodyScope.Port])? {
    var member = body.members[slot]
    for (number, step) in reference.steps.enumerated() {
      let place = reference.steps[..<number].map(\.text).joined(separator: "/")
      if number > 0 {
        guard let inner = member.inner else { return nil }
        guard let slot = inner.slots[step.name] else {
          let names = inner.members.map(\.name.value)
          collector.error(
            "there is no node '\(step.name)' in '\(place)'", at: reference.location,
            notes: [nearestNameNote(to: step.name, among: names) ?? "it has \(names.joined(separator: ", "))"],
            fix: fix(reference, step: number, name: nearestName(to: step.name, among: names)))
          return nil
        }
        member = inner.members[slot]
      }
      let isLast = number == reference.steps.count - 1
      switch (member.kind, step.iteration) {
      case (.loop, nil) where !isLast:
        collector.error(
          "'\(step.name)' is a loop: '\(reference.text)' does not say which iteration", at: reference.location,
          notes: ["'\(step.name)[0]' is one, and '\(step.name)[-1]' the last"])
        return nil
      case (.node, _?), (.graph, _?):
        collector.error("'\(step.name)' is no loop, and has no iterations", at: reference.location)
        return nil
      case (.node, nil) where !isLast:
        collector.error("'\(step.name)' is a node, and has no nodes inside", at: reference.location)
        return nil
      default: break
      }
    }
    return member.outputs.map { (member, $0) }
  }

  private func findOutput(
    _ reference: WireReference, of member: BodyScope.Member, among outputs: [BodyScope.Port]
  ) -> Int? {
    let name = reference.steps.map(\.text).joined(separator: "/")
    let choices = outputs.map { "\(name).\($0.name)" }.joined(separator: ", ")
    if outputs.isEmpty {
      collector.error(
        "'\(name)' has no outputs", at: reference.location,
        notes: [member.kind == .loop ? "name them under the loop's 'yield' or 'collect'" : nil])
      return nil
    }
    guard let port = reference.port else {
      // What lies aside is meant only by name.
      let main = outputs.indices.filter { !outputs[$0].isAside }
      if main.count == 1 { return main[0] }
      collector.error("'\(name)' has several outputs", at: reference.location, notes: ["choose from \(choices)"])
      return nil
    }
    guard let index = outputs.firstIndex(where: { $0.name == port }) else {
      let note: String? =
        switch member.kind {
        case .node: nil
        case .loop: "outside a loop only what its 'yield' and 'collect' name is seen"
        case .graph: "outside a subgraph only its 'outputs' are seen"
        }
      collector.error(
        "'\(name)' has no output '\(port)'", at: reference.location,
        notes: [nearestNameNote(to: port, among: outputs.map(\.name)) ?? "it has \(choices)", note],
        fix: fix(reference, port: nearestName(to: port, among: outputs.map(\.name))))
      return nil
    }
    return index
  }

  private func unknownNodeNote(_ reference: WireReference, in scope: BodyScope) -> String? {
    if let near = nearestNameNote(to: reference.node, among: scope.visibleNames) { return near }
    if scope.values[reference.node] != nil {
      return "'\(reference.node)' is a param: write $(\(reference.node)) under 'with'"
    }
    return nil
  }

  private func nodeFix(_ reference: WireReference, in scope: BodyScope) -> Fix? {
    fix(reference, step: 0, name: nearestName(to: reference.node, among: scope.visibleNames))
  }

  private func fix(_ reference: WireReference, step: Int, name: String?) -> Fix? {
    guard let name else { return nil }
    var mended = reference
    mended.steps[step].name = name
    return Fix(replacing: reference.text, by: mended.text, at: reference.location)
  }

  private func fix(_ reference: WireReference, port: String?) -> Fix? {
    guard let port else { return nil }
    var mended = reference
    mended.port = port
    return Fix(replacing: reference.text, by: mended.text, at: reference.location)
  }

  // MARK: Types

  /// Reports, once, when what comes along `flow` does not fit a port.
  func check(
    _ flow: WireFlow, from reference: WireReference, into port: String, type: WireType, acceptsNone: Bool,
    acceptsList: Bool
  ) {
    let collector = collector
    var isReported = false
    flow.listen { item in
      guard !isReported else { return }
      switch item {
      case .type(let source):
        guard !source.canFeed(type) || !source.shapeFits(type) else { return }
        collector.error(
          "'\(port)' takes \(type.label), but '\(reference.text)' is \(source.label)", at: reference.location)
      case .none(let reason):
        guard !acceptsNone else { return }
        collector.error(
          "'\(port)' always needs a wire, but '\(reference.text)' may be none", at: reference.location, notes: [reason])
      case .list:
        guard !acceptsList else { return }
        collector.error(
          "'\(port)' takes one wire, but '\(reference.text)' is a list", at: reference.location,
          notes: ["only ports that take several wires take a list"])
      }
      isReported = true
    }
  }
}
