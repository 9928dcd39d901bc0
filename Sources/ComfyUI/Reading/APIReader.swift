import Diagnostics
import JSONTree

/// Reads the API format, `{id: {class_type, inputs, _meta}}`: what ComfyUI's server takes.
enum APIReader {
  static func read(_ root: JSONNode, into collector: DiagnosticCollector) -> ComfyGraph? {
    var graph = ComfyGraph()
    for entry in root.object?.entries ?? [] {
      guard graph.nodes.count < ComfyGraph.nodeLimit else {
        collector.error("the workflow has more than \(ComfyGraph.nodeLimit) nodes", at: entry.key.location)
        return nil
      }
      if let node = node(entry, into: collector) { graph.nodes.append(node) }
    }
    return graph
  }

  private static func node(_ entry: JSONEntry, into collector: DiagnosticCollector) -> ComfyNode? {
    let id = entry.key.value
    guard let object = entry.value.object else {
      collector.error("node \(id) is \(entry.value.kind); an object was expected", at: entry.value.location)
      return nil
    }
    guard let type = object["class_type"]?.string else {
      collector.error("node \(id) has no 'class_type', the name of its class", at: entry.key.location)
      return nil
    }
    var inputs: [String: ComfyInput] = [:]
    switch object["inputs"] {
    case nil: break
    case let node? where node.object != nil:
      for input in node.object?.entries ?? [] {
        inputs[input.key.value] = ComfyInput(value: value(input.value), location: input.value.location)
      }
    case let node?:
      collector.error("'inputs' of node \(id) is \(node.kind); an object was expected", at: node.location)
    }
    return ComfyNode(
      id: id, type: type, title: object["_meta"]?["title"]?.string, inputs: inputs, location: entry.key.location)
  }

  /// A list of a text and a number is a link.
  private static func value(_ node: JSONNode) -> ComfyValue {
    if let items = node.array, items.count == 2, let source = items[0].string ?? items[0].number?.text,
      let slot = items[1].number?.integer, let slot = Int(exactly: slot), slot >= 0
    {
      return .link(ComfyLink(node: source, slot: slot))
    }
    // A value that is a list itself stands in an object.
    if node.object?.entries.count == 1, let inner = node["__value__"] { return ComfyValue(inner) }
    return ComfyValue(node)
  }
}
