import Foundation
import GraphEngine
import StepgraphNodes

/// The documentation's pages of the node types, made from the nodes' own declarations: one for each, and one that lists them.
struct NodePages {
  private let catalog: NodeCatalog
  /// Types of which there is a picture.
  private let drawn: Set<String>

  init(_ catalog: NodeCatalog, drawn: Set<String>) { (self.catalog, self.drawn) = (catalog, drawn) }

  /// Names of files and what they hold.
  var files: [(name: String, text: String)] {
    [("Nodes.md", list)] + catalog.declarations.map { ("\($0.info.type).md", page($0)) }
  }

  private var list: String {
    var text =
      "# Nodes\n\nEvery node type, with a page of its own: what it takes, what it gives, and where it draws, a picture.\n\n## Topics\n"
    for group in catalog.groups {
      text += "\n### \(group.name.prefix(1).uppercased())\(group.name.dropFirst())\n\n"
      text += group.types.map { $0.info.type }.sorted().map { "- <doc:\($0)>\n" }.joined()
    }
    return text
  }

  private func page(_ declaration: NodeDeclaration) -> String {
    let info = declaration.info
    var text = "# \(info.type)\n\n\(info.summary)\n\n"
    if drawn.contains(info.type) { text += "![\(info.type), with the demo model](\(info.type).png)\n\n" }
    text += "```yaml\n\(example(declaration))\n```\n"
    func table(_ title: String, _ head: [String], _ rows: [[String]]) {
      guard !rows.isEmpty else { return }
      let lines = [head, head.map { _ in "---" }] + rows
      text += "\n## \(title)\n\n" + lines.map { "| \($0.joined(separator: " | ")) |\n" }.joined()
    }
    table(
      "In", ["wire", "type", ""],
      declaration.inputs.map { port in
        ["`\(port.name)`", PortText.type(port.type) + PortText.arity(port.arity), Self.cell(port.help)]
      })
    table(
      "With", ["parameter", "type", ""],
      declaration.parameters.map { ["`\($0.name)`", Self.cell(PortText.type($0)), Self.cell($0.help)] })
    table(
      "Out", ["wire", "type", ""],
      declaration.outputs.map { ["`\($0.name)`", PortText.type($0.type), Self.cell($0.help)] })
    let group = catalog.group(of: info.type).map { " of the group \($0)" } ?? ""
    return text + "\nA node\(group), version \(info.version). `stepgraph nodes \(info.type)` shows the same.\n"
  }

  /// A bar would end a cell.
  private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }

  /// A line with all that must be told.
  private func example(_ declaration: NodeDeclaration) -> String {
    let wires = declaration.inputs.filter { !$0.arity.isOptional }
      .map { "\($0.name): \($0.arity.takesList ? "[...]" : "...")" }
    let values = declaration.parameters.filter { $0.defaultValue == nil && !$0.isOptional }.map { "\($0.name): ..." }
    var parts = ["node: \(declaration.info.type)"]
    if !wires.isEmpty { parts.append("in: {\(wires.joined(separator: ", "))}") }
    if !values.isEmpty { parts.append("with: {\(values.joined(separator: ", "))}") }
    return "name: {\(parts.joined(separator: ", "))}"
  }
}

/// What kinds of ports are called in help and pages.
enum PortText {
  static func type(_ type: WireType) -> String {
    type.shape.map { "\(type.name) [\($0.joined(separator: ", "))]" } ?? type.name
  }

  static func arity(_ arity: InputDeclaration.Arity) -> String {
    switch arity {
    case .one: ""
    case .optional: " (optional)"
    case .variadic: " (a list of wires)"
    case .optionalVariadic: " (a list of wires, optional)"
    }
  }

  static func type(_ parameter: ParameterDeclaration) -> String {
    var text = parameter.type.name
    if let options = parameter.type.options { text = text.replacing("choice", with: options.joined(separator: " | ")) }
    switch (parameter.min, parameter.max) {
    case (let min?, let max?): text += " \(ParameterValue.float(min).text)...\(ParameterValue.float(max).text)"
    case (let min?, nil): text += " >= \(ParameterValue.float(min).text)"
    case (nil, let max?): text += " <= \(ParameterValue.float(max).text)"
    case (nil, nil): break
    }
    switch parameter.defaultValue {
    case let value?: text += " = \(value.text.isEmpty ? "\"\"" : value.text)"
    case nil: text += parameter.isOptional ? " (optional)" : " (required)"
    }
    return text
  }
}
