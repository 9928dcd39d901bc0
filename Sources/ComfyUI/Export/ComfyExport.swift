import Diagnostics
import GraphEngine
import JSONTree

/// A workflow as ComfyUI's server takes it, in its API format.
package struct ComfyExport: Sendable {
  /// `{id: {class_type, inputs, _meta}}`.
  package let prompt: JSONValue
  /// What ComfyUI cannot do, by address; empty for a whole export.
  package let problems: [Diagnostic]
  private let nodes: [ExportedNode]

  /// The same in the format of ComfyUI's page.
  package var page: JSONValue { PageExport(nodes).document }
  /// The settings as A1111 writes them; nil where they do not describe the picture.
  package var settings: String? { A1111Text.text(nodes) }

  /// Translates what the graph's sinks need, or those of a part of it.
  package init(_ graph: ResolvedGraph, of part: Range<Int>? = nil) {
    let exporter = Exporter(graph, part ?? graph.nodes.indices)
    exporter.export()
    problems = exporter.problems
    nodes = exporter.nodes
    prompt = .object(
      exporter.nodes.enumerated().map { index, node in
        JSONField(
          "\(index + 1)",
          .object([
            JSONField("class_type", .text(node.type)), JSONField("inputs", .object(node.inputs)),
            JSONField("_meta", .object([JSONField("title", .text(node.title))])),
          ]))
      })
  }
}

extension ComfyExport {
  /// What a picture carries for other programs: ComfyUI's workflow in both formats, and A1111's settings; nothing where ComfyUI
  /// could not draw it.
  package static func companions(_ graph: ResolvedGraph, of part: Range<Int>?) -> [CompanionText] {
    let export = ComfyExport(graph, of: part)
    guard export.problems.isEmpty, export.nodes.contains(where: { $0.type == "SaveImage" }) else { return [] }
    let texts =
      [("prompt", export.prompt.line), ("workflow", export.page.line)]
      + (export.settings.map { [("parameters", $0)] } ?? [])
    return texts.map { CompanionText(keyword: $0.0, text: $0.1) }
  }
}

/// A node of ComfyUI.
struct ExportedNode {
  var type: String
  var title: String
  var inputs: [JSONField]
}

/// What an output of a node of ours is on the other side.
enum ExportedOutput {
  case link(JSONValue)
  case model(ExportedModel)
  case text(ExportedText)
}

/// A denoiser: where it comes from, and what its file's name says of its family.
struct ExportedModel {
  var link: JSONValue
  var family: ComfyFamily?
  /// What it predicts, `epsilon` or `v`, where its loader is told.
  var prediction: String?
  /// Whether training ended in pure noise, where its loader is told.
  var hasZeroSNR: Bool?

  mutating func readNoise(_ loader: Int, _ e: Exporter) {
    prediction = e.text(loader, "prediction").flatMap { $0 == "auto" ? nil : $0 }
    hasZeroSNR = e.text(loader, "zero_snr").flatMap { $0 == "auto" ? nil : $0 == "true" }
  }
}

/// An encoded text, before it is told what its sampler says.
struct ExportedText {
  var link: JSONValue
}

/// Makes nodes of ComfyUI out of those of a resolved graph, from inputs to outputs.
///
/// The steps of a sampler are looked at where their latent is used: they become one node, whose parts are those of the first step
/// as long as all others have the same.
final class Exporter {
  let graph: ResolvedGraph
  private let part: Range<Int>
  private(set) var nodes: [ExportedNode] = []
  private(set) var problems: [Diagnostic] = []
  var outputs: [WireSource: ExportedOutput] = [:]
  private var samplers: [WireSource: JSONValue?] = [:]
  /// By the Encode.
  private(set) var inpaintEncodings: [Int: InpaintEncoding] = [:]

  init(_ graph: ResolvedGraph, _ part: Range<Int>) { (self.graph, self.part) = (graph, part) }

  func export() {
    let needed = needed()
    findInpaintEncodings(needed)
    let absorbed = Set(inpaintEncodings.values.flatMap(\.parts))
    for index in part where needed.contains(index) && !absorbed.contains(index) {
      let node = graph.nodes[index]
      refuseDifferences(index)
      guard !Self.samplingTypes.contains(node.type), !ExportedSteps.isStep(node.type) else { continue }
      guard let rule = Self.rules[node.type] else {
        refuse(index, "ComfyUI has no node that does what \(node.type) does")
        continue
      }
      rule(self, index)
    }
    dropUnusedCombinations()
  }

  /// Leaves out combinations of prompts that act in a part of a run only: what they combine is combined over the whole of it.
  private func dropUnusedCombinations() {
    func isUsed(_ number: Int) -> Bool {
      nodes.contains { node in node.inputs.contains { Self.source(of: $0.value)?.node == number } }
    }
    for number in stride(from: nodes.count, through: 1, by: -1)
    where nodes[number - 1].type == "ConditioningCombine" && !isUsed(number) {
      nodes.remove(at: number - 1)
      for place in nodes.indices {
        for input in nodes[place].inputs.indices {
          let field = nodes[place].inputs[input]
          guard let source = Self.source(of: field.value), source.node > number else { continue }
          nodes[place].inputs[input] = JSONField(field.key, link(source.node - 1, source.slot))
        }
      }
    }
  }

  /// Where a value leads to that is a link; nil for any other.
  static func source(of value: JSONValue) -> (node: Int, slot: Int)? {
    guard case .list(let parts) = value, parts.count == 2, case .text(let node) = parts[0],
      case .plain(let slot) = parts[1], let node = Int(node), let slot = Int(slot)
    else { return nil }
    return (node, slot)
  }

  private func findInpaintEncodings(_ needed: Set<Int>) {
    let encoders = part.filter { needed.contains($0) && graph.nodes[$0].type == "Encode" }
    if encoders.isEmpty { return }
    var readers = Array(repeating: [Int](), count: graph.nodes.count)
    for index in part where needed.contains(index) {
      for source in graph.nodes[index].inputs.joined() { readers[source.node].append(index) }
    }
    for index in encoders { inpaintEncodings[index] = InpaintEncoding(index, readers: readers, in: self) }
  }

  /// What the sinks need; a graph without any has its outputs.
  private func needed() -> Set<Int> {
    var needed: Set<Int> = []
    let sinks = part.filter { graph.nodes[$0].declaration.info.isSink }
    var open = sinks.isEmpty ? graph.targets : sinks
    while let index = open.popLast() {
      guard needed.insert(index).inserted else { continue }
      open += graph.nodes[index].inputs.joined().map(\.node)
    }
    return needed
  }

  // MARK: Nodes

  /// Adds a node of ComfyUI; gives a link to its first output.
  @discardableResult
  func add(_ type: String, _ index: Int, _ inputs: [(String, JSONValue?)]) -> JSONValue {
    refuseOutside(type, index, inputs)
    let name = graph.nodes[index].address.split(separator: "/").first.map { String($0.prefix { $0 != "[" }) } ?? type
    nodes.append(
      ExportedNode(
        type: type, title: name, inputs: inputs.compactMap { name, value in value.map { JSONField(name, $0) } }))
    return link(nodes.count, 0)
  }

  func link(_ node: Int, _ slot: Int) -> JSONValue { .list([.text("\(node)"), .plain("\(slot)")]) }

  /// The same node's output of another number.
  func link(_ link: JSONValue, slot: Int) -> JSONValue {
    guard case .list(let parts) = link, let node = parts.first else { return link }
    return .list([node, .plain("\(slot)")])
  }

  /// Says that ComfyUI cannot do something, once for each place.
  func refuse(_ index: Int, _ reason: String) {
    let node = graph.nodes[index]
    problems.append(Diagnostic("'\(node.address)': \(reason)", at: node.location))
  }

  // MARK: Inputs and parameters

  func source(_ index: Int, _ input: String) -> WireSource? {
    let node = graph.nodes[index]
    return node.declaration.inputs.firstIndex { $0.name == input }.flatMap { node.inputs[$0].first }
  }

  func sources(_ index: Int, _ input: String) -> [WireSource] {
    let node = graph.nodes[index]
    return node.declaration.inputs.firstIndex { $0.name == input }.map { node.inputs[$0] } ?? []
  }

  func value(_ index: Int, _ name: String) -> ParameterValue? {
    let value = graph.nodes[index].parameters.values[name]
    return value == .absent ? nil : value
  }

  func number(_ index: Int, _ name: String) -> Double? {
    switch value(index, name) {
    case .int(let number): Double(number)
    case .float(let number): number
    default: nil
    }
  }

  func text(_ index: Int, _ name: String) -> String? { value(index, name)?.text }

  /// A parameter as a value of JSON.
  func json(_ index: Int, _ name: String) -> JSONValue? {
    switch value(index, name) {
    case .string(let text), .path(let text): .text(text)
    case .int, .float, .bool: value(index, name).map { .plain($0.text) }
    case .list, .absent, nil: nil
    }
  }

  /// A link to what comes by an input: a picture, a mask, a VAE, a text encoder.
  func link(into index: Int, _ input: String) -> JSONValue? {
    source(index, input).flatMap(link)
  }

  func link(_ source: WireSource) -> JSONValue? {
    switch outputs[source] {
    case .link(let link)?: return link
    case .model(let model)?: return model.link
    case .text(let text)?: return text.link
    case nil: return nil
    }
  }

  /// A link to a latent, which steps may have made.
  func latent(into index: Int, _ input: String) -> JSONValue? { source(index, input).flatMap(latent) }

  func latent(_ source: WireSource) -> JSONValue? {
    guard ExportedSteps.isStep(graph.nodes[source.node].type) else {
      if case .link(let link)? = outputs[source] { return link }
      return nil
    }
    if let known = samplers[source] { return known }
    let link = ExportedSteps(endingAt: source, in: self)?.link()
    samplers[source] = link
    return link
  }

  /// Latents that bring along a mask in ComfyUI: those that were drawn inside of one, and what is made of these.
  private(set) var masked: Set<WireSource> = []

  func markMasked(_ latent: WireSource) { masked.insert(latent) }

  /// The mask of a node's latent stays with what it makes of it.
  func keepMask(_ index: Int) {
    guard let latent = source(index, "latent"), masked.contains(latent) else { return }
    masked.insert(WireSource(node: index, output: 0))
  }

  func put(_ index: Int, _ port: String, _ output: ExportedOutput) {
    let outputs = graph.nodes[index].declaration.outputs
    if let place = outputs.firstIndex(where: { $0.name == port }) {
      self.outputs[WireSource(node: index, output: place)] = output
    }
  }
}

extension ResolvedNode {
  var type: String { declaration.info.type }
}
