import Foundation
import GraphEngine
import LanguageServer
import StepgraphNodes
import Testing

/// An editor that talks to a server in this process: every message goes through its JSON.
final class Client {
  private final class Inbox { var messages: [JSONValue] = [] }
  /// What comes from other threads.
  private let events = EventQueue()

  let server: LanguageServer
  private let inbox: Inbox
  private var lastRequest = 0
  private(set) var texts: [String: String] = [:]
  private var versions: [String: Int] = [:]

  init(root: String? = nil, snippets: Bool = true, adviser: (any RunAdviser)? = nil) throws {
    let inbox = Inbox()
    self.inbox = inbox
    let write: (Data) -> Void = { data in
      if let message = try? JSONDecoder().decode(JSONValue.self, from: data) { inbox.messages.append(message) }
    }
    server = LanguageServer(catalog: .stepgraph, adviser: adviser, post: { [events] in events.post($0) }, write: write)
    var params: [String: JSONValue] = [
      "capabilities": [
        "textDocument": ["completion": ["completionItem": ["snippetSupport": .bool(snippets)]]],
        "workspace": ["codeLens": ["refreshSupport": true]],
      ]
    ]
    if let root { params["rootUri"] = .text(URL(filePath: root).absoluteString) }
    _ = try request("initialize", .object(params))
    notify("initialized", [:])
  }

  func notify(_ method: String, _ params: JSONValue) {
    send(["jsonrpc": "2.0", "method": .text(method), "params": params])
  }

  /// The result of a request; throws its error.
  @discardableResult
  func request(_ method: String, _ params: JSONValue) throws -> JSONValue {
    lastRequest += 1
    let id = JSONValue.number(Double(lastRequest))
    send(["jsonrpc": "2.0", "id": id, "method": .text(method), "params": params])
    let answer = try #require(inbox.messages.last { $0["id"] == id && $0["method"] == nil })
    if let error = answer["error"] { throw Refusal(text: error["message"]?.string ?? "") }
    return try #require(answer["result"])
  }

  /// Hands over what came from other threads.
  func deliver() {
    for event in events.take(waits: false) { server.handle(event) }
  }

  struct Refusal: Error { let text: String }

  private func send(_ message: JSONValue) {
    guard let data = try? JSONEncoder().encode(message) else { return }
    server.handle(.message(RawMessage(data)))
  }

  // MARK: Documents

  func open(_ uri: String, _ text: String, language: String = "yaml") {
    texts[uri] = text
    versions[uri] = 1
    notify(
      "textDocument/didOpen",
      ["textDocument": ["uri": .text(uri), "languageId": .text(language), "version": 1, "text": .text(text)]])
    server.settle()
  }

  /// Puts `text` in place of a range, given as `line, character, line, character`.
  func change(_ uri: String, _ range: (Int, Int, Int, Int), _ text: String) {
    versions[uri, default: 1] += 1
    notify(
      "textDocument/didChange",
      [
        "textDocument": ["uri": .text(uri), "version": .number(Double(versions[uri] ?? 0))],
        "contentChanges": [
          [
            "range": [
              "start": ["line": .number(Double(range.0)), "character": .number(Double(range.1))],
              "end": ["line": .number(Double(range.2)), "character": .number(Double(range.3))],
            ], "text": .text(text),
          ]
        ],
      ])
  }

  func replaceAll(_ uri: String, _ text: String) {
    texts[uri] = text
    versions[uri, default: 1] += 1
    notify(
      "textDocument/didChange",
      [
        "textDocument": ["uri": .text(uri), "version": .number(Double(versions[uri] ?? 0))],
        "contentChanges": [["text": .text(text)]],
      ])
    server.settle()
  }

  /// What was published last for a document.
  func diagnostics(_ uri: String) -> [JSONValue] {
    inbox.messages.last {
      $0["method"]?.string == "textDocument/publishDiagnostics" && $0["params"]?["uri"]?.string == uri
    }?["params"]?["diagnostics"]?.items ?? []
  }

  /// The first lines of what was published last, with their places.
  func problems(_ uri: String) -> [String] {
    diagnostics(uri).map { diagnostic in
      let start = diagnostic["range"]?["start"]
      let message = (diagnostic["message"]?.string ?? "").split(separator: "\n").first ?? ""
      return "\(start?["line"]?.int ?? -1):\(start?["character"]?.int ?? -1): \(message)"
    }
  }

  func messages(_ method: String) -> [JSONValue] { inbox.messages.filter { $0["method"]?.string == method } }

  /// Forgets all messages but the last diagnostics of a document.
  func forget(keepingDiagnosticsOf uri: String) {
    let last = inbox.messages.last {
      $0["method"]?.string == "textDocument/publishDiagnostics" && $0["params"]?["uri"]?.string == uri
    }
    inbox.messages = last.map { [$0] } ?? []
  }

  // MARK: Places

  /// A document and the place of `|` in a text, which is opened without it.
  func openAtCursor(_ uri: String, _ text: String) -> JSONValue {
    let (plain, place) = Self.cursor(in: text)
    if texts[uri] == nil { open(uri, plain) } else { replaceAll(uri, plain) }
    return at(uri, place)
  }

  func at(_ uri: String, _ place: (line: Int, character: Int)) -> JSONValue {
    [
      "textDocument": ["uri": .text(uri)],
      "position": ["line": .number(Double(place.line)), "character": .number(Double(place.character))],
    ]
  }

  static func cursor(in text: String) -> (String, (line: Int, character: Int)) {
    let parts = text.components(separatedBy: "|>")
    let before = parts[0].components(separatedBy: "\n")
    return (parts.joined(), (before.count - 1, before.last?.utf16.count ?? 0))
  }

  /// A document after the edits of an answer.
  static func applying(_ edits: [JSONValue], to text: String) -> String {
    var document = TextDocument(text)
    let sorted = edits.sorted { a, b in
      (a["range"]?["start"]?["line"]?.int ?? 0, a["range"]?["start"]?["character"]?.int ?? 0)
        > (b["range"]?["start"]?["line"]?.int ?? 0, b["range"]?["start"]?["character"]?.int ?? 0)
    }
    for edit in sorted {
      guard let range = edit["range"].flatMap(TextRange.init), let new = edit["newText"]?.string else { continue }
      document.replace(range, with: new)
    }
    return document.text
  }
}

extension TextRange {
  init?(_ value: JSONValue) {
    guard let start = value["start"], let end = value["end"], let line = start["line"]?.int,
      let character = start["character"]?.int, let endLine = end["line"]?.int, let endCharacter = end["character"]?.int
    else { return nil }
    self.init(Position(line: line, character: character), Position(line: endLine, character: endCharacter))
  }
}

extension JSONValue {
  subscript(key: String) -> JSONValue? { if case .object(let members) = self { members[key] } else { nil } }
  subscript(index: Int) -> JSONValue? { items.indices.contains(index) ? items[index] : nil }

  var items: [JSONValue] { if case .list(let items) = self { items } else { [] } }
  var members: [String: JSONValue] { if case .object(let members) = self { members } else { [:] } }
  var string: String? { if case .text(let text) = self { text } else { nil } }
  var int: Int? { if case .number(let number) = self { Int(number) } else { nil } }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral text: String) { self = .text(text) }
  package init(integerLiteral number: Int) { self = .number(Double(number)) }
  package init(booleanLiteral flag: Bool) { self = .bool(flag) }
  package init(arrayLiteral items: JSONValue...) { self = .list(items) }
  package init(dictionaryLiteral members: (String, JSONValue)...) {
    self = .object(Dictionary(members, uniquingKeysWith: { $1 }))
  }
}
