import Diagnostics
import GraphEngine

/// Opening, changing and closing documents.
extension LanguageServer {
  func open(_ params: OpenParameters) {
    let given = params.textDocument
    let document = OpenDocument(
      uri: given.uri, path: DocumentPath.path(of: given.uri), languageID: given.languageId, version: given.version,
      text: given.text)
    documents[given.uri] = document
    store.set(document.file, at: document.path)
    unsettle(with: document)
    forecast(document)
  }

  func change(_ params: ChangeParameters) {
    guard let document = documents[params.textDocument.uri] else { return }
    document.version = params.textDocument.version ?? document.version
    document.apply(params.contentChanges)
    store.set(document.file, at: document.path)
    unsettle(with: document)
  }

  func close(_ params: DocumentOnly) {
    guard let document = documents.removeValue(forKey: params.textDocument.uri) else { return }
    store.set(nil, at: document.path)
    unsettle(with: document)
    unsettled.remove(document.uri)
    forecasts[document.path] = nil
    forgetFiles()
    publish()
  }

  func saved(_ params: DocumentOnly) {
    guard let document = documents[params.textDocument.uri] else { return }
    forecast(document)
  }

  /// Has every document looked at again.
  func unsettleAll() {
    for document in documents.values {
      document.unsettle()
      unsettled.insert(document.uri)
    }
  }

  /// Has a document looked at again, and those that call it.
  private func unsettle(with changed: OpenDocument) {
    for document in documents.values {
      let calls = document.check?.paths ?? document.lastGood?.paths ?? []
      guard document === changed || calls.contains(changed.path) else { continue }
      document.unsettle()
      unsettled.insert(document.uri)
    }
  }

  /// Lets go of what was read of files that no open document calls.
  func forgetFiles() {
    let paths = documents.values.reduce(into: Set<String>()) {
      $0.formUnion($1.check?.paths ?? $1.lastGood?.paths ?? [$1.path])
    }
    cache.keep(only: paths)
    store.keep(only: paths)
  }

  /// Whether anything is to be done while no message waits.
  package var isUnsettled: Bool { !unsettled.isEmpty }

  /// Tells the problems of what was changed: to be called when no message waits.
  package func settle() {
    guard !unsettled.isEmpty else { return }
    for uri in unsettled { if let document = documents[uri] { _ = check(document) } }
    unsettled = []
    publish()
  }

  /// The problems of a document's text as it is now, and its parts.
  func check(_ document: OpenDocument) -> WorkflowInspection {
    if let known = document.check { return known }
    let check = loader.inspect(document.path, cache: cache)
    document.take(check: check)
    return check
  }

  /// What the words of a document's text mean as it is now.
  func inspection(of document: OpenDocument) -> WorkflowInspection {
    if let known = document.inspection { return known }
    let inspection = loader.inspect(document.path, cache: cache, unrolls: false, noting: .everything)
    document.inspection = inspection
    return inspection
  }

  /// The document of a request, if it is a workflow.
  func workflow(_ uri: String) -> (document: OpenDocument, inspection: WorkflowInspection)? {
    guard let document = documents[uri], isWorkflow(document) else { return nil }
    return (document, inspection(of: document))
  }

  /// The document of a request that asks for its problems or parts.
  func checkedWorkflow(_ uri: String) -> (document: OpenDocument, check: WorkflowInspection)? {
    guard let document = documents[uri], isWorkflow(document) else { return nil }
    return (document, check(document))
  }

  /// Whether a document is one of ours: it says so, or a workflow calls it.
  func isWorkflow(_ document: OpenDocument) -> Bool {
    document.saysItIsWorkflow
      || documents.values.contains {
        $0 !== document && ($0.check ?? $0.lastGood)?.paths.contains(document.path) == true
      }
  }
}
