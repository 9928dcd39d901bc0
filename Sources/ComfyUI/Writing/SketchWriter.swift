import Diagnostics
import GraphEngine
import YAMLTree

/// Writes a sketch as the workflow file that a person would write.
struct SketchWriter {
  private let sketch: WorkflowSketch
  /// Nodes in the order of the file.
  private let order: [Int]
  private var names: [Int: String] = [:]
  private var paramNames: [Int: String] = [:]

  /// - Parameter kept: nodes that are written.
  init(_ sketch: WorkflowSketch, keeping kept: Set<Int>) {
    self.sketch = sketch
    order = Self.order(of: sketch, keeping: kept)
    var unique = WorkflowNames()
    for index in order.sorted() { names[index] = unique.unique(sketch.nodes[index].name) }
    var params = WorkflowNames(reserved: [])
    let used = Set(order.flatMap { sketch.nodes[$0].values.flatMap(\.value.params) })
    for index in Self.sorted(used, sketch) { paramNames[index] = params.unique(sketch.params[index].name) }
  }

  /// As the nodes were made, but for calls of files, which stand where their results are first used.
  private static func order(of sketch: WorkflowSketch, keeping kept: Set<Int>) -> [Int] {
    var (order, seen): ([Int], Set<Int>) = ([], [])
    for index in sketch.nodes.indices where kept.contains(index) {
      for wire in sketch.nodes[index].inputs.flatMap(\.wires) where wire.node > index && seen.insert(wire.node).inserted
      {
        order.append(wire.node)
      }
      if seen.insert(index).inserted { order.append(index) }
    }
    return order
  }

  /// Models first, then what people change most.
  private static let paramOrder = [
    "model", "denoiser", "text", "text_2", "vae", "lora", "upscaler", "picture", "latent", "prompt", "negative", "seed",
    "steps", "cfg", "guidance", "denoise", "width", "height", "out", "out_latent",
  ]

  private static func sorted(_ params: Set<Int>, _ sketch: WorkflowSketch) -> [Int] {
    params.sorted { a, b in
      func rank(_ index: Int) -> Int { paramOrder.firstIndex(of: sketch.params[index].name) ?? paramOrder.count }
      return (rank(a), a) < (rank(b), b)
    }
  }

  /// Nil for what is larger than a workflow file may be.
  func text(description: String, comments: [String]) -> String? {
    var text = "stepgraph: 1\n" + YAMLValue.mapping(("description", .text(description))).document
    for comment in comments { text += Self.comment(comment) }
    text += paramEntries()
    return appendNodes(to: &text) ? text : nil
  }

  /// A subgraph's file.
  func text(of subgraph: SketchSubgraph, description: String) -> String? {
    var text = "stepgraph: 1\n" + YAMLValue.mapping(("description", .text(description))).document
    let inputs = subgraph.inputs.map { YAMLField($0.name, .mapping(("type", .text($0.type)))) }
    if !inputs.isEmpty { text += "inputs:\n" + inputs.map { entry($0.key, $0.value) }.joined() }
    text += paramEntries()
    guard appendNodes(to: &text) else { return nil }
    let outputs = subgraph.outputs.map { YAMLField($0.name, .text(self.text(of: $0.wire))) }
    return text + YAMLValue.mapping([YAMLField("outputs", .mapping(outputs))]).document
  }

  private func paramEntries() -> String {
    let params = Self.sorted(Set(paramNames.keys), sketch)
    return params.isEmpty
      ? "" : "params:\n" + params.map { entry(paramNames[$0] ?? "", value(of: sketch.params[$0])) }.joined()
  }

  private func appendNodes(to text: inout String) -> Bool {
    text += "nodes:\n"
    for index in order {
      text += entry(names[index] ?? "", value(of: sketch.nodes[index]))
      guard text.utf8.count <= YAMLLimits().bytes else { return false }
    }
    return true
  }

  /// Lines after `#`, which a person can read whatever stands in them.
  static func comment(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).map { line in
      let shown = String(String.UnicodeScalarView(line.unicodeScalars.map { YAMLValue.canStand($0) ? $0 : " " }))
      return shown.allSatisfy(\.isWhitespace) ? "" : "# \(shown)\n"
    }.joined()
  }

  private func entry(_ name: String, _ value: YAMLValue) -> String {
    YAMLValue.mapping([YAMLField(name, value)]).document.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : "  \($0)" }.joined(separator: "\n")
  }

  private func value(of param: SketchParam) -> YAMLValue {
    .mapping(
      ("type", .text(param.type.rawValue)), ("default", param.standard.map { self.value(of: $0) }),
      ("min", param.min.map { .plain($0) }))
  }

  private func value(of node: SketchNode) -> YAMLValue {
    let kind: YAMLField =
      switch node.kind {
      case .node(let type): YAMLField("node", .text(type))
      case .graph(let name): YAMLField("graph", .text("<\(name)>"))
      case .file(let path): YAMLField("graph", .text(path))
      }
    var fields = [kind]
    if !node.inputs.isEmpty {
      fields.append(
        YAMLField(
          "in",
          .mapping(
            node.inputs.map { input in
              let wires = input.wires.map { YAMLValue.text(text(of: $0)) }
              return YAMLField(input.name, input.isList ? .list(wires) : wires.first ?? .list([]))
            })))
    }
    if !node.values.isEmpty {
      fields.append(YAMLField("with", .mapping(node.values.map { YAMLField($0.name, value(of: $0.value)) })))
    }
    return .mapping(fields)
  }

  private func text(of wire: SketchWire) -> String {
    let node = wire.node == SketchSubgraph.outside ? "inputs" : names[wire.node] ?? ""
    return node + (wire.port.map { ".\($0)" } ?? "")
  }

  private func value(of value: SketchValue) -> YAMLValue {
    switch value {
    case .text(let text): .text(WorkflowText.literal(text))
    case .plain(let text): .plain(text)
    case .list(let values): .list(values.map(self.value(of:)))
    case .param(let index): .text("$(\(paramNames[index] ?? ""))")
    case .expression(let pieces): .text("$(\(pieces.map(piece).joined()))")
    }
  }

  private func piece(_ value: SketchValue) -> String {
    switch value {
    case .text(let text), .plain(let text): text
    case .param(let index): paramNames[index] ?? ""
    case .list, .expression:
      // An expression within another one.
      if case .expression(let pieces) = value { "(\(pieces.map(piece).joined()))" } else { "" }
    }
  }
}
