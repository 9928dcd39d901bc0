import Diagnostics

/// Binding loops.
extension Binder {
  func bindLoop(
    _ loop: LoopDocument, outputs: [BodyScope.Port], in scope: BodyScope, instance: inout DocumentInstance
  ) -> BoundLoop? {
    let register = makeRegister()
    var values = scope.values
    if let index = loop.index {
      if let hidden = scope.values[index.value] {
        let kind = hidden.location == nil ? "the index of a loop around it" : "a param"
        collector.error("the loop index '\(index.value)' hides \(kind)", at: index.location)
      }
      values[index.value] = NamedValue(
        type: .int, content: .register(register), definition: .init(location: index.location))
      annotations?.mark(Mark(.index, index.value, at: index.location, definition: index.location))
    }
    let range = bindRange(loop, values: scope.values)

    var carries: [BodyScope.Port] = []
    var starts: [BoundWire] = []
    for carry in loop.carry {
      let flow = makeFlow()
      starts.append(bindStart(carry, in: scope, into: flow))
      carries.append(BodyScope.Port(name: carry.name.value, flow: flow, definition: carry.name.location))
      annotations?.mark(
        Mark(
          .result(isDefinition: true), carry.name.value, at: carry.name.location, definition: carry.name.location,
          flow: flow))
    }
    let bodyScope = BodyScope(parent: scope, values: values, carry: carries)
    keep(bodyScope)
    scope.noteInner(bodyScope)
    var body = bindMembers(loop.members, in: bodyScope, instance: &instance)
    body.results = zip(loop.yields + loop.collects, outputs).map { result, output in
      output.item?.feed(itemsOf: output.flow)
      return bindResult(
        result, in: bodyScope, into: output.item ?? output.flow, definition: output.definition)
    }

    let yields = loop.yields.map(\.name.value)
    for (index, carry) in loop.carry.enumerated() {
      if let yield = yields.firstIndex(of: carry.name.value) {
        outputs[yield].flow.feed(carries[index].flow)
        if !bodyScope.usedCarries.contains(index) {
          collector.error(
            "nothing in the loop uses 'carry.\(carry.name.value)'", at: carry.name.location,
            notes: ["leave it out of 'carry', or wire it to a node"])
        }
      } else {
        let near = nearestName(to: carry.name.value, among: yields.filter { !carries.map(\.name).contains($0) })
        collector.error(
          "'\(carry.name.value)' is carried, but 'yield' does not name it", at: carry.name.location,
          notes: [near.map { "'yield' has '\($0)'" } ?? "'yield' says what the next iteration gets"],
          fix: Fix(replacing: carry.name.value, by: near, at: carry.name.location))
      }
    }
    guard let range else { return nil }
    return BoundLoop(
      from: range.from, to: range.to, register: register, carryStarts: starts,
      carryResults: carries.map { yields.firstIndex(of: $0.name) },
      resultCarries: yields.map { yield in carries.firstIndex { $0.name == yield } },
      collectLocations: loop.collects.map { $0.wire?.location ?? $0.name.location },
      body: body, location: loop.location)
  }

  private func bindStart(_ carry: NamedWire, in scope: BodyScope, into flow: WireFlow) -> BoundWire {
    guard let wire = carry.wire else { return .broken }
    annotations?.expect(.wire(scope, slot: scope.current, type: nil, takesList: true), at: wire.location)
    if wire.isNone {
      flow.add(.none("it starts as none, so the first iteration has no wire"))
      return .none
    }
    guard let bound = bind(wire, in: scope) else { return .broken }
    bound.flow.feed(flow)
    return bound.wire
  }

  private func bindRange(
    _ loop: LoopDocument, values: [String: NamedValue]
  ) -> (from: BoundLiteral?, to: BoundLiteral)? {
    func bound(_ literal: Literal, _ name: String, min: Double?) -> BoundLiteral? {
      let range = Int128(Int64.min)...Int128(Int64.max)
      return bindLiteral(
        literal, to: ValueTarget(name: name, type: .int, min: min, integerRange: range), values: values)
    }
    switch loop.range {
    case nil: return nil
    case .times(let times): return bound(times, "times", min: 0).map { (nil, $0) }
    case .between(let from, let to):
      let bounds = (bound(from, "from", min: nil), bound(to, "to", min: nil))
      guard let from = bounds.0, let to = bounds.1 else { return nil }
      return (from, to)
    }
  }
}
