import Diagnostics
import GraphEngine

/// Problems, told in every file that they concern.
extension LanguageServer {
  func publish() {
    var found: [String: [ProtocolDiagnostic]] = [:]
    func add(_ diagnostic: ProtocolDiagnostic, at path: String) {
      // A file that is open itself and one that calls it find the same.
      let isKnown = found[path]?.contains { $0.range == diagnostic.range && $0.head == diagnostic.head } ?? false
      if !isKnown { found[path, default: []].append(diagnostic) }
    }
    let open = documents.values.filter(isWorkflow).sorted { $0.uri < $1.uri }
    let inspected = open.map { ($0, check($0)) }
    for (document, inspection) in inspected {
      for diagnostic in inspection.diagnostics where isOwn(diagnostic, document) {
        add(told(diagnostic), at: document.path)
      }
    }
    for (document, inspection) in inspected {
      for diagnostic in inspection.diagnostics where !isOwn(diagnostic, document) {
        guard let location = diagnostic.location else { continue }
        add(told(diagnostic), at: location.file.path)
        for call in diagnostic.calls where call.file.path == document.path {
          add(told(diagnostic, at: call), at: document.path)
        }
      }
    }
    for path in Set(published.keys).union(found.keys) {
      let (before, now) = (published[path] ?? [], found[path] ?? [])
      guard before != now else { continue }
      published[path] = now.isEmpty ? nil : now
      let document = documents.values.first { $0.path == path }
      notify(
        "textDocument/publishDiagnostics",
        PublishedDiagnostics(uri: uri(of: path), version: document?.version, diagnostics: now))
    }
  }

  private func isOwn(_ diagnostic: Diagnostic, _ document: OpenDocument) -> Bool {
    diagnostic.location.map { $0.file.isArgument || $0.file.path == document.path } ?? true
  }

  /// The name that a client knows a file by.
  func uri(of path: String) -> String {
    documents.values.first { $0.path == path }?.uri ?? DocumentPath.uri(of: path)
  }

  func place(_ location: SourceLocation) -> Place {
    Place(uri: uri(of: location.file.path), range: location.file.range(at: location))
  }

  func told(_ diagnostic: Diagnostic) -> ProtocolDiagnostic {
    let start = Position(line: 0, character: 0)
    let range = diagnostic.location.map { $0.file.isArgument ? TextRange(start, start) : $0.file.range(at: $0) }
    return ProtocolDiagnostic(
      range: range ?? TextRange(start, start), severity: diagnostic.severity == .error ? 1 : 2, source: "stepgraph",
      message: ([diagnostic.message] + diagnostic.notes).joined(separator: "\n"), relatedInformation: nil)
  }

  /// A problem of a file where that is called.
  private func told(_ diagnostic: Diagnostic, at call: SourceLocation) -> ProtocolDiagnostic {
    var related: [ProtocolDiagnostic.Related] = []
    if let location = diagnostic.location { related = [.init(location: place(location), message: diagnostic.message)] }
    return ProtocolDiagnostic(
      range: call.file.range(at: call), severity: diagnostic.severity == .error ? 1 : 2, source: "stepgraph",
      message: "\(diagnostic.location.map { "\($0): " } ?? "")\(diagnostic.message)", relatedInformation: related)
  }
}

extension ProtocolDiagnostic {
  /// The message without its notes.
  fileprivate var head: Substring { message.prefix { $0 != "\n" } }
}
