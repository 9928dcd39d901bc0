import Diagnostics
import YAMLTree

/// Reads workflow files, each once.
final class DocumentLoader {
  typealias ReadFile = @Sendable (_ path: String, _ reference: SourceLocation?) throws(DiagnosticList) -> SourceFile

  let ids = DocumentID.Source()
  private let collector: DiagnosticCollector
  private let readFile: ReadFile
  private var documents: [String: WorkflowDocument?] = [:]

  init(collector: DiagnosticCollector, readFile: @escaping ReadFile) {
    self.collector = collector
    self.readFile = readFile
  }

  /// The document at `path`; nil after reported problems.
  ///
  /// - Parameter reference: where another file names it.
  func load(_ path: String, reference: SourceLocation? = nil) -> WorkflowDocument? {
    if let known = documents[path] { return known }
    let document = read(path, reference: reference)
    documents[path] = document
    return document
  }

  private func read(_ path: String, reference: SourceLocation?) -> WorkflowDocument? {
    do {
      let file = try readFile(path, reference)
      if let foreign = ForeignWorkflow.diagnostic(for: file) {
        collector.add(foreign)
        return nil
      }
      guard let tree = file.parseYAML(into: collector) else { return nil }
      return DocumentReader(file: file, ids: ids, collector: collector).readFile(tree)
    } catch {
      for diagnostic in error.diagnostics { collector.add(diagnostic) }
      return nil
    }
  }
}
