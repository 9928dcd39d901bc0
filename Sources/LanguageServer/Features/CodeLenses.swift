import Diagnostics
import GraphEngine

enum RunCommandName: String, CaseIterable {
  case run = "stepgraph.run"
  case why = "stepgraph.why"
}

/// What a run would do, above the file, its loops and its nodes.
extension LanguageServer {
  func codeLenses(_ params: DocumentOnly) -> [CodeLens] {
    guard adviser != nil, let (document, inspection) = checkedWorkflow(params.textDocument.uri),
      let file = inspection.file,
      let forecast = forecasts[document.path]
    else { return [] }
    let top = TextRange(Position(line: 0, character: 0), Position(line: 0, character: 0))
    var lenses = [
      CodeLens(
        range: top,
        command: ServerCommand(
          title: forecast.whole.title, command: RunCommandName.run.rawValue, arguments: [.text(document.uri)])),
      CodeLens(
        range: top,
        command: ServerCommand(title: "run", command: RunCommandName.run.rawValue, arguments: [.text(document.uri)])),
    ]
    func add(_ symbols: [WorkflowSymbol]) {
      for symbol in symbols {
        if let part = forecast.parts[symbol.address], part.runCount > 0 {
          let title = part.count == 1 ? "would run: \(part.reason)" : part.title
          lenses.append(
            CodeLens(
              range: file.range(of: symbol.name, at: symbol.location) ?? file.range(at: symbol.location),
              command: ServerCommand(
                title: "\(title) (why)", command: RunCommandName.why.rawValue,
                arguments: [.text(document.uri), .text(part.address)])))
        }
        add(symbol.children)
      }
    }
    add(inspection.symbols)
    return lenses
  }

  func execute(_ params: CommandParameters) throws(ResponseError) -> JSONValue? {
    guard let adviser, let command = RunCommandName(rawValue: params.command) else {
      throw .invalidParameters("there is no command '\(params.command)'")
    }
    let texts = (params.arguments ?? []).compactMap(\.text)
    guard let uri = texts.first, let document = documents[uri] else {
      throw .invalidParameters("'\(params.command)' takes the URI of an open document")
    }
    switch command {
    case .run: adviser.run(document.path, post: post)
    case .why:
      guard texts.count == 2 else { throw .invalidParameters("'\(params.command)' takes a document and an address") }
      adviser.explain(texts[1], of: document.path, readFile: readFile, post: post)
    }
    return nil
  }

  /// Has a look ahead at a run of a document as it is now.
  func forecast(_ document: OpenDocument) {
    guard let adviser, isWorkflow(document), PathName.isOnDisk(document.path) else { return }
    adviser.forecast(of: document.path, readFile: readFile, post: post)
  }

  func take(_ forecast: RunForecast?, of path: String) {
    guard documents.values.contains(where: { $0.path == path }) else { return }
    forecasts[path] = forecast
    if refreshesLenses { request("workspace/codeLens/refresh", JSONValue?.none) }
  }

  /// Reads files as they are in the editor, on any thread.
  private var readFile: WorkflowLoader.ReadFile {
    { [store] path, reference throws(DiagnosticList) in try store.read(path, reference: reference) }
  }
}

extension RunForecast.Part {
  /// Such as `3 of 86 nodes would run, about 4 s`.
  fileprivate var title: String {
    if runCount == 0 { return "nothing would run" }
    let time = seconds.map { $0 > 0 ? ", about \(durationText($0))" : "" } ?? ""
    return "\(runCount) of \(countText(count, "node")) would run\(time)"
  }
}
