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

extension Plan {
  /// The nodes of an address; one without the point of a sweep stands for its node at every point.
  ///
  /// Throws a `DiagnosticList` with the nearest address when there is none.
  package func nodes(at address: String) throws -> [Int] {
    if let index = graph.nodes.firstIndex(where: { $0.address == address }) { return [index] }
    if !graph.points.isEmpty {
      let indices = graph.nodes.indices.filter { SweptAddress(graph.nodes[$0].address).place == address }
      if !indices.isEmpty { return indices }
    }
    let addresses = graph.nodes.prefix(10_000).map(\.address)
    // The name of a loop or subgraph stands for several nodes.
    let inside = addresses.first { $0.hasPrefix(address + "[") || $0.hasPrefix(address + "/") }
    let note = inside.map { "'\(address)' holds nodes, such as '\($0)'" } ?? graph.nearestAddressNote(to: address)
    throw DiagnosticList([Diagnostic("there is no node '\(address)'", notes: note.map { [$0] } ?? [])])
  }
}

/// Explains the nodes of a plan, each against the last run of the workflow that it was part of.
package final class Explainer {
  private let plan: Plan
  private let cache: DiskCache?
  private let now: RunManifest
  /// Position in `now`, by address.
  private let positions: [String: Int]
  /// Of the same workflow, the newest first, as far as they were looked at.
  private var comparisons: [RunComparison] = []
  /// Names of runs that were not looked at, the newest at the end.
  private var rest: [String]
  /// Whether a run was passed over whose record has no nodes.
  private var hasUnrecorded = false

  package init(_ plan: Plan, cache: DiskCache?, numerics: String) {
    self.plan = plan
    self.cache = cache
    now = RunManifest(plan, numerics: numerics, nodeLimit: .max)
    positions = Dictionary(now.nodes.enumerated().map { ($1.node, $0) }, uniquingKeysWith: { $1 })
    rest = cache?.runNames ?? []
  }

  /// What the node does in a run of the plan, and why.
  package func explanation(of index: Int) -> Explanation {
    let node = plan.graph.nodes[index]
    let last = positions[node.address].flatMap { lastComparison(with: now.nodes[$0]) }
    let causes = last?.causes(of: node.address) ?? []
    return Explanation(
      node: node.address, type: node.declaration.info.type, action: plan.nodes[index].action, lastRun: last?.before,
      causes: causes, remark: remark(on: index, last, hasChanged: !causes.isEmpty))
  }

  /// With the last run that the node was part of, or that had fewer iterations of the loop around it.
  private func lastComparison(with node: RunManifest.Node) -> RunComparison? {
    for comparison in comparisons where comparison.knows(node) { return comparison }
    while let name = rest.popLast() {
      guard let manifest = cache?.manifest(of: name), manifest.path == now.path else { continue }
      guard !manifest.nodes.isEmpty else {
        hasUnrecorded = true
        continue
      }
      let comparison = RunComparison(before: manifest, after: now)
      comparisons.append(comparison)
      if comparison.knows(node) { return comparison }
    }
    return nil
  }

  // MARK: Remarks

  private func remark(on index: Int, _ last: RunComparison?, hasChanged: Bool) -> String? {
    switch plan.nodes[index].action {
    case .hit:
      if last == nil { return "never run in this workflow, but the cache holds what another one computed" }
      return hasChanged ? "what it comes to now was computed before" : "nothing has changed"
    case .run: return remark(onRunning: index, last, hasChanged: hasChanged)
    case .shared, .open, .skip: return plan.reason(for: index)
    }
  }

  private func remark(onRunning index: Int, _ last: RunComparison?, hasChanged: Bool) -> String? {
    switch plan.nodes[index].reason {
    case .notCached, .inputRuns: break
    default: return plan.reason(for: index)
    }
    guard let last, let position = positions[plan.graph.nodes[index].address] else {
      return hasUnrecorded ? "the last run was too large for a record of its nodes" : "never run"
    }
    guard let then = last.counterpart(of: now.nodes[position]) else { return "never run" }
    if hasChanged { return nil }
    if then.isKept { return "evicted from the cache" }
    if then.source != nil { return "its result was not kept: it is quicker to compute than to read" }
    switch last.before.state {
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
