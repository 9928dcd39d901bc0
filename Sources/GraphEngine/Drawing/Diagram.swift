/// A plan as it is drawn: boxes, the clusters that loops, subgraphs and points of a sweep make, and wires.
package struct Diagram: Sendable {
  struct Box: Sendable {
    var name: String
    /// The node's, or what is in a loop or subgraph that is drawn as one box.
    var type: String
    /// All that the box stands for, for those who point at it.
    var members: [String] = []
    /// What becomes of them.
    var actions: [String: Int] = [:]
    /// Nil at the top.
    let cluster: Int?
  }

  struct Cluster: Sendable {
    let name: String
    /// How many iterations are folded into one; nil when unrolled, and for subgraphs.
    var times: Int?
    let parent: Int?
  }

  struct Wire: Sendable, Hashable {
    let from: Int
    let to: Int
  }

  let title: String
  private(set) var boxes: [Box] = []
  private(set) var clusters: [Cluster] = []
  /// From earlier boxes to later ones, each once.
  private(set) var wires: [Wire] = []
  /// What one iteration of a folded loop hands to the next.
  private(set) var feedback: [Wire] = []
  /// Nodes by what becomes of them.
  private(set) var actions: [String: Int] = [:]

  /// More boxes than this are too many to look at: loops and subgraphs are one box each then, the innermost first.
  package static let boxLimit = 60

  /// - Parameter isUnrolled: draws every iteration of loops and every point of a sweep, instead of one for all, and all that is
  ///   in loops and subgraphs.
  package init(_ plan: Plan, isUnrolled: Bool) {
    let graph = plan.graph
    title = graph.path.split(separator: "/").last.map(String.init) ?? graph.path
    var boxIndices: [String: Int] = [:]
    var clusterIndices: [String: Int] = [:]
    var iterations: [Int: Set<String>] = [:]
    var boxOf: [Int] = []
    let places = graph.nodes.map { isUnrolled ? $0.address : FoldedAddress($0.address).text }
    let depth = isUnrolled ? .max : Self.depth(of: places)
    /// Of boxes that stand for a loop or subgraph: the nodes in it, and the loop's iterations.
    var contents: [Int: (nodes: Set<String>, iterations: Set<Substring>)] = [:]
    for (index, node) in graph.nodes.enumerated() {
      let all = places[index].split(separator: "/").map(String.init)
      let parts = Array(all.prefix(depth))
      let address = parts.joined(separator: "/")
      var cluster: Int?
      var path = ""
      for part in parts.dropLast() {
        path += part + "/"
        if clusterIndices[path] == nil {
          clusterIndices[path] = clusters.count
          clusters.append(Cluster(name: part, parent: cluster))
        }
        cluster = clusterIndices[path]
      }
      if !isUnrolled { Self.noteIterations(node.address, clusterIndices, &iterations) }
      let box = boxIndices[address] ?? boxes.count
      if box == boxes.count {
        boxIndices[address] = box
        boxes.append(Box(name: parts.last ?? address, type: node.declaration.info.type, cluster: cluster))
      }
      if all.count > depth {
        let part = SweptAddress(node.address).place.split(separator: "/")[depth - 1]
        contents[box, default: ([], [])].nodes.insert(places[index])
        if part.hasSuffix("]") { contents[box, default: ([], [])].iterations.insert(part) }
      }
      let action = plan.nodes[index].action.name
      boxes[box].members.append("\(node.address): \(action), \(plan.reason(for: index))")
      boxes[box].actions[action, default: 0] += 1
      actions[action, default: 0] += 1
      boxOf.append(box)
    }
    for (cluster, indices) in iterations { clusters[cluster].times = indices.count }
    for (box, inside) in contents {
      hasClosedBoxes = true
      boxes[box].type = "\(inside.nodes.count) node\(inside.nodes.count == 1 ? "" : "s")"
      if !inside.iterations.isEmpty { boxes[box].name += " × \(inside.iterations.count)" }
    }
    var known: Set<Wire> = []
    for (index, node) in graph.nodes.enumerated() {
      for source in node.inputs.joined() {
        let wire = Wire(from: boxOf[source.node], to: boxOf[index])
        // What goes on inside of one box is not drawn.
        if wire.from == wire.to, contents[wire.to] != nil { continue }
        guard known.insert(wire).inserted else { continue }
        // Boxes are in the order of their first nodes, which is topological.
        if wire.from < wire.to { wires.append(wire) } else { feedback.append(wire) }
      }
    }
  }

  /// How much of addresses is drawn, so that boxes are few enough.
  private static func depth(of places: [String]) -> Int {
    let parts = Set(places).map { $0.split(separator: "/") }
    let deepest = parts.map(\.count).max() ?? 1
    for depth in stride(from: deepest, to: 1, by: -1) where Set(parts.map { $0.prefix(depth) }).count <= boxLimit {
      return depth
    }
    return 1
  }

  /// Whether loops are drawn once for all iterations.
  var hasLoops: Bool { clusters.contains { $0.times != nil } || boxes.contains { $0.name.contains(" × ") } }
  /// Whether loops or subgraphs are drawn as one box.
  private(set) var hasClosedBoxes = false

  /// Counts the iterations of each loop that an address is in.
  private static func noteIterations(
    _ address: String, _ clusters: [String: Int], _ iterations: inout [Int: Set<String>]
  ) {
    var path = ""
    for part in address.split(separator: "/").dropLast() where !part.contains("=") {
      let isLoop = part.hasSuffix("]")
      path += (isLoop ? part.prefix { $0 != "[" } : part) + "/"
      if isLoop, let cluster = clusters[path] { iterations[cluster, default: []].insert(String(part)) }
    }
  }

  /// From the outermost on.
  func clusters(around cluster: Int?) -> [Int] {
    var path: [Int] = []
    var next = cluster
    while let cluster = next {
      path.append(cluster)
      next = clusters[cluster].parent
    }
    return path.reversed()
  }
}
