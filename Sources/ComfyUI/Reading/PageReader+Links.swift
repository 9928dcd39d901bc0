import Diagnostics
import JSONTree

/// Following links to where they begin.
extension PageReader {
  /// What is at the beginning of a link.
  enum Source {
    case value(ComfyValue)
    /// The input's own widget.
    case widget
    /// A muted node, or an input of a bypassed one that nothing leads to.
    case nothing
  }

  /// More links in a row are a cycle.
  private static let pathLimit = 2 * ComfyGraph.nodeLimit

  /// Follows a link out of and into subgraphs, through reroutes and bypassed nodes.
  func source(of link: Int, in scope: Scope, reader: PageNode) -> Source {
    var (place, path): ((link: Int, scope: Scope), [(link: Int, scope: Scope)]) = ((link, scope), [])
    var found: Source?
    while found == nil {
      if let known = place.scope.sources[place.link] {
        found = known
      } else if path.count > Self.pathLimit {
        collector.error("the links into node \(scope.prefix)\(reader.id) go round in a circle", at: reader.location)
        found = .nothing
      } else {
        path.append(place)
        switch step(place.link, in: place.scope, reader: reader) {
        case .found(let source): found = source
        case .further(let link?, let scope): place = (link, scope)
        case .further(nil, _): found = .nothing
        }
      }
    }
    let source = found ?? .nothing
    for place in path { place.scope.sources[place.link] = source }
    return source
  }

  /// What a link begins at, or the link before it.
  private func step(_ link: Int, in scope: Scope, reader: PageNode) -> Beginning {
    func missing(_ what: String) -> Beginning {
      collector.error("link \(link) of node \(scope.prefix)\(reader.id) \(what)", at: reader.location)
      return .found(.nothing)
    }
    guard let place = scope.body.links[link] else { return missing("is not there") }
    if place.origin == PageLink.inputs {
      guard let user = scope.user, user.subgraph.inputs.indices.contains(place.originSlot) else {
        return missing("begins at an input that its subgraph does not have")
      }
      let name = user.subgraph.inputs[place.originSlot].name
      if let outer = user.node.inputs.first(where: { $0.name == name })?.link { return .further(outer, user.scope) }
      return .found(scope.overrides[PageLink.inputs]?[name].map { .value(ComfyValue($0)) } ?? .widget)
    }
    if let child = scope.children[place.origin], let subgraph = child.user?.subgraph {
      guard subgraph.outputs.indices.contains(place.originSlot) else {
        return missing("begins at an output that the subgraph '\(subgraph.name)' does not have")
      }
      return .further(subgraph.outputLinks[place.originSlot], child)
    }
    guard let node = scope.body.node(place.origin) else {
      return missing("begins at node \(scope.prefix)\(place.origin), which is not there")
    }
    return begin(node, slot: place.originSlot, in: scope)
  }

  private enum Beginning {
    case found(Source)
    case further(Int?, Scope)
  }

  private func begin(_ node: PageNode, slot: Int, in scope: Scope) -> Beginning {
    switch node.mode {
    case .muted: return .found(.nothing)
    case .bypassed: return .further(Self.bypass(node, slot: slot), scope)
    case .active: break
    }
    switch node.type {
    case Self.reroute: return .further(node.inputs.first?.link, scope)
    case Self.primitive:
      return .found(node.values.first.map { .value(ComfyValue($0)) } ?? .widget)
    default: return .found(.value(.link(ComfyLink(node: scope.prefix + node.id, slot: slot))))
    }
  }

  /// The link into a bypassed node that takes the place of one of its outputs: the input of the same number if it is of the
  /// same type, or else the first that is.
  private static func bypass(_ node: PageNode, slot: Int) -> Int? {
    guard node.outputs.indices.contains(slot) else { return nil }
    let type = node.outputs[slot].type
    if node.inputs.indices.contains(slot), node.inputs[slot].type == type { return node.inputs[slot].link }
    return node.inputs.first { $0.type == type }?.link
  }
}
