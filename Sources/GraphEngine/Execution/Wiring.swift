/// A plan's wires between representatives, both ways round, and the output slots they lead from.
struct Wiring: Sendable {
  struct Wire: Sendable {
    let producer: Int
    /// The producer's output among all outputs of the graph.
    let slot: Int
  }

  private let firstSlots: [Int]
  private let representatives: [Int]
  private let wires: Lists<Wire>
  private let consumerLists: Lists<Int>
  let slotCount: Int

  init(_ plan: Plan) {
    var slotCount = 0
    var firstSlots: [Int] = []
    firstSlots.reserveCapacity(plan.nodes.count)
    for node in plan.graph.nodes {
      firstSlots.append(slotCount)
      slotCount += node.declaration.outputs.count
    }
    let representatives = plan.representatives
    var wires: [(node: Int, wire: Wire)] = []
    for index in plan.nodes.indices where representatives[index] == index {
      for sources in plan.graph.nodes[index].inputs {
        for source in sources {
          let producer = representatives[source.node]
          wires.append((index, Wire(producer: producer, slot: firstSlots[producer] + source.output)))
        }
      }
    }
    self.slotCount = slotCount
    self.firstSlots = firstSlots
    self.representatives = representatives
    self.wires = Lists(count: plan.nodes.count, items: wires.map { ($0.node, $0.wire) })
    consumerLists = Lists(count: plan.nodes.count, items: wires.map { ($0.wire.producer, $0.node) })
  }

  func slot(_ source: WireSource) -> Int { firstSlots[representatives[source.node]] + source.output }
  func slot(of node: Int, output: Int) -> Int { firstSlots[node] + output }

  /// The wires into a node.
  func inputs(of node: Int) -> ArraySlice<Wire> { wires[node] }
  /// The nodes that take a node's outputs, once for each wire.
  func consumers(of node: Int) -> ArraySlice<Int> { consumerLists[node] }
}

/// Many short lists in two arrays.
private struct Lists<Item: Sendable>: Sendable {
  private let starts: [Int]
  private let items: [Item]

  /// Collects the items of each list in the order they come in.
  init(count: Int, items: [(list: Int, item: Item)]) {
    var starts = Array(repeating: 0, count: count + 1)
    for (list, _) in items { starts[list + 1] += 1 }
    for list in 0..<count { starts[list + 1] += starts[list] }
    var next = starts
    var order = Array(repeating: 0, count: items.count)
    for (position, entry) in items.enumerated() {
      order[next[entry.list]] = position
      next[entry.list] += 1
    }
    self.starts = starts
    self.items = order.map { items[$0].item }
  }

  subscript(list: Int) -> ArraySlice<Item> { items[starts[list]..<starts[list + 1]] }
}
