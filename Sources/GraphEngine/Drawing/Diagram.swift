/// A plan as it is drawn: boxes, the clusters that loops, subgraphs and points of a sweep make, and wires.
package struct Diagram: Sendable {
  struct Box: Sendable {
    let name: String
    let type: String
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

  /// - Parameter isUnrolled: draws every iteration of loops and every point of a sweep, instead of one for all.
  package init(_ plan: Plan, isUnrolled: Bool) {
    let graph = plan.graph
    title = graph.path.split(separator: "/").last.map(String.init) ?? graph.path
    var boxIndices: [String: Int] = [:]
    var clusterIndices: [String: Int] = [:]
    var iterations: [Int: Set<String>] = [:]
    var boxOf: [Int] = []
    for (index, node) in graph.nodes.enumerated() {
      let address = isUnrolled ? node.address : FoldedAddress(node.address).text
      let parts = address.split(separator: "/").map(String.init)
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
      let action = plan.nodes[index].action.name
      boxes[box].members.append("\(node.address): \(action), \(plan.reason(for: index))")
      boxes[box].actions[action, default: 0] += 1
      actions[action, default: 0] += 1
      boxOf.append(box)
    }
    for (cluster, indices) in iterations { clusters[cluster].times = indices.count }
    var known: Set<Wire> = []
    for (index, node) in graph.nodes.enumerated() {
      for source in node.inputs.joined() {
        let wire = Wire(from: boxOf[source.node], to: boxOf[index])
        guard known.insert(wire).inserted else { continue }
        // Boxes are in the order of their first nodes, which is topological.
        if wire.from < wire.to { wires.append(wire) } else { feedback.append(wire) }
      }
    }
  }

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
