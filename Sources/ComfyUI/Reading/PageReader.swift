import Diagnostics
import JSONTree

/// Reads the page's format and opens its subgraphs: what the page itself does before it sends a workflow to the server.
final class PageReader {
  /// A body of nodes where it is used.
  final class Scope {
    let body: PageBody
    /// Before the ids of its nodes: `57:` within the subgraph that node 57 uses.
    let prefix: String
    /// The node that uses it; nil at the top.
    let user: (node: PageNode, subgraph: PageSubgraph, scope: Scope)?
    /// Values that users set from outside, by the id of a node and the name of a widget.
    var overrides: [String: [String: JSONNode]] = [:]
    var children: [String: Scope] = [:]
    /// What is at the beginnings of links that were followed.
    var sources: [Int: Source] = [:]

    init(_ body: PageBody, prefix: String, user: (node: PageNode, subgraph: PageSubgraph, scope: Scope)?) {
      (self.body, self.prefix, self.user) = (body, prefix, user)
    }
  }

  let document: PageDocument
  let collector: DiagnosticCollector
  private var graph = ComfyGraph()
  private var nodeCount = 0

  private init(_ document: PageDocument, _ collector: DiagnosticCollector) {
    (self.document, self.collector) = (document, collector)
  }

  static func read(_ root: JSONNode, into collector: DiagnosticCollector) -> ComfyGraph? {
    let reader = PageReader(PageDocument(root, into: collector), collector)
    let top = Scope(reader.document.body, prefix: "", user: nil)
    guard reader.open(top, within: []) else { return nil }
    reader.addNodes(of: top)
    return reader.graph
  }

  // MARK: Scopes

  /// Makes the scopes of all subgraphs below; false after a bound was reported.
  private func open(_ scope: Scope, within ids: [String]) -> Bool {
    nodeCount += scope.body.nodes.count
    guard nodeCount <= ComfyGraph.nodeLimit else {
      collector.error(
        "the workflow has more than \(ComfyGraph.nodeLimit) nodes, its subgraphs opened",
        at: scope.user?.node.location ?? scope.body.nodes.first?.location)
      return false
    }
    for node in scope.body.nodes where node.mode == .active {
      guard let subgraph = document.subgraphs[node.type] else { continue }
      guard !ids.contains(node.type), ids.count < ComfyGraph.nestingLimit else {
        collector.error("the subgraph '\(subgraph.name)' is used within itself", at: node.location)
        return false
      }
      let child = Scope(
        subgraph.body, prefix: "\(scope.prefix)\(node.id):", user: (node: node, subgraph: subgraph, scope: scope))
      setOverrides(of: child, by: node, subgraph)
      scope.children[node.id] = child
      graph.uses.append(ComfyGraph.Use(definition: node.type, name: subgraph.name, prefix: child.prefix))
      guard open(child, within: ids + [node.type]) else { return false }
    }
    return true
  }

  /// The values that a subgraph's user shows in place of those inside.
  private func setOverrides(of child: Scope, by node: PageNode, _ subgraph: PageSubgraph) {
    let promoted = subgraph.promoted
    if !node.shownWidgets.isEmpty, node.shownWidgets.count == node.values.count {
      for (shown, value) in zip(node.shownWidgets, node.values) where !value.isNull {
        child.overrides[shown.node == "-1" ? PageLink.inputs : shown.node, default: [:]][shown.widget] = value
      }
    } else if node.shownWidgets.isEmpty || promoted.count == node.values.count {
      for (index, value) in zip(promoted, node.values) where !value.isNull {
        child.overrides[PageLink.inputs, default: [:]][subgraph.inputs[index].name] = value
      }
    }
    child.overrides[PageLink.inputs, default: [:]].merge(node.namedValues) { $1 }
    // What an outer user set of this one's widgets.
    if let outer = child.user?.scope.overrides[node.id] {
      child.overrides[PageLink.inputs, default: [:]].merge(outer) { $1 }
    }
  }

  // MARK: Nodes

  /// Classes that exist in the page only.
  static let notes: Set = ["Note", "MarkdownNote"]
  static let reroute = "Reroute"
  static let primitive = "PrimitiveNode"

  private func addNodes(of scope: Scope) {
    for node in scope.body.nodes {
      if Self.notes.contains(node.type) {
        if let text = node.values.first?.string, !text.allSatisfy(\.isWhitespace) {
          graph.notes.append((node.title.map { "\($0)\n" } ?? "") + text)
        }
      } else if let child = scope.children[node.id] {
        addNodes(of: child)
      } else if node.mode == .active, node.type != Self.reroute, node.type != Self.primitive {
        graph.nodes.append(
          ComfyNode(
            id: scope.prefix + node.id, type: node.type, title: node.title, inputs: inputs(of: node, in: scope),
            location: node.location))
      }
    }
  }

  private func inputs(of node: PageNode, in scope: Scope) -> [String: ComfyInput] {
    var inputs: [String: ComfyInput] = [:]
    for (name, value) in widgetValues(of: node, in: scope) {
      inputs[name] = ComfyInput(value: ComfyValue(value), location: value.location)
    }
    for slot in node.inputs {
      guard let link = slot.link else { continue }
      switch source(of: link, in: scope, reader: node) {
      case .value(let value): inputs[slot.name] = ComfyInput(value: value, location: node.location)
      case .widget: break
      case .nothing: if !slot.isWidget { inputs[slot.name] = nil }
      }
    }
    return inputs
  }

  /// The values of a node's widgets by name.
  private func widgetValues(of node: PageNode, in scope: Scope) -> [String: JSONNode] {
    var values = node.namedValues
    var position = 0
    for widget in ComfyClass.widgets(of: node.type) ?? node.inputs.filter(\.isWidget).map({ WidgetName($0.name) }) {
      guard position < node.values.count else { break }
      if values[widget.name] == nil { values[widget.name] = node.values[position] }
      position += 1
      if widget.hasControl, position < node.values.count, let text = node.values[position].string,
        WidgetName.controls.contains(text)
      {
        position += 1
      }
    }
    values.merge(scope.overrides[node.id] ?? [:]) { $1 }
    return values
  }
}
