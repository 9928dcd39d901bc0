import Diagnostics

/// Binding calls of subgraphs.
extension Binder {
  /// The document that `graph` calls; nil after a reported problem.
  func loadCallee(_ graph: GraphDocument, in scope: BodyScope) -> WorkflowDocument? {
    guard openFiles.count <= Self.maximumCallDepth else {
      collector.error("subgraphs are nested more than \(Self.maximumCallDepth) deep", at: graph.location)
      return nil
    }
    guard countCall(at: graph.location) else { return nil }
    switch graph.source {
    case .inline(let document): return document
    case .file(let literal):
      let target = ValueTarget(name: "graph", type: .path, role: .read)
      let bound = bind(literal, to: target, values: scope.values)
      annotations?.expect(.file, at: literal.location)
      switch bound {
      case .value(let value):
        annotations?.mark(Mark(.file(value.text), literal.scalar.text, at: literal.location))
        return load(value.text, at: graph.location)
      case .varying:
        collector.error("the file of a subgraph can't depend on a loop index", at: graph.location)
        return nil
      case .broken: return nil
      }
    }
  }

  private func load(_ path: String, at location: SourceLocation) -> WorkflowDocument? {
    if let first = openFiles.firstIndex(of: PathText.normalized(path)) {
      let cycle = openFiles[first...] + [openFiles[first]]
      collector.error("the files make a cycle: \(cycle.joined(separator: " -> "))", at: location)
      return nil
    }
    return collector.with(call: location) { documents.load(path, reference: location) }
  }

  func bindGraph(
    _ graph: GraphDocument, callee: WorkflowDocument?, name: Located<String>, outputs: [WireFlow],
    in scope: BodyScope, instance: inout DocumentInstance
  ) -> BoundGraph? {
    guard let callee else {
      annotateWires(of: graph, in: scope)
      for wire in graph.inputs.compactMap(\.wires).joined() { _ = bind(wire, in: scope) }
      for binding in graph.parameters { checkNames(in: binding, values: scope.values) }
      return nil
    }
    annotateInputs(of: graph, callee, in: scope)
    var graph = graph
    graph.inputs = renamed(graph.inputs, formerNames: callee.formerNames)
    let inputs = bindInputs(graph, callee, name: name, in: scope)
    let standIns = callee.inputs.map { input in
      input.standIn.flatMap { name in callee.inputs.firstIndex { $0.name.value == name.value } }
    }
    var bound = BoundGraph(inputs: inputs, standIns: standIns, varying: [], body: BoundBody(), location: graph.location)
    let values = bindArguments(graph, callee, name: name, values: scope.values, into: &bound)
    var child = DocumentInstance(callee)
    defer { instance.callees[graph.id] = child }
    guard case .file = graph.source else {
      checkInputs(of: callee)
      bound.body = bindBody(of: callee, values: values, outputs: outputs, into: &child, calledFrom: scope)
      return bound
    }
    openFiles.append(PathText.normalized(callee.file.path))
    defer { openFiles.removeLast() }
    collector.with(note: "in the subgraph that '\(name.value)' calls at \(graph.location)") {
      collector.with(call: graph.location) {
        checkInputs(of: callee)
        bound.body = bindBody(of: callee, values: values, outputs: outputs, into: &child, calledFrom: scope)
      }
    }
    return bound
  }

  private func bindInputs(
    _ graph: GraphDocument, _ callee: WorkflowDocument, name: Located<String>, in scope: BodyScope
  ) -> [BoundGraph.Input?] {
    let names = callee.inputs.map(\.name.value)
    let given = Set(graph.inputs.map(\.name.value))
    var meant: Set<String> = []
    for input in graph.inputs where !names.contains(input.name.value) {
      let near = nearestName(to: input.name.value, among: names.filter { !given.contains($0) })
      if let near { meant.insert(near) }
      let isParam = callee.params.contains { $0.name.value == input.name.value }
      collector.error(
        "the subgraph has no input '\(input.name.value)'", at: input.name.location,
        notes: [
          isParam
            ? "'\(input.name.value)' is a param: write it under 'with'"
            : near.map { "did you mean '\($0)'?" } ?? list("inputs", names)
        ],
        fix: isParam
          ? Fix(.move(toKey: "with"), at: input.name.location)
          : Fix(replacing: input.name.value, by: near, at: input.name.location))
      for wire in input.wires ?? [] { _ = bind(wire, in: scope) }
    }
    return callee.inputs.map { port in
      guard let input = graph.inputs.first(where: { $0.name.value == port.name.value }) else {
        if !port.isOptional, !meant.contains(port.name.value) {
          let type = port.type.map { " (\($0.value))" } ?? ""
          collector.error(
            "'\(name.value)' needs a wire into '\(port.name.value)'\(type)", at: name.location,
            notes: ["the subgraph's input is declared at \(port.name.location)"])
          return BoundGraph.Input(wires: [.broken])
        }
        return nil
      }
      guard let wires = input.wires else { return BoundGraph.Input(wires: [.broken]) }
      if input.isList, !port.isList || wires.isEmpty {
        collector.error(
          port.isList
            ? "'\(port.name.value)' takes at least one wire" : "'\(port.name.value)' takes one wire, not a list",
          at: input.location)
        return BoundGraph.Input(wires: [.broken])
      }
      let bound = wires.map { wire -> BoundWire in
        guard let bound = bind(wire, in: scope) else { return .broken }
        if let type = port.type.flatMap({ wireTypes[$0.value] }) {
          check(
            bound.flow, from: wire, into: port.name.value, type: type, acceptsNone: port.isOptional,
            acceptsList: port.isList)
        }
        return bound.wire
      }
      return BoundGraph.Input(wires: bound, isList: port.isList)
    }
  }

  /// What the params of `callee` are, from `with` or their defaults.
  private func bindArguments(
    _ graph: GraphDocument, _ callee: WorkflowDocument, name: Located<String>, values: [String: NamedValue],
    into bound: inout BoundGraph
  ) -> [String: NamedValue] {
    annotateParameters(graph.parameters, of: .graph(callee)) { parameter in
      guard let param = callee.params.first(where: { $0.name.value == parameter.value }) else { return nil }
      return Mark(.param(param, value: nil), parameter.value, at: parameter.location, definition: param.name.location)
    }
    let meant = checkParameterNames(
      graph.parameters, known: callee.params.map(\.name.value), of: "the subgraph",
      inputs: callee.inputs.map(\.name.value), values: values)
    var arguments: [String: NamedValue] = [:]
    for param in callee.params {
      if let given = graph.parameters.first(where: { $0.name.value == param.name.value }) {
        checkDefault(of: param)
        arguments[param.name.value] = argument(given, for: param, values: values, into: &bound).of(param)
        continue
      }
      let (standard, varying) = defaultValue(of: param, values: arguments)
      if let varying { bound.varying.append(varying) }
      if standard == nil, !meant.contains(param.name.value) {
        collector.error(
          "'\(name.value)' needs the param '\(param.name.value)' (\(param.type?.name ?? "broken"))",
          at: name.location,
          notes: ["it has no default at \(param.name.location)"])
      }
      arguments[param.name.value] = (standard ?? NamedValue(type: param.type ?? .string, content: .broken)).of(param)
    }
    return arguments
  }

  private func argument(
    _ given: LiteralBinding, for param: ParamDocument, values: [String: NamedValue], into bound: inout BoundGraph
  ) -> NamedValue {
    guard let type = param.type, let written = given.value else {
      checkNames(in: given, values: values)
      return NamedValue(type: param.type ?? .string, content: .broken)
    }
    let (value, varying) = namedValue(of: written, for: param, type: type, values: values)
    if let varying { bound.varying.append(varying) }
    return value
  }
}
