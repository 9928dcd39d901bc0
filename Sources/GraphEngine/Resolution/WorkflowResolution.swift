import Diagnostics

/// One workflow on its way through the stages: read once, then bound and unrolled at each point of its sweep.
struct WorkflowResolution {
  private let loader: WorkflowLoader
  private let path: String
  private let collector: DiagnosticCollector
  let documents: DocumentLoader
  private let annotations: Annotations?

  /// After so many errors no further points of a sweep are looked at.
  private static let maximumErrors = 100

  /// The workflow at one point of its sweep, or all of it when nothing is swept.
  private struct Part {
    var writer: WorkflowWriter
    var instance: DocumentInstance
    var values: [String: NamedValue]
    var drawn: Set<String>
    var body: TargetSelection.Body
    var outputs: [WireEnd]
  }

  /// - Parameters:
  ///   - cache: keeps what is read.
  ///   - extent: what is taken note of.
  ///   - annotations: takes that note.
  init(
    _ loader: WorkflowLoader, _ path: String, cache: DocumentCache? = nil, extent: Annotations.Extent? = nil,
    annotations: Annotations? = nil
  ) {
    self.loader = loader
    self.path = path
    self.annotations = annotations
    collector = DiagnosticCollector()
    documents = loader.makeDocuments(collector, cache: cache, noting: extent.map { (path, $0) })
  }

  func resolve(
    settings: [ParameterSetting], sweeps: [SweepSetting], sheets: SheetChoice, targets: [String]?,
    observed: [ObservedWire]
  ) throws(DiagnosticList) -> ResolvedGraph {
    guard var document = documents.load(path) else { throw DiagnosticList(collector.sorted) }
    let ownOutputs = document.outputs.count
    document.outputs += observed.map(\.output)
    if let required = document.inputs.first(where: { !$0.isOptional }) {
      collector.error(
        "this file is a subgraph: its input '\(required.name.value)' needs a wire", at: required.name.location,
        notes: ["run a file that calls it with 'graph: \(path)'"])
    }
    let sweep = makeBinder(collector).bindSweep(
      of: document, settings: settings, sweeps: sweeps, draw: loader.drawSeed)
    if sweep == nil, case .at(let file) = sheets, collector.errorCount == 0 {
      collector.error("nothing is swept", at: SourceLocation(argument: "--sheet \(file)"))
    }
    var (nodes, parts) = unroll(document, settings: settings, sweep: sweep, isComplete: true)
    let selection = TargetSelection(nodes, bodies: parts.map(\.body))
    var chosen = selection.select(targets, outputs: parts.flatMap(\.outputs), into: collector)
    let seen = parts.flatMap { $0.outputs.dropFirst(ownOutputs) }.flatMap(\.nodes)
    chosen = Set(chosen + seen).sorted()
    if let sweep {
      let sheetMaker = SweepSheetMaker(sweep, catalog: loader.catalog, choice: sheets)
      let bases = SweepFiles.rename(&nodes, names: SweepNames(sweep), points: parts.map(\.body.nodes))
      sheetMaker.add(to: &nodes, targets: &chosen, paths: bases, points: parts.map(\.body.nodes), into: collector)
    }
    checkPathConflicts(among: nodes, workingDirectory: loader.workingDirectory, into: collector)
    var outputs: [String: WireSource] = [:]
    for part in parts { outputs.merge(self.outputs(of: document, part)) { first, _ in first } }
    try collector.throwIfErrors()
    var graph = ResolvedGraph(
      nodes: nodes, targets: chosen, outputs: outputs, path: path, parameters: [], warnings: collector.sorted)
    graph.file = document.file
    graph.record = document.record
    describe(parts, of: document, sweep: sweep, in: &graph)
    return graph
  }

  func check(settings: [ParameterSetting]) throws(DiagnosticList) -> [Diagnostic] {
    _ = checkedNodes(settings: settings)
    try collector.throwIfErrors()
    return collector.sorted
  }

  /// The nodes of a workflow that is looked at without a run in mind; nil when it could not be read.
  ///
  /// - Parameter unrolls: false: names are looked up, and that is all.
  func checkedNodes(settings: [ParameterSetting] = [], unrolls: Bool = true) -> [ResolvedNode]? {
    guard let document = documents.load(path) else { return nil }
    let sweep = makeBinder(collector).bindSweep(of: document, settings: settings, sweeps: [], draw: loader.drawSeed)
    guard unrolls else {
      let binder = makeBinder(collector)
      let params = binder.bindParams(of: document, settings: settings, isComplete: false, draw: { _ in 0 })
      var instance = DocumentInstance(document, values: params.values)
      binder.openFiles = [PathText.normalized(path)]
      binder.checkInputs(of: document)
      _ = binder.bindBody(
        of: document, values: params.values, outputs: document.outputs.map { _ in binder.makeFlow() }, into: &instance)
      return []
    }
    var (nodes, parts) = unroll(document, settings: settings, sweep: sweep, isComplete: false)
    if let sweep { SweepFiles.rename(&nodes, names: SweepNames(sweep), points: parts.map(\.body.nodes)) }
    checkPathConflicts(among: nodes, workingDirectory: loader.workingDirectory, into: collector)
    return nodes
  }

  /// Every problem so far, sorted by place.
  var problems: [Diagnostic] { collector.sorted }

  private func makeBinder(_ collector: DiagnosticCollector) -> Binder {
    Binder(catalog: loader.catalog, documents: documents, collector: collector, annotations: annotations)
  }

  // MARK: Unrolling

  /// A workflow with its names looked up: at one point of its sweep or, what is swept being in registers, at all of them.
  private struct Binding {
    var binder: Binder
    var params: BoundParams
    var instance: DocumentInstance
    var body: BoundBody
    var inputs: [WireEnd]
  }

  private func unroll(
    _ document: WorkflowDocument, settings: [ParameterSetting], sweep: BoundSweep?, isComplete: Bool
  ) -> (nodes: [ResolvedNode], parts: [Part]) {
    var draws: [String: UInt64] = [:]
    func bind(_ swept: [String: NamedValue], by binder: Binder) -> Binding {
      let params = binder.bindParams(of: document, settings: settings, swept: swept, isComplete: isComplete) {
        // One number for all points.
        let number = draws[$0] ?? loader.drawSeed()
        draws[$0] = number
        return number
      }
      var instance = DocumentInstance(document, values: params.values)
      binder.openFiles = [PathText.normalized(path)]
      binder.checkInputs(of: document)
      let body = binder.bindBody(
        of: document, values: params.values, outputs: document.outputs.map { _ in binder.makeFlow() }, into: &instance)
      return Binding(
        binder: binder, params: params, instance: instance, body: body,
        inputs: document.inputs.map { $0.mayBeNone ? .none : .broken })
    }
    var unroller = Unroller(collector: collector)
    guard let sweep else {
      let whole = part(of: bind([:], by: makeBinder(collector)), prefix: "", &unroller)
      return (unroller.takeNodes(), [whole])
    }
    let addresses = SweepNames(sweep).addresses
    if let together = unrollTogether(sweep, addresses: addresses, bind) { return together }
    var parts: [Part] = []
    for (point, address) in zip(sweep.points, addresses) {
      guard collector.errorCount < Self.maximumErrors, !unroller.isTooLarge else { break }
      // What is wrong at every point is reported at the first, which needs no naming.
      let note = parts.isEmpty ? nil : "at the point \(address) of the sweep"
      parts.append(
        collector.with(note: note) {
          part(of: bind(sweep.values(at: point), by: makeBinder(collector)), prefix: address + "/", &unroller)
        })
    }
    return (unroller.takeNodes(), parts)
  }

  /// Looks names up once for all points of a sweep.
  ///
  /// Nil where points differ in more than values, as paths do, and where anything is to be told: each point that is bound by
  /// itself tells it in its own words.
  private func unrollTogether(
    _ sweep: BoundSweep, addresses: [String], _ bind: ([String: NamedValue], Binder) -> Binding
  ) -> (nodes: [ResolvedNode], parts: [Part])? {
    let (silent, errorsBefore) = (DiagnosticCollector(), collector.errorCount)
    let binder = makeBinder(silent)
    var swept: [String: NamedValue] = [:]
    for axis in sweep.axes {
      guard var value = axis.values.first, value.origin == nil else { return nil }
      value.content = .register(binder.makeRegister())
      swept[axis.name] = value
    }
    let shared = bind(swept, binder)
    guard silent.isEmpty, collector.errorCount == errorsBefore, !binder.hasUnknownPaths else { return nil }
    var unroller = Unroller(collector: silent)
    var parts: [Part] = []
    parts.reserveCapacity(sweep.points.count)
    for (point, address) in zip(sweep.points, addresses) {
      guard let (binding, registers) = binding(shared, at: sweep.values(at: point)) else { return nil }
      parts.append(part(of: binding, registers: registers, prefix: address + "/", &unroller))
      guard silent.isEmpty else { return nil }
    }
    return (unroller.takeNodes(), parts)
  }

  /// What is bound for all points, with the values of one; nil where a value that follows from them cannot be computed.
  private func binding(
    _ shared: Binding, at swept: [String: NamedValue]
  ) -> (binding: Binding, registers: [ParameterValue])? {
    var registers = [ParameterValue](repeating: .absent, count: shared.binder.registerCount)
    var binding = shared
    for (name, value) in swept {
      guard case .register(let register) = shared.params.values[name]?.content, case .known(let known) = value.content
      else { return nil }
      registers[register] = known
      binding.params.values[name] = value
      if value.isDrawn { binding.params.drawn.insert(name) } else { binding.params.drawn.remove(name) }
    }
    for (register, value) in shared.params.varying {
      guard case .success(let known) = value.evaluate(registers) else { return nil }
      registers[register] = known
    }
    for (name, value) in shared.params.values where swept[name] == nil {
      if case .register(let register) = value.content {
        binding.params.values[name]?.content = .known(registers[register])
      }
    }
    binding.instance.values = binding.params.values
    return (binding, registers)
  }

  private func part(
    of binding: Binding, registers: [ParameterValue]? = nil, prefix: String, _ unroller: inout Unroller
  ) -> Part {
    let binder = binding.binder
    let start = unroller.nodes.count
    unroller.unroll(
      binding.body, registers: registers ?? [ParameterValue](repeating: .absent, count: binder.registerCount),
      inputs: binding.inputs, prefix: prefix, usesAddresses: binder.usesAddresses)
    return Part(
      writer: WorkflowWriter(
        roles: binder.roles, absolutePaths: binder.absolutePaths, workingDirectory: loader.workingDirectory),
      instance: binding.instance, values: binding.params.values, drawn: binding.params.drawn,
      body: .init(prefix: prefix, topLevel: unroller.topLevel, nodes: start..<unroller.nodes.count),
      outputs: unroller.outputs)
  }

  private func outputs(of document: WorkflowDocument, _ part: Part) -> [String: WireSource] {
    var outputs: [String: WireSource] = [:]
    for (output, end) in zip(document.outputs, part.outputs) {
      switch end {
      case .source(let source): outputs[part.body.prefix + output.name.value] = source
      case .list(let sources):
        for (number, source) in sources.enumerated() {
          outputs["\(part.body.prefix)\(output.name.value)[\(number)]"] = source
        }
      case .noIteration:
        collector.error(
          "'\(output.name.value)' has no value: the loop it comes from runs zero times", at: output.wire?.location)
      case .none, .broken: break
      }
    }
    return outputs
  }

  // MARK: Describing

  /// Fills in the params, and the self-contained files that results embed.
  private func describe(
    _ parts: [Part], of document: WorkflowDocument, sweep: BoundSweep?, in graph: inout ResolvedGraph
  ) {
    func parameters(_ part: Part) -> [ResolvedParameter] {
      document.params.compactMap { param in
        guard case .known(let value) = part.values[param.name.value]?.content else { return nil }
        return ResolvedParameter(
          name: param.name.value, text: value.text, isDrawn: part.drawn.contains(param.name.value))
      }
    }
    guard let sweep else {
      guard let whole = parts.first else { return }
      graph.workflowText = text(of: whole)
      graph.parameters = parameters(whole)
      return
    }
    graph.axes = sweep.axes.map {
      SweptParameter(name: $0.name, texts: $0.texts, isDrawn: $0.values.contains(where: \.isDrawn))
    }
    graph.points = parts.map { part in
      SweepPoint(
        address: String(part.body.prefix.dropLast()), nodes: part.body.nodes, parameters: parameters(part),
        workflow: text(of: part))
    }
    graph.parameters = (graph.points.first?.parameters ?? []).filter { parameter in
      graph.points.allSatisfy { $0.parameters.contains { $0.name == parameter.name && $0.text == parameter.text } }
        && !sweep.axes.contains { $0.name == parameter.name }
    }
    let written = parts.map { ($0.writer, $0.instance) }
    graph.workflowText = WorkflowText { Self.text(of: written, sweep) }
  }

  private func text(of part: Part) -> WorkflowText {
    WorkflowText { [writer = part.writer, instance = part.instance] in writer.text(of: instance) }
  }

  /// One file that says it all, empty where there is none: there is one as long as the sweep changes values only, and not which
  /// subgraphs are called, nor where a path is looked for.
  private static func text(of parts: [(writer: WorkflowWriter, instance: DocumentInstance)], _ sweep: BoundSweep)
    -> String
  {
    for axis in sweep.axes.indices where Set(sweep.points.map { $0[axis] }).count > 1 {
      for (part, point) in zip(parts, sweep.points) {
        guard part.writer.readsTheSame(sweep.axes[axis].values[point[axis]]) else { return "" }
      }
    }
    let firstValues = Dictionary(uniqueKeysWithValues: sweep.axes.map { ($0.name, $0.values.first) })
    var text: String?
    for part in parts {
      var instance = part.instance
      for (name, value) in firstValues { instance.values[name] = value }
      let own = part.writer.text(of: instance)
      guard own == text ?? own else { return "" }
      text = own
    }
    return parts.first.map { $0.writer.text(of: $0.instance, sweep: sweep) } ?? ""
  }
}
