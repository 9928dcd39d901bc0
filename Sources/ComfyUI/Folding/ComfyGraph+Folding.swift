import Diagnostics

extension ComfyGraph {
  /// The nodes in the order of the file, each after what leads into it; nil after a link to nowhere or a cycle was reported.
  func ordered(into collector: DiagnosticCollector) -> [ComfyNode]? {
    guard let sources = sources(into: collector) else { return nil }
    enum State { case new, open, done }
    var states = [State](repeating: .new, count: nodes.count)
    var order: [Int] = []
    // Nodes whose inputs are looked at, with the number of the next one; a list, as a chain may be longer than a stack.
    var path: [(node: Int, next: Int)] = []
    for start in nodes.indices where states[start] == .new {
      path = [(start, 0)]
      states[start] = .open
      while let (node, next) = path.last {
        guard next < sources[node].count else {
          states[node] = .done
          order.append(node)
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        let source = sources[node][next]
        switch states[source] {
        case .done: break
        case .new:
          states[source] = .open
          path.append((source, 0))
        case .open:
          collector.error(
            "the links go round in a circle, by way of \(nodes[source].shown)", at: nodes[source].location)
          return nil
        }
      }
    }
    return order.map { nodes[$0] }
  }

  /// For each node the numbers of those that lead into it; nil after a link to nowhere was reported.
  private func sources(into collector: DiagnosticCollector) -> [[Int]]? {
    let places = Dictionary(nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    var isWhole = true
    let sources = nodes.map { node in
      node.inputs.sorted { $0.key < $1.key }.compactMap { name, input -> Int? in
        guard case .link(let link) = input.value else { return nil }
        if let source = places[link.node] { return source }
        collector.error(
          "'\(name)' of \(node.shown) leads to node \(link.node), which is not there", at: input.location)
        isWhole = false
        return nil
      }
    }
    return isWhole ? sources : nil
  }

  /// The graph without switches and values: what they give stands where it goes, from inputs to outputs.
  ///
  /// What cannot be computed before the workflow runs stays a node. Nil after reported problems.
  func folded(into collector: DiagnosticCollector) -> ComfyGraph? {
    guard let ordered = ordered(into: collector) else { return nil }
    var graph = ComfyGraph(notes: notes, uses: uses)
    var outputs: [String: [ComfyValue?]] = [:]
    var textBytes = 0
    for var node in ordered {
      for (name, input) in node.inputs {
        guard case .link(let link) = input.value, let values = outputs[link.node] else { continue }
        if values.indices.contains(link.slot), let value = values[link.slot] {
          node.inputs[name]?.value = value
        } else {
          node.inputs[name] = nil
        }
      }
      if case .folded(let rule)? = ComfyClass.all[node.type]?.treatment,
        let values = rule(FoldedInputs(inputs: node.inputs))
      {
        for case .text(let text)? in values { textBytes += text.utf8.count }
        guard textBytes <= ComfyGraph.textLimit else {
          collector.error(
            "the texts that the workflow puts together have more than \(ComfyGraph.textLimit) bytes", at: node.location)
          return nil
        }
        outputs[node.id] = values
      } else {
        graph.nodes.append(node)
      }
    }
    return graph
  }
}
