import ArgumentParser
import Diagnostics
import Foundation
import GraphEngine
import StepgraphNodes

/// `stepgraph nodes`: the catalogue, from the nodes' own declarations.
struct NodesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nodes", abstract: "Lists the node types, or shows one with its ports.")

  @Argument(help: "The node type to show, such as DDIMStep.", completion: Completions.nodeTypes)
  var type: String?

  @Flag(help: "Print JSON.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Write the documentation's page of each type to this folder, with the pictures that are there.",
      visibility: .hidden))
  var pages: String?

  func validate() throws {
    let known = NodeCatalog.stepgraph.typeNames
    guard let type, !known.contains(type) else { return }
    let note = nearestNameNote(to: type, among: known) ?? "'stepgraph nodes' lists them"
    throw ValidationError("There is no node type '\(type)'; \(note)")
  }

  func run() async throws {
    try await reporting {
      if let pages { try writePages(to: URL(filePath: pages)) } else { try Terminal.write(text()) }
    }
  }

  private func writePages(to folder: URL) throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let drawn = files.filter { $0.hasSuffix(".png") }.map { String($0.dropLast(4)) }
    // The workflow that drew them all is in the repository once, and not in each.
    for name in drawn {
      let path = folder.appending(path: "\(name).png").path
      let picture = try PNG.decode(WholeFile.read(path))
      let plain = try PNG.encode(pixels: picture.pixels, width: picture.width, height: picture.height)
      try WholeFile.write(plain, to: path, kind: .png)
    }
    for (name, text) in NodePages(.stepgraph, drawn: Set(drawn)).files {
      try Data(text.utf8).write(to: folder.appending(path: name))
    }
  }

  private func text() throws -> String {
    let catalog = NodeCatalog.stepgraph
    if let declaration = type.flatMap({ catalog[$0] }) {
      return json ? try jsonText(NodeDescription(declaration)) : helpText(declaration)
    }
    return json ? try jsonText(catalog.declarations.map(NodeDescription.init)) : listText(catalog)
  }

  /// The types under the names of their groups, in one table, so that columns agree.
  private func listText(_ catalog: NodeCatalog) -> String {
    let rows = catalog.groups.flatMap { group in
      [[group.name]]
        + group.types.sorted { $0.info.type < $1.info.type }.map { ["  \($0.info.type)", $0.info.summary] }
    }
    return tableText(rows, breaksLast: true)
  }

  private func helpText(_ declaration: NodeDeclaration) -> String {
    let info = declaration.info
    var text = "\(info.type) (version \(info.version))\n  \(info.summary)\n"
    func section(_ title: String, _ rows: [[String]]) {
      if !rows.isEmpty { text += "\n\(title)\n\(tableText(rows, indent: "  ", breaksLast: true))" }
    }
    section(
      "in",
      declaration.inputs.map { [$0.name, PortText.type($0.type), $0.help + PortText.arity($0.arity)] })
    section("with", declaration.parameters.map { [$0.name, PortText.type($0), $0.help] })
    section("out", declaration.outputs.map { [$0.name, PortText.type($0.type), $0.help] })
    return text
  }
}

/// What `nodes --json` prints of one node.
private struct NodeDescription: Encodable {
  struct Port: Encodable {
    let name: String
    let help: String
    let type: String
    let shape: [String]?
    let arity: String?
  }

  struct Parameter: Encodable {
    let name: String
    let help: String
    let type: String
    let options: [String]?
    let `default`: String?
    let required: Bool
    let min: Double?
    let max: Double?
  }

  let type: String
  let group: String?
  let version: Int
  let summary: String
  let sink: Bool
  let `in`: [Port]
  let with: [Parameter]
  let out: [Port]

  init(_ declaration: NodeDeclaration) {
    type = declaration.info.type
    group = NodeCatalog.stepgraph.group(of: declaration.info.type)
    version = declaration.info.version
    summary = declaration.info.summary
    sink = declaration.info.isSink
    `in` = declaration.inputs.map {
      Port(name: $0.name, help: $0.help, type: $0.type.name, shape: $0.type.shape, arity: $0.arity.rawValue)
    }
    with = declaration.parameters.map { parameter in
      Parameter(
        name: parameter.name, help: parameter.help, type: parameter.type.name, options: parameter.type.options,
        default: parameter.defaultValue?.text, required: parameter.defaultValue == nil && !parameter.isOptional,
        min: parameter.min, max: parameter.max)
    }
    out = declaration.outputs.map {
      Port(name: $0.name, help: $0.help, type: $0.type.name, shape: $0.type.shape, arity: nil)
    }
  }
}
