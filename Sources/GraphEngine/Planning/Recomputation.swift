import Diagnostics

extension ResolvedGraph {
  /// The nodes to compute again for someone who doubts those of the given names: they, and all that follows from them.
  ///
  /// A name is an address, or the beginning of several, such as `sample` or `sample[7]`. `option` is what errors speak of.
  /// Throws `DiagnosticList` for names that fit no node, or none that a target needs.
  package func nodesToRefresh(_ names: [String], option: String) throws(DiagnosticList) -> Set<Int> {
    let isAsked = ancestorsOfTargets()
    var problems: [Diagnostic] = []
    var cone: Set<Int> = []
    for name in names {
      let place = SourceLocation(argument: "\(option) \(name)")
      let named = nodes.indices.filter { index in
        let address = nodes[index].address
        return address == name || address.hasPrefix(name + "/") || address.hasPrefix(name + "[")
      }
      if named.isEmpty {
        problems.append(
          Diagnostic("there is no node '\(name)'", at: place, notes: [nearestAddressNote(to: name)].compactMap(\.self)))
      } else if !named.contains(where: { isAsked[$0] }) {
        problems.append(Diagnostic("no target of this run needs '\(name)'", at: place))
      }
      cone.formUnion(named)
    }
    guard problems.isEmpty else { throw DiagnosticList(problems) }
    for index in nodes.indices where nodes[index].inputs.joined().contains(where: { cone.contains($0.node) }) {
      cone.insert(index)
    }
    return cone
  }

  /// Which node, loop or subgraph a mistyped address may mean, as a note; nil when none is near.
  func nearestAddressNote(to name: String) -> String? {
    let addresses = nodes.prefix(10_000).map(\.address)
    let groups = Set(
      addresses.compactMap { address in
        address.firstIndex { $0 == "[" || $0 == "/" }.map { String(address[..<$0]) }
      })
    return nearestNameNote(to: name, among: groups.sorted() + addresses)
  }

  /// Which nodes a target may need, targets among them.
  func ancestorsOfTargets() -> [Bool] {
    var isAncestor = Array(repeating: false, count: nodes.count)
    for target in targets { isAncestor[target] = true }
    for index in nodes.indices.reversed() where isAncestor[index] {
      for wires in nodes[index].inputs {
        for wire in wires { isAncestor[wire.node] = true }
      }
    }
    return isAncestor
  }
}

extension Executor {
  /// A plan that computes nodes again whose results the cache holds, to compare them bit by bit: its run keeps nothing,
  /// and events tell how each node came out.
  ///
  /// Up to `count` are drawn at random of those whose inputs the cache holds too; nil when there are none.
  package func comparison(_ count: Int, of plan: Plan) throws -> Plan? {
    let chosen = nodesToCompare(count, of: plan)
    if chosen.isEmpty { return nil }
    var graph = plan.graph
    graph.targets = chosen.sorted()
    graph.outputs = [:]
    return try self.plan(graph, options: PlanOptions(recomputed: chosen, comparesOnly: true))
  }

  private func nodesToCompare(_ count: Int, of plan: Plan) -> Set<Int> {
    var chosen: Set<Int> = []
    var keys: Set<ContentDigest> = []
    for index in plan.graph.nodes.indices.shuffled() {
      if chosen.count == count { break }
      guard let key = plan.key(of: index), isCached(index, in: plan), hasCachedInputs(index, in: plan),
        keys.insert(key).inserted
      else { continue }
      chosen.insert(index)
    }
    return chosen
  }

  private func isCached(_ index: Int, in plan: Plan) -> Bool {
    guard let cache, plan.policies[index] == .disk, let key = plan.key(of: index) else { return false }
    return cache.entry(for: key, outputs: plan.graph.nodes[index].declaration.outputs) != nil
  }

  private func hasCachedInputs(_ index: Int, in plan: Plan) -> Bool {
    plan.graph.nodes[index].inputs.joined().allSatisfy {
      plan.graph.nodes[$0.node].declaration.isHandle || isCached($0.node, in: plan)
    }
  }
}
