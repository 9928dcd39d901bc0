import Diagnostics

/// One workflow on its way through the stages: read once, then bound and unrolled at each point of its sweep.
struct WorkflowResolution {
  private let loader: WorkflowLoader
  private let path: String
  private let collector: DiagnosticCollector
  private let documents: DocumentLoader

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

  init(_ loader: WorkflowLoader, _ path: String) {
    self.loader = loader
    self.path = path
    collector = DiagnosticCollector()
    documents = loader.makeDocuments(collector)
  }

  func resolve(
    settings: [ParameterSetting], sweeps: [SweepSetting], sheets: SheetChoice, targets: [String]?
  ) throws(DiagnosticList) -> ResolvedGraph {
    guard let document = documents.load(path) else { throw DiagnosticList(collector.sorted) }
    if let required = document.inputs.first(where: { !$0.isOptional }) {
      collector.error(
        "this file is a subgraph: its input '\(required.name.value)' needs a wire", at: required.name.location,
        notes: ["run a file that calls it with 'graph: \(path)'"])
    }
    let sweep = makeBinder().bindSweep(
      of: document, settings: settings, sweeps: sweeps, draw: loader.drawSeed)
    if sweep == nil, case .at(let file) = sheets, collector.errorCount == 0 {
      collector.error("nothing is swept", at: SourceLocation(argument: "--sheet \(file)"))
    }
    var (nodes, parts) = unroll(document, settings: settings, sweep: sweep, isComplete: true)
    let selection = TargetSelection(nodes, bodies: parts.map(\.body))
    var chosen = selection.select(targets, outputs: parts.flatMap(\.outputs), into: collector)
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
    guard let document = documents.load(path) else { throw DiagnosticList(collector.sorted) }
    let sweep = makeBinder().bindSweep(of: document, settings: settings, sweeps: [], draw: loader.drawSeed)
    var (nodes, parts) = unroll(document, settings: settings, sweep: sweep, isComplete: false)
    if let sweep { SweepFiles.rename(&nodes, names: SweepNames(sweep), points: parts.map(\.body.nodes)) }
    checkPathConflicts(among: nodes, workingDirectory: loader.workingDirectory, into: collector)
    try collector.throwIfErrors()
    return collector.sorted
  }

  private func makeBinder() -> Binder {
    Binder(catalog: loader.catalog, documents: documents, collector: collector)
  }

  // MARK: Unrolling

  private func unroll(
    _ document: WorkflowDocument, settings: [ParameterSetting], sweep: BoundSweep?, isComplete: Bool
  ) -> (nodes: [ResolvedNode], parts: [Part]) {
    var unroller = Unroller(collector: collector)
    var draws: [String: UInt64] = [:]
    func part(prefix: String, swept: [String: NamedValue]) -> Part {
      let binder = makeBinder()
      let (values, drawn) = binder.bindParams(of: document, settings: settings, swept: swept, isComplete: isComplete) {
        // One number for all points.
        let number = draws[$0] ?? loader.drawSeed()
        draws[$0] = number
        return number
      }
      var instance = DocumentInstance(document, values: values)
      binder.openFiles = [PathText.normalized(path)]
      binder.checkInputs(of: document)
      let body = binder.bindBody(
        of: document, values: values, outputs: document.outputs.map { _ in WireFlow() }, into: &instance)
      let start = unroller.nodes.count
      unroller.unroll(
        body, registers: binder.registerCount, inputs: document.inputs.map { $0.mayBeNone ? .none : .broken },
        prefix: prefix, usesAddresses: binder.usesAddresses)
      return Part(
        writer: WorkflowWriter(
          roles: binder.roles, absolutePaths: binder.absolutePaths, workingDirectory: loader.workingDirectory),
        instance: instance, values: values, drawn: drawn,
        body: .init(prefix: prefix, topLevel: unroller.topLevel, nodes: start..<unroller.nodes.count),
        outputs: unroller.outputs)
    }
    guard let sweep else {
      let whole = part(prefix: "", swept: [:])
      return (unroller.takeNodes(), [whole])
    }
    var parts: [Part] = []
    for (point, address) in zip(sweep.points, SweepNames(sweep).addresses) {
      guard collector.errorCount < Self.maximumErrors, !unroller.isTooLarge else { break }
      // What is wrong at every point is reported at the first, which needs no naming.
      let note = parts.isEmpty ? nil : "at the point \(address) of the sweep"
      parts.append(
        collector.with(note: note) { part(prefix: address + "/", swept: sweep.values(at: point)) })
    }
    return (unroller.takeNodes(), parts)
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
