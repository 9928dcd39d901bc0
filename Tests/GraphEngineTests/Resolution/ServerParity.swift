import Diagnostics
import Foundation
import GraphEngine
import LanguageServer
import Testing
import YAMLTree

/// What a language server tells of files in memory, against what `check` tells of them.
extension ToyFiles {
  /// Every problem of `path` and of what it calls comes from the server at the same range, with the same words; once more with
  /// text beyond the basic plane before it.
  func expectTheServerSaysTheSame(_ path: String) {
    expectParity(path)
    var shifted = self
    // Keys of one's own say nothing, and shift what follows them in the line: by ten UTF-16 units, and nine scalars.
    shifted.files = files.mapValues { $0.replacing("{node:", with: "{x-🎨: a, node:") }
    if shifted.files != files { shifted.expectParity(path) }
  }

  private func expectParity(_ path: String) {
    guard let text = files[path] else { return }
    let expected: [Diagnostic]
    do { expected = try loader.check(path) } catch { expected = error.diagnostics }
    var told: Set<Told> = []
    let server = LanguageServer(catalog: Self.catalog, readFile: reading) { message in
      told.formUnion(Told.all(in: message))
    }
    func send(_ method: String, _ params: [String: JSONValue], id: Int? = nil) {
      var message: [String: JSONValue] = [
        "jsonrpc": .text("2.0"), "method": .text(method), "params": .object(params),
      ]
      if let id { message["id"] = .number(Double(id)) }
      if let data = try? JSONEncoder().encode(message) { server.handle(.message(RawMessage(data))) }
    }
    send("initialize", [:], id: 1)
    send(
      "textDocument/didOpen",
      [
        "textDocument": .object([
          "uri": .text(path), "languageId": .text("stepgraph"), "version": .number(1), "text": .text(text),
        ])
      ])
    server.settle()
    for diagnostic in expected {
      guard let location = diagnostic.location, !location.file.isArgument else { continue }
      let wanted = Told(diagnostic, at: location)
      #expect(told.contains(wanted), "\(location): \(diagnostic.message)")
    }
    // Nothing else in the file itself, but where a subgraph with a problem is called, and behind what is no YAML.
    let isYAML = SourceFile(path: path, text: text).parseYAML(into: DiagnosticCollector()) != nil
    let known = Set(expected.compactMap { diagnostic in diagnostic.location.map { Told(diagnostic, at: $0) } })
    if isYAML {
      let others = told.filter { $0.file == path && !known.contains($0) && !$0.isCall }
      #expect(
        others.allSatisfy { other in expected.contains { $0.location == nil && other.message.hasPrefix($0.message) } },
        "\(others.map(\.message)) in \(text)")
    }
  }

  private var reading: WorkflowLoader.ReadFile {
    { [files] path, reference throws(DiagnosticList) in
      guard let text = files[path] else {
        throw DiagnosticList([Diagnostic("cannot read '\(path)': there is no such file", at: reference)])
      }
      return SourceFile(path: path, text: text)
    }
  }
}

/// A problem as it is told.
private struct Told: Hashable {
  let file: String
  let line: Int
  let character: Int
  let message: String
  let isError: Bool
  /// Told where the file is called that it is in.
  var isCall = false

  init(_ diagnostic: Diagnostic, at location: Diagnostics.SourceLocation) {
    file = location.file.path
    line = location.line - 1
    // By what Foundation counts, for the server to agree with.
    let text = location.file.lines[location.line - 1]
    let before = String(String.UnicodeScalarView(text.unicodeScalars.prefix(location.column - 1)))
    character = (before as NSString).length
    message = ([diagnostic.message] + diagnostic.notes).joined(separator: "\n")
    isError = diagnostic.severity == .error
  }

  private struct Message: Decodable {
    struct Params: Decodable {
      let uri: String
      let diagnostics: [Item]
    }
    struct Item: Decodable {
      struct Range: Decodable {
        let start: Position
        let end: Position
      }
      struct Related: Decodable {}
      let range: Range
      let message: String
      let severity: Int
      let relatedInformation: [Related]?
    }
    let method: String?
    let params: Params?
  }

  static func all(in data: Data) -> [Told] {
    guard let message = try? JSONDecoder().decode(Message.self, from: data),
      message.method == "textDocument/publishDiagnostics", let params = message.params
    else { return [] }
    let folder = "file://\(FileManager.default.currentDirectoryPath)/"
    return params.diagnostics.map { item in
      #expect(item.range.start <= item.range.end)
      return Told(
        file: params.uri.hasPrefix(folder) ? String(params.uri.dropFirst(folder.count)) : params.uri, item: item)
    }
  }

  private init(file: String, item: Message.Item) {
    self.file = file.removingPercentEncoding ?? file
    (line, character) = (item.range.start.line, item.range.start.character)
    message = item.message
    isError = item.severity == 1
    isCall = item.relatedInformation != nil
  }
}
