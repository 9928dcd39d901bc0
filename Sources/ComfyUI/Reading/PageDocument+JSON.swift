import Diagnostics
import JSONTree

extension PageDocument {
  /// Reads a document; what is of a wrong kind is reported and left out.
  init(_ root: JSONNode, into collector: DiagnosticCollector) {
    let reader = PageJSON(collector: collector)
    body = reader.body(root)
    subgraphs = [:]
    for node in root["definitions"]?["subgraphs"]?.array ?? [] {
      guard let id = node["id"]?.string else {
        collector.error("a subgraph has no 'id'", at: node.location)
        continue
      }
      if subgraphs[id] != nil { collector.error("two subgraphs have the id '\(id)'", at: node.location) }
      subgraphs[id] = PageSubgraph(
        name: node["name"]?.string ?? id, body: reader.body(node), inputs: reader.slots(node["inputs"]),
        outputs: reader.slots(node["outputs"]), location: node.location)
    }
  }
}

private struct PageJSON {
  let collector: DiagnosticCollector

  func body(_ root: JSONNode) -> PageBody {
    let nodes = (root["nodes"]?.array ?? []).compactMap(node)
    var seen: Set<String> = []
    for node in nodes where !seen.insert(node.id).inserted {
      collector.error("two nodes have the id \(node.id)", at: node.location)
    }
    var links: [Int: PageLink] = [:]
    for entry in root["links"]?.array ?? [] {
      guard let (id, link) = link(entry) else {
        collector.error(
          "a link was expected: a list of its id, origin, slot, target and slot, or an object of these",
          at: entry.location)
        continue
      }
      links[id] = link
    }
    return PageBody(nodes: nodes, links: links)
  }

  /// A list at the top of a file, an object in a subgraph.
  private func link(_ entry: JSONNode) -> (Int, PageLink)? {
    let keys = ["id", "origin_id", "origin_slot", "target_id", "target_slot"]
    let parts = entry.array ?? keys.compactMap { entry[$0] }
    guard parts.count >= 5, let id = integer(parts[0]), let origin = name(parts[1]), let originSlot = integer(parts[2]),
      let target = name(parts[3]), let targetSlot = integer(parts[4])
    else { return nil }
    return (id, PageLink(origin: origin, originSlot: originSlot, target: target, targetSlot: targetSlot))
  }

  private func node(_ entry: JSONNode) -> PageNode? {
    guard let id = entry["id"].flatMap(name), let type = entry["type"]?.string else {
      collector.error("a node has an 'id' and a 'type', the name of its class", at: entry.location)
      return nil
    }
    let mode: PageNode.Mode
    switch entry["mode"].flatMap(integer) {
    case 2: mode = .muted
    case 4: mode = .bypassed
    default: mode = .active
    }
    var named = values(entry["widgets_values_named"])
    named.merge(values(entry["widgets_values"])) { first, _ in first }
    return PageNode(
      id: id, type: type, title: entry["title"]?.string, mode: mode, inputs: slots(entry["inputs"]),
      outputs: slots(entry["outputs"]), values: entry["widgets_values"]?.array ?? [], namedValues: named,
      shownWidgets: shownWidgets(entry["properties"]?["proxyWidgets"]), location: entry.location)
  }

  private func values(_ node: JSONNode?) -> [String: JSONNode] {
    Dictionary((node?.object?.entries ?? []).map { ($0.key.value, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  func slots(_ list: JSONNode?) -> [PageSlot] {
    (list?.array ?? []).map { slot in
      PageSlot(
        name: slot["name"]?.string ?? "", type: slot["type"]?.string ?? "*", link: slot["link"].flatMap(integer),
        isWidget: slot["widget"]?.object != nil)
    }
  }

  private func shownWidgets(_ list: JSONNode?) -> [(node: String, widget: String)] {
    (list?.array ?? []).compactMap { pair in
      guard let pair = pair.array, pair.count >= 2, let node = name(pair[0]), let widget = pair[1].string else {
        return nil
      }
      return (node, widget)
    }
  }

  /// Ids are numbers or texts.
  private func name(_ node: JSONNode) -> String? { node.string ?? node.number?.integer.map { "\($0)" } }

  private func integer(_ node: JSONNode) -> Int? { node.number?.integer.flatMap { Int(exactly: $0) } }
}
