import Diagnostics

/// Looks up every name of a workflow and of the subgraphs it calls: node types, ports, wires, params.
///
/// Loops stay loops. Problems are collected. What they concern becomes `broken`, and nothing further is said about it.
final class Binder {
  let catalog: NodeCatalog
  let collector: DiagnosticCollector
  let documents: DocumentLoader
  /// Takes note of what places mean; nil when nobody asks.
  let annotations: Annotations?
  /// What holds on to each other until the binder goes.
  private var flows: [WireFlow] = []
  private var scopes: [BodyScope] = []
  /// The catalog's.
  private(set) lazy var wireTypes = catalog.wireTypes
  /// Registers given out to loop indices, and to params that depend on one.
  private(set) var registerCount = 0
  /// What paths are used for, by the literal that holds or begins them.
  private(set) var roles: [DocumentID: RoleUse] = [:]
  /// Files that are being bound, the outermost first.
  var openFiles: [String] = []
  /// Paths to read that begin with a param and turned out to be absolute, by their literal.
  private(set) var absolutePaths: Set<DocumentID> = []
  /// Whether a path to read begins with what only unrolling tells, and so may turn out to be absolute.
  private(set) var hasUnknownPaths = false
  /// Whether a wire is an address, for which the unroller has to remember more.
  private(set) var usesAddresses = false
  private var callCount = 0

  /// Bounds on what subgraphs that call subgraphs may grow to.
  static let maximumCalls = 10_000
  static let maximumCallDepth = 32

  struct RoleUse {
    var role: PathRole
    var location: SourceLocation
  }

  init(
    catalog: NodeCatalog, documents: DocumentLoader, collector: DiagnosticCollector, annotations: Annotations? = nil
  ) {
    self.catalog = catalog
    self.documents = documents
    self.collector = collector
    self.annotations = annotations
  }

  deinit {
    for flow in flows { flow.close() }
    for scope in scopes { scope.close() }
  }

  func makeFlow(_ types: WireType...) -> WireFlow {
    let flow = WireFlow()
    for type in types { flow.add(.type(type)) }
    flows.append(flow)
    return flow
  }

  func keep(_ scope: BodyScope) { scopes.append(scope) }

  func makeRegister() -> Int {
    registerCount += 1
    return registerCount - 1
  }

  func note(_ role: PathRole, of literal: DocumentID, at location: SourceLocation) {
    guard let known = roles[literal] else {
      roles[literal] = RoleUse(role: role, location: location)
      return
    }
    guard known.role != role else { return }
    collector.error(
      "one path is used to read and to write", at: location,
      notes: ["the other use is at \(known.location)", "give each its own param"])
  }

  func noteAbsolutePath(_ literal: DocumentID) { absolutePaths.insert(literal) }

  func noteUnknownPath() { hasUnknownPaths = true }

  func noteAddress() { usesAddresses = true }

  func countCall(at location: SourceLocation) -> Bool {
    callCount += 1
    guard callCount <= Self.maximumCalls else {
      collector.error("there are more than \(Self.maximumCalls) calls of subgraphs", at: location)
      return false
    }
    return true
  }

  // MARK: Documents

  /// Binds the nodes and outputs of a workflow or subgraph.
  ///
  /// - Parameters:
  ///   - values: what its params are.
  ///   - outputs: what comes out, in the order of `document.outputs`.
  ///   - caller: the body that calls the document as a subgraph.
  func bindBody(
    of document: WorkflowDocument, values: [String: NamedValue], outputs: [WireFlow],
    into instance: inout DocumentInstance,
    calledFrom caller: BodyScope? = nil
  ) -> BoundBody {
    let inputs = document.inputs.map { input in
      BodyScope.Port(
        name: input.name.value, flow: flow(of: input), definition: input.name.location, input: input)
    }
    let scope = BodyScope(parent: nil, values: values, inputs: inputs)
    keep(scope)
    caller?.noteInner(scope)
    var body = bindMembers(document.members, in: scope, instance: &instance)
    body.results = zip(document.outputs, outputs).map { bindResult($0, in: scope, into: $1) }
    return body
  }

  private func flow(of input: SubgraphInputDocument) -> WireFlow {
    guard let type = input.type.flatMap({ wireTypes[$0.value] }) else { return makeFlow() }
    let flow = makeFlow(type)
    if input.mayBeNone { flow.add(.none("the input '\(input.name.value)' is optional")) }
    if input.isList { flow.add(.list) }
    return flow
  }

  /// Reports input types and defaults that do not exist; once for a document, however often it is called.
  func checkInputs(of document: WorkflowDocument) {
    annotateInputs(of: document)
    for case let type? in document.inputs.map(\.type) where wireTypes[type.value] == nil {
      let names = wireTypes.keys.sorted()
      collector.error(
        "there is no wire type '\(type.value)'", at: type.location,
        notes: [nearestNameNote(to: type.value, among: names) ?? "wire types are \(names.joined(separator: ", "))"],
        fix: Fix(replacing: type.value, by: nearestName(to: type.value, among: names), at: type.location))
    }
    for (place, input) in document.inputs.enumerated() {
      guard let standIn = input.standIn else { continue }
      // An input before this one that has a stand-in itself is always wired too.
      let alike = document.inputs.enumerated().filter { other, candidate in
        !candidate.isOptional || (candidate.standIn != nil && other < place)
      }.map(\.element).filter { $0.type?.value == input.type?.value && $0.isList == input.isList }
      let candidates = alike.map(\.name.value)
      guard !candidates.contains(standIn.value) else { continue }
      collector.error(
        "'\(standIn.value)' is no input that is always wired and of the type of '\(input.name.value)'",
        at: standIn.location, notes: [nearestNameNote(to: standIn.value, among: candidates)],
        fix: Fix(replacing: standIn.value, by: nearestName(to: standIn.value, among: candidates), at: standIn.location))
    }
  }

  /// Binds an entry of `yield` or `outputs` and lets its types flow on.
  ///
  /// - Parameter definition: where the name is defined, if not at its entry.
  func bindResult(
    _ result: NamedWire, in scope: BodyScope, into flow: WireFlow, definition: SourceLocation? = nil
  ) -> BoundWire {
    scope.current = nil
    annotations?.mark(
      Mark(
        .result(isDefinition: true), result.name.value, at: result.name.location,
        definition: definition ?? result.name.location, flow: flow))
    guard let wire = result.wire else { return .broken }
    annotations?.expect(.wire(scope, slot: nil, type: nil, takesList: false), at: wire.location)
    guard let bound = bind(wire, in: scope) else { return .broken }
    bound.flow.feed(flow)
    return bound.wire
  }

  /// Binds members that see each other and sorts them.
  func bindMembers(_ documents: [MemberDocument], in scope: BodyScope, instance: inout DocumentInstance) -> BoundBody {
    var callees: [WorkflowDocument?] = []
    for document in documents {
      checkShadowing(document.name, in: scope)
      let callee: WorkflowDocument? =
        if case .graph(let graph) = document.content { loadCallee(graph, in: scope) } else { nil }
      callees.append(callee)
      scope.declare(interface(of: document, callee: callee))
    }
    var members: [BoundMember] = []
    for (slot, document) in documents.enumerated() {
      scope.current = slot
      annotations?.mark(
        Mark(
          .member, document.name.value, at: document.name.location, definition: document.name.location,
          flow: scope.members[slot].outputs?.first { !$0.isAside }?.flow))
      let content: BoundMember.Content
      switch document.content {
      case nil: content = .broken
      case .node(let node): content = bindNode(node, name: document.name, in: scope).map { .node($0) } ?? .broken
      case .loop(let loop):
        let outputs = scope.members[slot].outputs ?? []
        content = bindLoop(loop, outputs: outputs, in: scope, instance: &instance).map { .loop($0) } ?? .broken
      case .graph(let graph):
        let outputs = scope.members[slot].outputs?.map(\.flow) ?? []
        let bound = bindGraph(
          graph, callee: callees[slot], name: document.name, outputs: outputs, in: scope, instance: &instance)
        content = bound.map { .graph($0) } ?? .broken
      }
      members.append(BoundMember(slot: slot, name: document.name.value, content: content))
    }
    scope.current = nil
    scope.noteBound()
    return BoundBody(members: sorted(members, in: scope))
  }

  private func sorted(_ members: [BoundMember], in scope: BodyScope) -> [BoundMember] {
    var reported: Set<Int> = []
    let dependencies = scope.dependencies.map { $0.map(\.slot) }
    let order = topologicalOrder(dependencies: dependencies) { cycle in
      guard reported.isDisjoint(with: cycle), cycle.count > 1 else { return }
      reported.formUnion(cycle)
      let names = cycle.map { scope.members[$0].name.value }
      let closing = scope.dependencies[cycle[0]].first { $0.slot == cycle[cycle.count - 2] }
      let isLoop = cycle.count == 2 && scope.members[cycle[0]].kind == .loop
      collector.error(
        "the wires make a cycle: \(names.joined(separator: " -> "))",
        at: closing?.location ?? scope.members[cycle[0]].name.location,
        notes: [isLoop ? "inside a loop, the iteration before is read with 'carry.NAME'" : nil])
    }
    return order.map { members[$0] }
  }

  private func checkShadowing(_ name: Located<String>, in scope: BodyScope) {
    guard let (_, slot, outer) = scope.parent?.find(name.value) else { return }
    collector.error(
      "the node '\(name.value)' hides a node outside of the loop", at: name.location,
      notes: ["the other one is at \(outer.members[slot].name.location)"])
  }

  private func interface(of document: MemberDocument, callee: WorkflowDocument?) -> BodyScope.Member {
    func port(_ name: Located<String>) -> BodyScope.Port {
      BodyScope.Port(name: name.value, flow: makeFlow(), definition: name.location)
    }
    switch document.content {
    case nil: return BodyScope.Member(name: document.name, kind: .node)
    case .node(let node):
      let declaration = node.type.flatMap { catalog[$0.value] }
      let outputs = declaration?.outputs.map {
        BodyScope.Port(name: $0.name, flow: makeFlow($0.type), isAside: $0.isAside, output: $0)
      }
      return BodyScope.Member(name: document.name, kind: .node, outputs: outputs)
    case .loop(let loop):
      let carried = Dictionary(loop.carry.map { ($0.name.value, $0.name.location) }, uniquingKeysWith: { $1 })
      let yields = loop.yields.map { yield in
        var port = port(yield.name)
        port.isLastAlone = carried[port.name] == nil
        // What is carried and what is yielded under its name have one name.
        port.definition = carried[port.name] ?? port.definition
        return port
      }
      let collects = loop.collects.map { collect in
        BodyScope.Port(
          name: collect.name.value, flow: makeFlow(), item: makeFlow(), definition: collect.name.location)
      }
      return BodyScope.Member(name: document.name, kind: .loop, outputs: yields + collects)
    case .graph:
      return BodyScope.Member(
        name: document.name, kind: .graph, outputs: callee?.outputs.map { port($0.name) })
    }
  }
}

/// A document with what its params are and the documents it calls: what a self-contained file is written from.
struct DocumentInstance: Sendable {
  let document: WorkflowDocument
  /// Values that take the place of defaults, by param; for the workflow that is run.
  var values: [String: NamedValue]
  var callees: [DocumentID: DocumentInstance] = [:]

  init(_ document: WorkflowDocument, values: [String: NamedValue] = [:]) {
    self.document = document
    self.values = values
  }
}
