import Diagnostics
import Glibc
import YAMLTree

/// From a workflow file to a graph that is ready to plan.
///
/// The stages: source text, located YAML tree, document, bound workflow (every name looked up), resolved graph (loops
/// unrolled). All of them report into one collector, so that every problem is told at once.
package struct WorkflowLoader {
  /// Reads a file; `reference` is where another file names it.
  package typealias ReadFile =
    @Sendable (_ path: String, _ reference: SourceLocation?) throws(DiagnosticList) -> SourceFile

  package let catalog: NodeCatalog
  /// Absolute; paths of the resolved graph are relative to it.
  package let workingDirectory: String
  private let readFile: ReadFile
  private let draw: () -> UInt64

  /// - Parameters:
  ///   - workingDirectory: the process's own when nil.
  ///   - draw: gives the value of `--set seed=random`.
  package init(
    catalog: NodeCatalog, workingDirectory: String? = nil,
    readFile: @escaping ReadFile = { path, reference throws(DiagnosticList) in
      try SourceFile.read(path, reference: reference)
    },
    draw: @escaping () -> UInt64 = { .random(in: 0...UInt64.max) }
  ) {
    self.catalog = catalog
    self.workingDirectory = workingDirectory ?? Self.currentDirectory()
    self.readFile = readFile
    self.draw = draw
  }

  /// Reads, checks and unrolls the workflow at `path`.
  ///
  /// - Parameters:
  ///   - settings: values for its params; of two with one name the last counts.
  ///   - targets: node names or addresses that take the place of the sinks and `outputs`.
  /// - Throws: every problem found, warnings included, sorted by place.
  package func resolve(
    _ path: String, settings: [ParameterSetting] = [], targets: [String]? = nil
  ) throws(DiagnosticList) -> ResolvedGraph {
    let resolution = Resolution(self, path)
    return try resolution.resolve(settings: settings, targets: targets)
  }

  /// Checks a file without a run in mind: params without defaults and the wires into a subgraph are left open.
  ///
  /// - Returns: warnings.
  /// - Throws: every problem found, warnings included, sorted by place.
  package func check(_ path: String, settings: [ParameterSetting] = []) throws(DiagnosticList) -> [Diagnostic] {
    try Resolution(self, path).check(settings: settings)
  }

  fileprivate func makeDocuments(_ collector: DiagnosticCollector) -> DocumentLoader {
    DocumentLoader(collector: collector, readFile: readFile)
  }

  fileprivate func drawSeed() -> UInt64 { draw() }

  private static func currentDirectory() -> String {
    guard let buffer = getcwd(nil, 0) else { return "/" }
    defer { free(buffer) }
    return String(cString: buffer)
  }
}

/// One workflow on its way through the stages.
private struct Resolution {
  private let loader: WorkflowLoader
  private let path: String
  private let collector: DiagnosticCollector
  private let documents: DocumentLoader
  private let binder: Binder

  init(_ loader: WorkflowLoader, _ path: String) {
    self.loader = loader
    self.path = path
    collector = DiagnosticCollector()
    documents = loader.makeDocuments(collector)
    binder = Binder(catalog: loader.catalog, documents: documents, collector: collector)
  }

  func resolve(settings: [ParameterSetting], targets: [String]?) throws(DiagnosticList) -> ResolvedGraph {
    guard let document = documents.load(path) else { throw DiagnosticList(collector.sorted) }
    if let required = document.inputs.first(where: { !$0.isOptional }) {
      collector.error(
        "this file is a subgraph: its input '\(required.name.value)' needs a wire", at: required.name.location,
        notes: ["run a file that calls it with 'graph: \(path)'"])
    }
    let (values, drawn) = binder.bindParams(
      of: document, settings: settings, isComplete: true, draw: loader.drawSeed)
    let instance = DocumentInstance(document, values: values)
    var unroller = unroll(document, values: values, instance: instance)
    checkPathConflicts(among: unroller.nodes, workingDirectory: loader.workingDirectory, into: collector)
    let selection = TargetSelection(unroller.nodes, topLevel: unroller.topLevel)
    let chosen = selection.select(targets, outputs: unroller.outputs, into: collector)
    let outputs = outputs(of: document, unroller.outputs)
    try collector.throwIfErrors()
    let writer = WorkflowWriter(
      roles: binder.roles.mapValues(\.role), absolutePaths: binder.absolutePaths,
      workingDirectory: loader.workingDirectory)
    return ResolvedGraph(
      nodes: unroller.takeNodes(), targets: chosen, outputs: outputs,
      workflow: writer.text(of: instance), path: path,
      parameters: document.params.compactMap { param in
        guard case .known(let value) = values[param.name.value]?.content else { return nil }
        return ResolvedParameter(
          name: param.name.value, text: value.text, isDrawn: drawn.contains(param.name.value))
      }, warnings: collector.sorted)
  }

  func check(settings: [ParameterSetting]) throws(DiagnosticList) -> [Diagnostic] {
    guard let document = documents.load(path) else { throw DiagnosticList(collector.sorted) }
    let (values, _) = binder.bindParams(of: document, settings: settings, isComplete: false, draw: loader.drawSeed)
    let unroller = unroll(document, values: values, instance: DocumentInstance(document, values: values))
    checkPathConflicts(among: unroller.nodes, workingDirectory: loader.workingDirectory, into: collector)
    try collector.throwIfErrors()
    return collector.sorted
  }

  private func unroll(
    _ document: WorkflowDocument, values: [String: NamedValue], instance: DocumentInstance
  ) -> Unroller {
    binder.openFiles = [PathText.normalized(path)]
    binder.checkInputTypes(of: document)
    let body = binder.bindBody(
      of: document, values: values, outputs: document.outputs.map { _ in WireFlow() }, into: instance)
    var unroller = Unroller(registers: binder.registerCount, collector: collector)
    unroller.unroll(body, inputs: document.inputs.map { $0.isOptional ? .none : .broken })
    return unroller
  }

  private func outputs(of document: WorkflowDocument, _ ends: [WireEnd]) -> [String: WireSource] {
    var outputs: [String: WireSource] = [:]
    for (output, end) in zip(document.outputs, ends) {
      switch end {
      case .source(let source): outputs[output.name.value] = source
      case .noIteration:
        collector.error(
          "'\(output.name.value)' has no value: the loop it comes from runs zero times", at: output.wire?.location)
      case .none, .broken: break
      }
    }
    return outputs
  }
}
