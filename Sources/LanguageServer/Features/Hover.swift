import Diagnostics
import Foundation
import GraphEngine

/// What is known of the word at a place.
extension LanguageServer {
  func hover(_ params: DocumentPlace) -> HoverResult? {
    guard let (document, inspection) = workflow(params.textDocument.uri) else { return nil }
    for found in marks(at: params.position, in: inspection) {
      guard let text = text(of: found.mark, in: document, inspection) else { continue }
      return HoverResult(contents: MarkupContent(value: text), range: found.range)
    }
    return nil
  }

  private func text(of mark: Mark, in document: OpenDocument, _ inspection: WorkflowInspection) -> String? {
    switch mark.meaning {
    case .key(let owner):
      return FormatKey.help(mark.text, of: owner).map { "`\(mark.text)`: \($0)" }
    case .nodeType(let declaration): return page(of: declaration)
    case .port(let port):
      return "`\(port.name)`: \(port.type.label)\(Self.arity(port.arity))\n\n\(port.help)"
    case .output(let output):
      return "`\(output.name)`: \(output.type.label)\n\n\(output.help)" + carried(mark, declared: output.type)
    case .parameter(let parameter):
      return "`\(parameter.name)`: \(Self.label(of: parameter))\n\n\(parameter.help)"
    case .input(let input):
      let type = server(catalogType: input.type?.value)
      return "`\(input.name.value)`: \(input.isList ? "a list of " : "")\(type)"
        + (input.isOptional ? " (optional)" : "") + (input.description.map { "\n\n\($0)" } ?? "")
    case .param(let param, let value):
      let standard = param.standard.map { " = \($0.isEmpty ? "\"\"" : $0)" } ?? ""
      return "`\(param.name.value)`: \(param.label)\(standard)" + (value.map { "\n\nhere: `\(Self.short($0))`" } ?? "")
        + (param.description.map { "\n\n\($0)" } ?? "")
    case .index: return "`\(mark.text)`: the index of the loop, an int"
    case .member: return member(mark, in: document, inspection)
    case .result: return "`\(mark.text)`" + carried(mark, declared: nil)
    case .literal(let target, let value):
      guard let value else { return nil }
      return "`\(target.name)` = `\(Self.short(value))`"
    case .file(let path): return "`\(path)`"
    case .wireType: return catalog.wireTypes[mark.text].map { "`\($0.label)`" }
    case .word: return Self.words[mark.text]
    }
  }

  private static let words = [
    "carry": "`carry`: what the loop carries from iteration to iteration",
    "inputs": "`inputs`: the wires that the calling file gives",
  ]

  private func server(catalogType name: String?) -> String {
    guard let name else { return "" }
    return catalog.wireTypes[name]?.label ?? name
  }

  private static func short(_ text: String) -> String {
    let line = text.replacing("\n", with: " ").replacing("`", with: "'")
    return line.count > 200 ? line.prefix(200) + "…" : line
  }

  /// What comes along a wire, where that is more than its port says.
  private func carried(_ mark: Mark, declared: WireType?) -> String {
    guard let flow = mark.flow else { return "" }
    let types = flow.types.map(\.label)
    var text = ""
    if !types.isEmpty, declared.map({ types != [$0.label] }) ?? true {
      text += declared == nil ? ": " : "\n\ncarries "
      text += (flow.isList ? "a list of " : "") + types.joined(separator: " or ")
    }
    if flow.mayBeNone { text += "\n\nmay be none" }
    return text
  }

  // MARK: Nodes

  private func member(_ mark: Mark, in document: OpenDocument, _ inspection: WorkflowInspection) -> String? {
    guard let definition = mark.definition else { return nil }
    let symbol = inspection.symbol(at: definition)
    var text = "`\(mark.text)`"
    if let symbol {
      text += symbol.detail.isEmpty ? "" : " (\(symbol.detail))"
      if let declaration = catalog[symbol.detail] { text += "\n\n\(declaration.info.summary)" }
    }
    if let flow = mark.flow, !flow.types.isEmpty {
      text += "\n\n" + (flow.isList ? "a list of " : "") + flow.types.map(\.label).joined(separator: " or ")
    }
    if let symbol, let forecast = forecasts[document.path] { text += run(symbol, forecast) }
    return text
  }

  /// What the last run said of a node, and what the next one would do.
  private func run(_ symbol: WorkflowSymbol, _ forecast: RunForecast) -> String {
    guard let part = forecast.parts[symbol.address] else { return "" }
    var lines: [String] = []
    if part.count == 1 {
      lines.append(part.runCount == 1 ? "would run: \(part.reason)" : part.reason)
    } else if part.count > 1 {
      lines.append("\(part.runCount) of \(countText(part.count, "node")) would run")
    }
    if let seconds = part.lastSeconds { lines.append("took \(durationText(seconds)) when it ran last") }
    if let source = part.lastSource {
      lines.append(source == "executed" ? "computed in the last run" : "from the cache in the last run")
    }
    var text = lines.isEmpty ? "" : "\n\n" + lines.joined(separator: "; ")
    if let picture = forecast.picture(symbol.address) {
      text += "\n\n![\(symbol.name)](data:image/png;base64,\(Data(picture).base64EncodedString()))"
    }
    return text
  }

  /// A node type's page in brief.
  private func page(of declaration: NodeDeclaration) -> String {
    let info = declaration.info
    var text = "**\(info.type)**\n\n\(info.summary)\n"
    func section(_ title: String, _ rows: [(String, String, String)]) {
      guard !rows.isEmpty else { return }
      text += "\n\(title)\n" + rows.map { "- `\($0)` \($1)\($2.isEmpty ? "" : ": \($2)")\n" }.joined()
    }
    section("in", declaration.inputs.map { ($0.name, $0.type.label + Self.arity($0.arity), $0.help) })
    section("with", declaration.parameters.map { ($0.name, Self.label(of: $0), $0.help) })
    section("out", declaration.outputs.map { ($0.name, $0.type.label, $0.help) })
    return text
  }

  private static func arity(_ arity: InputDeclaration.Arity) -> String {
    switch arity {
    case .one: ""
    case .optional: " (optional)"
    case .variadic: " (a list of wires)"
    case .optionalVariadic: " (a list of wires, optional)"
    }
  }

  /// Such as `int 1...1000 = 20`.
  static func label(of parameter: ParameterDeclaration) -> String {
    var text = parameter.type.options.map { $0.joined(separator: " | ") } ?? parameter.type.name
    func number(_ value: Double) -> String { ParameterValue.float(value).text }
    switch (parameter.min, parameter.max) {
    case (let min?, let max?): text += " \(number(min))...\(number(max))"
    case (let min?, nil): text += " >= \(number(min))"
    case (nil, let max?): text += " <= \(number(max))"
    case (nil, nil): break
    }
    if let value = parameter.defaultValue {
      text += " = \(value.text.isEmpty ? "\"\"" : value.text)"
    } else {
      text += parameter.isOptional ? " (optional)" : " (required)"
    }
    return text
  }
}

extension WorkflowInspection {
  /// The symbol whose name is written at a place.
  func symbol(at location: SourceLocation) -> WorkflowSymbol? {
    func find(_ symbols: [WorkflowSymbol]) -> WorkflowSymbol? {
      for symbol in symbols {
        if symbol.location == location { return symbol }
        if let inner = find(symbol.children) { return inner }
      }
      return nil
    }
    return find(symbols)
  }
}
