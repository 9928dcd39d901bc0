import Diagnostics

/// Why a node would run, or would not: against the last run of the same workflow that knew the node.
package struct Explanation: Sendable {
  package let node: String
  package let type: String
  package let action: PlannedNode.Action
  /// Nil when the node never ran.
  package let lastRun: RunManifest?
  /// What changed since then, furthest upstream.
  package let causes: [RunComparison.Cause]
  /// What else there is to say; a sentence.
  package let remark: String?
}

extension DiskCache {
  /// The last run of a plan's workflow that a node of this address was part of.
  package func lastManifest(of plan: Plan, with address: String) -> RunManifest? {
    let path = RunManifest.absolutePath(plan.graph.path)
    for name in runNames.reversed() {
      guard let manifest = manifest(of: name), manifest.path == path else { continue }
      if manifest.nodes.contains(where: { $0.node == address }) { return manifest }
    }
    return nil
  }
}

extension Plan {
  /// The node of an address.
  ///
  /// Throws a `Diagnostic` with the nearest address when there is none.
  package func node(at address: String) throws -> Int {
    if let index = graph.nodes.firstIndex(where: { $0.address == address }) { return index }
    let addresses = graph.nodes.prefix(10_000).map(\.address)
    // The name of a loop or subgraph stands for several nodes.
    let inside = addresses.first { $0.hasPrefix(address + "[") || $0.hasPrefix(address + "/") }
    let note = inside.map { "'\(address)' holds nodes, such as '\($0)'" } ?? graph.nearestAddressNote(to: address)
    throw DiagnosticList([Diagnostic("there is no node '\(address)'", notes: note.map { [$0] } ?? [])])
  }

  /// What the node does in a run of this plan, and why.
  package func explanation(of index: Int, cache: DiskCache?, numerics: String) -> Explanation {
    let node = graph.nodes[index]
    let last = cache?.lastManifest(of: self, with: node.address)
    let now = RunManifest(self, numerics: numerics)
    let causes = last.map { RunComparison(before: $0, after: now).causes(of: node.address) } ?? []
    return Explanation(
      node: node.address, type: node.declaration.info.type, action: nodes[index].action, lastRun: last, causes: causes,
      remark: remark(on: index, lastRun: last, hasChanged: !causes.isEmpty))
  }

  private func remark(on index: Int, lastRun: RunManifest?, hasChanged: Bool) -> String? {
    switch nodes[index].action {
    case .hit:
      if lastRun == nil { return "never run in this workflow, but the cache holds what another one computed" }
      return hasChanged ? "what it comes to now was computed before" : "nothing has changed"
    case .run: return remark(onRunning: index, lastRun: lastRun, hasChanged: hasChanged)
    case .shared, .open, .skip: return reason(for: index)
    }
  }

  private func remark(onRunning index: Int, lastRun: RunManifest?, hasChanged: Bool) -> String? {
    switch nodes[index].reason {
    case .notCached, .inputRuns: break
    default: return reason(for: index)
    }
    guard let lastRun, let then = lastRun.nodes.first(where: { $0.node == graph.nodes[index].address }) else {
      return "never run"
    }
    if hasChanged { return nil }
    if then.isKept { return "evicted from the cache" }
    if then.source != nil { return "its result was not kept: it is quicker to compute than to read" }
    switch lastRun.state {
    case .done: return "the last run had no need of it"
    case .failed: return "the last run failed before it came to this node"
    case .interrupted: return "the last run was interrupted before it came to this node"
    case .unfinished: return "the last run did not come to this node; it was killed, or is under way"
    }
  }
}

extension Explanation {
  /// Such as `sample[15]/eps (CFGCombine) runs` and, indented, why.
  package var text: String {
    let verb =
      switch action {
      case .run: "runs"
      case .hit: "is in the cache"
      case .shared: "shares results"
      case .open: "is opened"
      case .skip: "is not needed"
      }
    var text = "\(node) (\(type)) \(verb)"
    if let remark { text += ": \(remark)" }
    text += "\n"
    guard let lastRun, !causes.isEmpty else { return text }
    text += "  changed since the run of \(lastRun.start):\n"
    for line in RunComparison.Cause.lines(causes) { text += "    \(line)\n" }
    return text
  }
}
