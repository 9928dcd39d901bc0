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
  ///   - sweeps: params to run with several values; they add to the file's own `sweep`, or replace its axes.
  ///   - sheets: whether and where the results of a sweep are shown together.
  ///   - targets: node names or addresses that take the place of the sinks and `outputs`.
  ///   - observed: wires whose values are asked for besides these; they are among the graph's outputs.
  /// - Throws: every problem found, warnings included, sorted by place.
  package func resolve(
    _ path: String, settings: [ParameterSetting] = [], sweeps: [SweepSetting] = [], sheets: SheetChoice = .beside,
    targets: [String]? = nil, observing observed: [ObservedWire] = []
  ) throws(DiagnosticList) -> ResolvedGraph {
    try WorkflowResolution(self, path).resolve(
      settings: settings, sweeps: sweeps, sheets: sheets, targets: targets, observed: observed)
  }

  /// Checks a file without a run in mind: params without defaults and the wires into a subgraph are left open.
  ///
  /// - Returns: warnings.
  /// - Throws: every problem found, warnings included, sorted by place.
  package func check(_ path: String, settings: [ParameterSetting] = []) throws(DiagnosticList) -> [Diagnostic] {
    try WorkflowResolution(self, path).check(settings: settings)
  }

  func makeDocuments(
    _ collector: DiagnosticCollector, cache: DocumentCache? = nil,
    noting noted: (path: String, extent: Annotations.Extent)? = nil
  ) -> DocumentLoader {
    DocumentLoader(collector: collector, cache: cache, noting: noted) {
      [readFile, graphs = catalog.graphs] path, reference throws(DiagnosticList) in
      guard let name = PathText.shippedName(path), let reference else { return try readFile(path, reference) }
      guard let text = graphs[name] else {
        let near = nearestName(to: name, among: graphs.keys).map { "<\($0)>" }
        throw DiagnosticList([
          Diagnostic(
            "there is no graph '\(path)' in the program", at: reference,
            notes: near.map { ["did you mean '\($0)'?"] } ?? [], fix: Fix(replacing: path, by: near, at: reference))
        ])
      }
      return SourceFile(path: path, text: text)
    }
  }

  func drawSeed() -> UInt64 { draw() }

  private static func currentDirectory() -> String {
    guard let buffer = getcwd(nil, 0) else { return "/" }
    defer { free(buffer) }
    return String(cString: buffer)
  }
}
