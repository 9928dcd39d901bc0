import Diagnostics
import Foundation
import GraphEngine

/// Answers an editor about workflow files (Language Server Protocol 3.17).
///
/// It reads and binds files as every command does, and knows nothing of threads: whoever runs it hands it one message after
/// the other, and tells it when none is waiting.
package final class LanguageServer {
  let catalog: NodeCatalog
  let adviser: (any RunAdviser)?
  let store: FileStore
  let cache = DocumentCache()
  var documents: [String: OpenDocument] = [:]
  /// What was published, by the path of the file.
  var published: [String: [ProtocolDiagnostic]] = [:]
  /// What runs would do, by path.
  var forecasts: [String: RunForecast] = [:]
  /// Documents whose forecast is asked for.
  var forecasting: Set<String> = []
  var takesSnippets = false
  var refreshesLenses = false
  var root: String?
  private var watchesFiles = false
  private var state = State.fresh
  /// Documents, by URI, that may have other problems than were told.
  var unsettled: Set<String> = []
  private var lastRequest = 0
  private let write: (Data) -> Void
  let post: @Sendable (ServerEvent) -> Void
  private let encoder: JSONEncoder

  private enum State { case fresh, running, shutDown }

  /// - Parameters:
  ///   - readFile: reads a file of the disk.
  ///   - adviser: knows what runs did and would do; nil: nothing is told of runs.
  ///   - post: takes what is found on other threads, to be handed to `handle` in its turn.
  ///   - write: takes each message to the client.
  package init(
    catalog: NodeCatalog, adviser: (any RunAdviser)? = nil,
    readFile: @escaping WorkflowLoader.ReadFile = { path, reference throws(DiagnosticList) in
      try SourceFile.read(path, reference: reference)
    },
    post: @escaping @Sendable (ServerEvent) -> Void = { _ in }, write: @escaping (Data) -> Void
  ) {
    self.catalog = catalog
    self.adviser = adviser
    self.post = post
    self.write = write
    store = FileStore(readFile: readFile)
    encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
  }

  /// The exit code of the process; nil as long as the client has not asked for the end.
  package private(set) var exitCode: Int32?

  /// Reads workflow files, those that are open as they are in the editor.
  var loader: WorkflowLoader {
    WorkflowLoader(catalog: catalog) { [store] path, reference throws(DiagnosticList) in
      try store.read(path, reference: reference)
    }
  }

  // MARK: Messages

  package func handle(_ event: ServerEvent) {
    switch event {
    case .message(let message): handle(message.data)
    case .forecast(let path, let forecast): take(forecast, of: path)
    case .told(let text, let isError, let path):
      notify("window/showMessage", ShownMessage(type: isError ? 1 : 3, message: text))
      if let path, let document = documents.values.first(where: { $0.path == path }) { forecast(document) }
    case .end: exitCode = 1
    }
  }

  private func handle(_ message: Data) {
    let head: MessageHead
    do {
      head = try JSONDecoder().decode(MessageHead.self, from: message)
    } catch {
      return send(OutgoingError(id: nil, error: .parse("this is no message of JSON-RPC")))
    }
    // What has no method is an answer to one of the server's own requests, all of which need none.
    guard let method = head.method else { return }
    guard let id = head.id else { return note(method, message) }
    do throws(ResponseError) {
      try answer(id, method, message)
    } catch {
      send(OutgoingError(id: id, error: error))
    }
  }

  /// Tells that a request will not be answered.
  package func cancel(_ id: RequestID) { send(OutgoingError(id: id, error: .cancelled)) }

  private func note(_ method: String, _ message: Data) {
    if method == "exit" {
      exitCode = state == .shutDown ? 0 : 1
      return
    }
    guard state == .running else { return }
    switch method {
    case "initialized": if watchesFiles { watchFiles() }
    case "textDocument/didOpen": if let params: OpenParameters = try? read(message) { open(params) }
    case "textDocument/didChange": if let params: ChangeParameters = try? read(message) { change(params) }
    case "textDocument/didClose": if let params: DocumentOnly = try? read(message) { close(params) }
    case "textDocument/didSave": if let params: DocumentOnly = try? read(message) { saved(params) }
    case "workspace/didChangeWatchedFiles": unsettleAll()
    default: break
    }
  }

  private func answer(_ id: RequestID, _ method: String, _ message: Data) throws(ResponseError) {
    switch (state, method) {
    case (.fresh, "initialize"):
      send(OutgoingResult(id: id, result: initialize(try read(message))))
      state = .running
      return
    case (.fresh, _): throw .notInitialized
    case (.shutDown, _): throw .invalidRequest("the server is shut down")
    case (.running, "initialize"): throw .invalidRequest("the server is initialized")
    case (.running, "shutdown"):
      state = .shutDown
      send(OutgoingResult<JSONValue>(id: id, result: nil))
      return
    case (.running, _): break
    }
    switch method {
    case "textDocument/completion": try reply(id, message) { (params: DocumentPlace) in completion(params) }
    case "textDocument/hover": try reply(id, message) { (params: DocumentPlace) in hover(params) }
    case "textDocument/definition": try reply(id, message) { (params: DocumentPlace) in definition(params) }
    case "textDocument/references":
      try reply(id, message) { (params: ReferenceParameters) in references(params) }
    case "textDocument/documentHighlight":
      try reply(id, message) { (params: DocumentPlace) in highlights(params) }
    case "textDocument/prepareRename":
      try reply(id, message) { (params: DocumentPlace) throws(ResponseError) in try prepareRename(params) }
    case "textDocument/rename":
      try reply(id, message) { (params: RenameParameters) throws(ResponseError) in try rename(params) }
    case "textDocument/codeAction": try reply(id, message) { (params: CodeActionParameters) in codeActions(params) }
    case "textDocument/documentSymbol": try reply(id, message) { (params: DocumentOnly) in symbols(params) }
    case "textDocument/foldingRange": try reply(id, message) { (params: DocumentOnly) in foldingRanges(params) }
    case "textDocument/semanticTokens/full":
      try reply(id, message) { (params: DocumentOnly) in semanticTokens(params) }
    case "textDocument/inlayHint": try reply(id, message) { (params: RangeParameters) in inlayHints(params) }
    case "textDocument/codeLens": try reply(id, message) { (params: DocumentOnly) in codeLenses(params) }
    case "textDocument/formatting":
      try reply(id, message) { (params: DocumentOnly) throws(ResponseError) in try formatting(params) }
    case "workspace/executeCommand":
      try reply(id, message) { (params: CommandParameters) throws(ResponseError) in try execute(params) }
    default: throw .unknownMethod(method)
    }
  }

  private func reply<Parameters: Decodable, Result: Encodable>(
    _ id: RequestID, _ message: Data, _ body: (Parameters) throws(ResponseError) -> Result?
  ) throws(ResponseError) {
    let params: Parameters = try read(message)
    send(OutgoingResult(id: id, result: try body(params)))
  }

  private func read<Parameters: Decodable>(_ message: Data) throws(ResponseError) -> Parameters {
    do {
      return try JSONDecoder().decode(MessageParameters<Parameters>.self, from: message).params
    } catch {
      throw .invalidParameters("the parameters are not those of the method: \(error)")
    }
  }

  private func send(_ message: some Encodable) {
    if let data = try? encoder.encode(message) { write(data) }
  }

  func notify(_ method: String, _ params: some Encodable) { send(OutgoingNotification(method: method, params: params)) }

  func request(_ method: String, _ params: (some Encodable)?) {
    lastRequest += 1
    send(OutgoingRequest(id: .text("stepgraph-\(lastRequest)"), method: method, params: params))
  }

  // MARK: Beginning

  private func initialize(_ params: InitializeParameters) -> InitializeResult {
    let item = params.capabilities?.textDocument?.completion?.completionItem
    takesSnippets = item?.snippetSupport ?? false
    refreshesLenses = params.capabilities?.workspace?.codeLens?.refreshSupport ?? false
    watchesFiles = params.capabilities?.workspace?.didChangeWatchedFiles?.dynamicRegistration ?? false
    if let uri = params.workspaceFolders?.first?.uri ?? params.rootUri, uri.hasPrefix("file://") {
      let path = FileStore.absolute(DocumentPath.path(of: uri))
      root = path
      adviser?.enter(path)
    }
    let capabilities = ServerCapabilities(
      semanticTokensProvider: .init(legend: SemanticTokenKind.legend),
      codeLensProvider: adviser == nil ? nil : .init(),
      executeCommandProvider: adviser == nil ? nil : .init(commands: RunCommandName.allCases.map(\.rawValue)),
      documentFormattingProvider: true)
    return InitializeResult(capabilities: capabilities, serverInfo: .init(name: "stepgraph", version: "1"))
  }

  private func watchFiles() {
    request(
      "client/registerCapability",
      WatcherRegistrations(registrations: [
        .init(
          id: "stepgraph-files", method: "workspace/didChangeWatchedFiles",
          registerOptions: .init(watchers: [.init(globPattern: "**/*.{yaml,yml}")]))
      ]))
  }
}
