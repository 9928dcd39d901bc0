import Diagnostics
import YAMLTree

/// Reads workflow files, each once.
final class DocumentLoader {
  typealias ReadFile = @Sendable (_ path: String, _ reference: SourceLocation?) throws(DiagnosticList) -> SourceFile

  let ids: DocumentID.Source
  private let collector: DiagnosticCollector
  private let readFile: ReadFile
  /// Keeps what was read beyond this workflow; nil when nothing is to be kept.
  private let cache: DocumentCache?
  /// The file of which is taken note what its places mean, and of what of it.
  private let noted: (path: String, extent: Annotations.Extent)?
  private var documents: [String: ReadDocument] = [:]

  init(
    collector: DiagnosticCollector, cache: DocumentCache? = nil,
    noting noted: (path: String, extent: Annotations.Extent)? = nil, readFile: @escaping ReadFile
  ) {
    self.collector = collector
    self.noted = noted
    self.cache = cache
    self.readFile = readFile
    ids = cache?.ids ?? DocumentID.Source()
  }

  /// The document at `path`; nil after reported problems.
  ///
  /// - Parameter reference: where another file names it.
  func load(_ path: String, reference: SourceLocation? = nil) -> WorkflowDocument? {
    if let known = documents[path] {
      // They are known; but not that they are met here too.
      for diagnostic in known.diagnostics where diagnostic.location?.file === known.file { collector.add(diagnostic) }
      return known.document
    }
    let new = read(path, reference: reference)
    documents[path] = new
    for diagnostic in new.diagnostics { collector.add(diagnostic) }
    return new.document
  }

  /// What became of every file that was asked for, by path.
  var outcomes: [String: ReadDocument] { documents }

  /// Takes a document as what is at its path.
  func use(_ document: ReadDocument, at path: String) { documents[path] = document }

  private func read(_ path: String, reference: SourceLocation?) -> ReadDocument {
    do {
      let file = try readFile(path, reference)
      let extent = noted.flatMap { $0.path == path ? $0.extent : nil }
      if let known = cache?[path], known.file === file, extent == nil || known.extent == extent { return known }
      let new = ReadDocument(file, ids: ids, extent: extent)
      cache?[path] = new
      return new
    } catch {
      return ReadDocument(failing: error.diagnostics)
    }
  }
}

/// A file as a document, with what was found on the way.
struct ReadDocument {
  /// Nil when it could not be read.
  let file: SourceFile?
  let document: WorkflowDocument?
  let diagnostics: [Diagnostic]
  let annotations: Annotations?
  let extent: Annotations.Extent?

  init(failing diagnostics: [Diagnostic]) {
    (file, document, annotations, extent) = (nil, nil, nil, nil)
    self.diagnostics = diagnostics
  }

  /// - Parameter extent: what is taken note of; nil: nothing.
  init(_ file: SourceFile, ids: DocumentID.Source, extent: Annotations.Extent?) {
    self.file = file
    self.extent = extent
    let annotations = extent.map(Annotations.init)
    self.annotations = annotations
    if let foreign = ForeignWorkflow.diagnostic(for: file) {
      document = nil
      diagnostics = [foreign]
      return
    }
    let collector = DiagnosticCollector()
    document = file.parseYAML(into: collector).flatMap { tree in
      DocumentReader(file: file, ids: ids, collector: collector, annotations: annotations).readFile(tree)
    }
    diagnostics = collector.all
  }
}

/// Documents that are read once as long as their files stay as they are, for one workflow that is looked at again and again.
package final class DocumentCache {
  let ids = DocumentID.Source()
  private var documents: [String: ReadDocument] = [:]

  package init() {}

  subscript(path: String) -> ReadDocument? {
    get { documents[path] }
    set { documents[path] = newValue }
  }

  /// Forgets all files but these.
  package func keep(only paths: Set<String>) { documents = documents.filter { paths.contains($0.key) } }
}
