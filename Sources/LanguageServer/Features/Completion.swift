import Diagnostics
import Foundation
import GraphEngine

/// What could be written at a place: found by writing a word there that nothing is called, and asking what was expected.
extension LanguageServer {
  func completion(_ params: DocumentPlace) -> CompletionList {
    let nothing = CompletionList(isIncomplete: false, items: [])
    guard let document = documents[params.textDocument.uri] else { return nothing }
    if document.file.text.allSatisfy(\.isWhitespace) {
      return CompletionList(isIncomplete: false, items: [beginning(at: params.position)])
    }
    guard isWorkflow(document), var probe = CompletionProbe(document.file, at: params.position) else { return nothing }
    var expectation = expectation(of: probe, in: document)
    // The first word of a mapping in a block is a text until its colon follows.
    if expectation == nil, probe.isAloneInLine,
      let key = CompletionProbe(document.file, at: params.position, isKey: true)
    {
      probe = key
      expectation = self.expectation(of: key, in: document)
    }
    guard let expectation else { return nothing }
    let maker = CompletionMaker(probe: probe, server: self, document: document)
    let items = maker.items(for: expectation).filter { maker.fits($0) }
    guard items.count > Self.completionLimit else { return CompletionList(isIncomplete: false, items: items) }
    let best = items.sorted { ($0.sortText ?? "", $0.label) < ($1.sortText ?? "", $1.label) }
    return CompletionList(isIncomplete: true, items: Array(best.prefix(Self.completionLimit)))
  }

  private func expectation(of probe: CompletionProbe, in document: OpenDocument) -> Expectation? {
    let store = store
    let (path, file) = (document.path, probe.file)
    let loader = WorkflowLoader(catalog: catalog) { asked, reference throws(DiagnosticList) in
      if asked == path { return file }
      return try store.read(asked, reference: reference)
    }
    // The probe's document takes the place of the text's own.
    return probe.expectation(
      in: loader.inspect(path, cache: cache, unrolls: false, noting: .expectations(line: probe.line)))
  }

  /// More are not looked through; what is typed next makes them fewer.
  private static let completionLimit = 100

  private func beginning(at position: Position) -> CompletionItem {
    let text = "stepgraph: 1\nparams:\n  ${1:seed}: {type: int, default: 42}\nnodes:\n  ${0:model}: {node: LoadModel}\n"
    return CompletionItem(
      label: "stepgraph: 1", kind: CompletionKind.snippet, detail: "a workflow",
      insertTextFormat: takesSnippets ? 2 : 1,
      textEdit: TextEdit(range: TextRange(position, position), newText: takesSnippets ? text : "stepgraph: 1\n"))
  }
}

/// A document with a word in it that stands for what is being typed.
struct CompletionProbe {
  static let word = "Zq9CursorZq9"

  let file: SourceFile
  /// The place of the word, from 1 on.
  let line: Int
  let column: Int
  /// What the completed text takes the place of.
  let range: TextRange
  /// What stands there now, up to the cursor.
  let typed: String
  /// What follows it in the line.
  let rest: String
  /// What comes before it in the line.
  let before: String
  /// Whether the cursor is inside `$(...)`.
  let isInExpression: Bool

  var isAloneInLine: Bool { (before + rest).allSatisfy { $0 == " " } }

  var isInBraces: Bool {
    var depth = 0
    for character in before {
      if "{[".contains(character) { depth += 1 } else if "}]".contains(character) { depth -= 1 }
    }
    return depth > 0
  }

  /// - Parameter isKey: whether a colon follows the word.
  init?(_ source: SourceFile, at position: Position, isKey: Bool = false) {
    guard source.lines.indices.contains(position.line) else { return nil }
    let (line, cursor) = source.scalarIndex(of: position)
    let scalars = Array(source.lines[position.line].unicodeScalars)
    let before = String(String.UnicodeScalarView(scalars[..<cursor]))
    if before.drop(while: { $0 == " " }).hasPrefix("#") || before.contains(" #") { return nil }
    isInExpression =
      before.range(of: "$(", options: .backwards).map { !before[$0.upperBound...].contains(")") } ?? false
    let ends = isInExpression ? " \t,()[]{}\"'+-*/<>=:$" : " \t,{}[]\"'#$()"
    func isPart(_ scalar: Unicode.Scalar) -> Bool { !ends.unicodeScalars.contains(scalar) }
    var (start, end) = (cursor, cursor)
    while start > 0, isPart(scalars[start - 1]) { start -= 1 }
    while end < scalars.count, isPart(scalars[end]) {
      // A colon that ends a key is no part of it.
      if scalars[end] == ":", end + 1 == scalars.count || scalars[end + 1] == " " { break }
      end += 1
    }
    self.line = line
    column = start + 1
    self.before = String(String.UnicodeScalarView(scalars[..<start]))
    typed = String(String.UnicodeScalarView(scalars[start..<cursor]))
    rest = String(String.UnicodeScalarView(scalars[end...]))
    range = source.range(line: line, column: start + 1, length: end - start)
    let close = isInExpression && !rest.contains(")") ? ")" : ""
    var lines = source.lines
    lines[position.line] = Substring(self.before + Self.word + close + (isKey ? ":" : "") + rest)
    file = SourceFile(path: source.path, text: lines.joined(separator: "\n"), base: source.base)
  }

  func expectation(in inspection: WorkflowInspection) -> Expectation? {
    let begins = before.last.map { "\"'$".contains($0) } ?? false
    return inspection.expectation(line: line, column: column)
      ?? (begins ? inspection.expectation(line: line, column: column - 1) : nil)
  }
}

enum CompletionKind {
  static let (function, field, variable, type, property, unit, value, options, keyword, snippet, file) =
    (3, 5, 6, 7, 10, 11, 12, 20, 14, 15, 17)
}

/// Makes the items for what is expected.
private struct CompletionMaker {
  let probe: CompletionProbe
  let server: LanguageServer
  let document: OpenDocument

  func items(for expectation: Expectation) -> [CompletionItem] {
    switch expectation {
    case .key(let owner, let known, let present): return keys(of: owner, known, present)
    case .nodeType: return nodeTypes
    case .port(let owner, let present):
      return owner.ports.enumerated().filter { !present.contains($1.name) }.map { number, port in
        item(
          port.name, CompletionKind.property, detail: port.label, help: port.help,
          rank: (port.isRequired ? "0" : "1") + padded(number), text: entry(port.name, port.takesList ? "[$1]" : "$1"))
      }
    case .parameter(let owner, let present):
      return owner.parameters.enumerated().filter { !present.contains($1.name) }.map { number, parameter in
        let standard = parameter.standard.map { $0.isEmpty ? " = \"\"" : " = \($0)" } ?? ""
        return item(
          parameter.name, CompletionKind.field, detail: parameter.label + standard, help: parameter.help,
          rank: (parameter.isRequired ? "0" : "1") + padded(number), text: entry(parameter.name, "$1"))
      }
    case .wire(let scope, let slot, let type, let takesList):
      return wires(scope.wireChoices(of: slot), type: type, takesList: takesList)
    case .literal(let target, let values): return literals(target, values)
    case .name(let values):
      let functions = WorkflowName.functions.map { item($0, CompletionKind.function, detail: "function", rank: "1") }
      return names(values) { $0 } + functions
    case .file: return graphs + files(ending: ["yaml", "yml"])
    case .options(let options): return options.map { item($0, CompletionKind.options) }
    case .wireType:
      return server.catalog.wireTypes.values.sorted { $0.name < $1.name }.map {
        item($0.name, CompletionKind.type, detail: $0.label)
      }
    }
  }

  /// Whether the letters that are typed stand in what is offered, in their order.
  func fits(_ item: CompletionItem) -> Bool {
    var typed = probe.typed.lowercased()[...]
    for letter in item.label.lowercased() where letter == typed.first { typed.removeFirst() }
    return typed.isEmpty
  }

  private func item(
    _ label: String, _ kind: Int, detail: String? = nil, help: String? = nil, rank: String = "0",
    text: String? = nil
  ) -> CompletionItem {
    let text = text ?? label
    let isSnippet = server.takesSnippets && text.contains("$1")
    return CompletionItem(
      label: label, kind: kind, detail: detail,
      documentation: help.flatMap { $0.isEmpty ? nil : MarkupContent(value: $0) }, sortText: rank + label,
      filterText: label, insertTextFormat: isSnippet ? 2 : 1, insertTextMode: text.contains("\n") ? 2 : nil,
      textEdit: TextEdit(
        range: probe.range,
        newText: isSnippet || !text.contains("$1") ? text : text.replacingOccurrences(of: "$1", with: "")))
  }

  private func padded(_ number: Int) -> String { String(format: "%03d", number) }

  /// A key with its value, or alone where a colon follows already.
  private func entry(_ key: String, _ value: String) -> String {
    probe.rest.drop { $0 == " " }.hasPrefix(":") ? key : "\(key): \(value)"
  }

  // MARK: Keys and types

  private func keys(of owner: String, _ known: [String], _ present: [String]) -> [CompletionItem] {
    let kinds = ["node", "loop", "graph"]
    return known.enumerated().compactMap { number, key in
      guard !present.contains(key) else { return nil }
      if kinds.contains(key), present.contains(where: kinds.contains) { return nil }
      let opens = ["in", "with", "loop", "carry", "yield", "collect", "sweep", "matrix"].contains(key)
      let indented = ["nodes", "params", "inputs", "outputs"].contains(key)
      let value = opens ? "{$1}" : indented && !probe.isInBraces ? "\n  $1" : "$1"
      let text = value.hasPrefix("\n") ? "\(key):\(value)" : entry(key, value)
      return item(
        key, CompletionKind.keyword, detail: "of \(owner)", help: FormatKey.help(key, of: owner), rank: padded(number),
        text: probe.rest.drop { $0 == " " }.hasPrefix(":") ? key : text)
    }
  }

  private var nodeTypes: [CompletionItem] {
    let isAlone = !probe.rest.contains("in:") && !probe.rest.contains("with:") && !hasSiblings
    return server.catalog.declarations.map { declaration in
      let info = declaration.info
      var offer = item(
        info.type, CompletionKind.type, detail: server.catalog.group(of: info.type), help: info.summary,
        text: isAlone && server.takesSnippets ? snippet(declaration) : info.type)
      offer.insertTextFormat = isAlone && server.takesSnippets ? 2 : 1
      return offer
    }
  }

  /// Whether a line beside that of the cursor holds other keys of the node.
  private var hasSiblings: Bool {
    guard !probe.isInBraces else { return false }
    let indent = probe.before.prefix { $0 == " " }.count
    func indentation(_ line: Int) -> Int? {
      guard document.file.lines.indices.contains(line) else { return nil }
      return document.file.lines[line].prefix { $0 == " " }.count
    }
    return indentation(probe.line) == indent && document.file.lines[probe.line].contains(":")
  }

  /// The type with what it cannot do without.
  private func snippet(_ declaration: NodeDeclaration) -> String {
    var stop = 0
    func next() -> String {
      stop += 1
      return "$\(stop)"
    }
    let wires = declaration.inputs.filter { !$0.arity.isOptional }
      .map { "\($0.name): \($0.arity.takesList ? "[\(next())]" : next())" }
    let values = declaration.parameters.filter { $0.defaultValue == nil && !$0.isOptional }
      .map { "\($0.name): \(next())" }
    var parts = [declaration.info.type]
    if !wires.isEmpty { parts.append("in: {\(wires.joined(separator: ", "))}") }
    if !values.isEmpty { parts.append("with: {\(values.joined(separator: ", "))}") }
    return parts.joined(separator: probe.isInBraces ? ", " : "\n")
  }

  // MARK: Wires and values

  private func wires(_ choices: [WireChoice], type: WireType?, takesList: Bool) -> [CompletionItem] {
    var seen: Set<String> = []
    return choices.enumerated().compactMap { number, choice in
      guard seen.insert(choice.text).inserted else { return nil }
      let types = choice.flow.types
      var rank = "1"
      if let type, !types.isEmpty {
        guard types.allSatisfy({ $0.canFeed(type) && $0.shapeFits(type) }), takesList || !choice.flow.isList else {
          return nil
        }
        rank = types.contains { $0.name == type.name } ? "0" : "1"
      }
      let label = types.map(\.label).joined(separator: " or ")
      return item(
        choice.text, CompletionKind.variable, detail: label.isEmpty ? choice.detail : label,
        rank: rank + padded(number))
    }
  }

  private func names(_ values: [String: NamedValue], _ text: (String) -> String) -> [CompletionItem] {
    Expectation.names(values).map { choice in
      item(
        text(choice.name), CompletionKind.variable,
        detail: choice.type + (choice.value.map { $0.isEmpty ? " = \"\"" : " = \($0)" } ?? ""))
    }
  }

  private func literals(_ target: ValueTarget, _ values: [String: NamedValue]) -> [CompletionItem] {
    var items: [CompletionItem] = []
    switch target.type {
    case .bool: items += ["true", "false"].map { item($0, CompletionKind.value) }
    case .path: items += target.role == .write ? [] : files(ending: nil)
    default: items += (target.type.options ?? []).map { item($0, CompletionKind.options) }
    }
    let isAfterDollar = probe.before.hasSuffix("$")
    let fitting = values.filter { target.takes($0.value) }
    return items + names(fitting) { isAfterDollar ? "(\($0))" : "$(\($0))" }
  }

  // MARK: Files

  private var graphs: [CompletionItem] {
    server.catalog.graphs.keys.sorted().map {
      item("<\($0)>", CompletionKind.file, detail: "part of the program", rank: "1")
    }
  }

  /// Folders, and files of these endings, beside what is typed.
  private func files(ending endings: [String]?) -> [CompletionItem] {
    let typed = PathName.folder(of: probe.typed)
    let own = PathName.folder(of: FileStore.absolute(document.path))
    let folder = typed.hasPrefix("/") ? typed : typed.isEmpty ? own : own + "/" + typed
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let prefix = probe.typed.contains("/") ? typed + "/" : ""
    return (names.sorted().filter { !$0.hasPrefix(".") }.prefix(500) + [".."]).compactMap { name in
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: folder + "/" + name, isDirectory: &isFolder)
      if !isFolder.boolValue, let endings, !endings.contains(where: { name.hasSuffix("." + $0) }) { return nil }
      return item(
        prefix + name + (isFolder.boolValue ? "/" : ""), CompletionKind.file, rank: name == ".." ? "2" : "0")
    }
  }
}
