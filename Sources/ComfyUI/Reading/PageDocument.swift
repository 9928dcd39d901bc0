import Diagnostics
import JSONTree

/// A workflow in the format of ComfyUI's page, version 0.4, as it is written: subgraphs closed, values in order.
struct PageDocument {
  var body: PageBody
  /// By their ids.
  var subgraphs: [String: PageSubgraph]
}

/// Nodes and the links between them.
struct PageBody {
  var nodes: [PageNode]
  /// By their ids.
  var links: [Int: PageLink]
  private let places: [String: Int]

  init(nodes: [PageNode], links: [Int: PageLink]) {
    (self.nodes, self.links) = (nodes, links)
    places = Dictionary(nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func node(_ id: String) -> PageNode? { places[id].map { nodes[$0] } }
}

/// From an output to an input.
struct PageLink {
  var origin: String
  var originSlot: Int
  var target: String
  var targetSlot: Int

  /// What stands for the inputs of a subgraph inside it.
  static let inputs = "-10"
  /// What stands for its outputs.
  static let outputs = "-20"
}

struct PageSubgraph {
  var name: String
  var body: PageBody
  var inputs: [PageSlot]
  var outputs: [PageSlot]
  var location: SourceLocation
  /// Inputs that lead to the place of a widget.
  let promoted: [Int]
  /// By output, the link that leads into it.
  let outputLinks: [Int: Int]

  init(name: String, body: PageBody, inputs: [PageSlot], outputs: [PageSlot], location: SourceLocation) {
    (self.name, self.body, self.inputs, self.outputs, self.location) = (name, body, inputs, outputs, location)
    var widgets: Set<Int> = []
    var outputLinks: [Int: Int] = [:]
    for (id, link) in body.links {
      if link.target == PageLink.outputs { outputLinks[link.targetSlot] = id }
      guard link.origin == PageLink.inputs, let node = body.node(link.target),
        node.inputs.indices.contains(link.targetSlot)
      else { continue }
      if node.inputs[link.targetSlot].isWidget { widgets.insert(link.originSlot) }
    }
    promoted = inputs.indices.filter(widgets.contains)
    self.outputLinks = outputLinks
  }
}

struct PageNode {
  enum Mode { case active, muted, bypassed }

  var id: String
  /// A class, or the id of a subgraph.
  var type: String
  var title: String?
  var mode: Mode
  var inputs: [PageSlot]
  var outputs: [PageSlot]
  /// In the order of the class's widgets.
  var values: [JSONNode]
  var namedValues: [String: JSONNode]
  /// Of a node that uses a subgraph: the widgets inside it that it shows, as ids and names.
  var shownWidgets: [(node: String, widget: String)]
  var location: SourceLocation
}

struct PageSlot {
  var name: String
  var type: String
  var link: Int?
  /// Whether the value of a widget takes its place while no link leads here.
  var isWidget: Bool
}
