import ArgumentParser
import Diagnostics
import Foundation
import GraphEngine
import StepgraphNodes
import Tensors

/// `stepgraph plan`: what a run would do, and why.
struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Shows what a run would do: per node hit, run or skip, and why.")

  @OptionGroup var options: GraphOptions

  @Flag(help: "List every node of a large sweep, instead of one line for all iterations and points.")
  var expand = false

  @Flag(help: "Print JSON.")
  var json = false

  /// Sweeps of more nodes are listed folded.
  private static let listLimit = 400

  func run() async throws {
    try await reporting {
      let plan = try options.settings.plan(options.resolvedGraph(), cache: options.cache, isShown: !json)
      Terminal.show(plan.warnings)
      let expected = ExpectedTimes(of: plan, from: options.cache?.recentManifests() ?? [])
      let seconds = expected.seconds
      if json {
        return try Terminal.write(jsonText(plan.nodes.indices.map { NodeRow(plan, $0, seconds: seconds[$0]) }))
      }
      let summary = summary(plan, seconds, total: expected.total(of: seconds))
      guard !plan.graph.points.isEmpty else { return try Terminal.write(list(plan, seconds) + "\n" + summary) }
      let isFolded = plan.nodes.count > Self.listLimit && !expand
      try Terminal.write(
        summary + "\n" + (isFolded ? FoldedPlan(plan, seconds: seconds).text : list(plan, seconds)))
    }
  }

  private func summary(_ plan: Plan, _ seconds: [Double?], total: Double?) -> String {
    let unknown = plan.runCount - seconds.count { $0 != nil }
    var time = ""
    if let total {
      time = "about \(durationText(total))\(unknown > 0 ? ", and \(countText(unknown, "node")) of unknown time" : "")\n"
    } else if unknown > 0 {
      time = "how long it takes is unknown before the first run\n"
    }
    let points = plan.graph.points.count
    let swept = points > 0 ? ", \(plan.sharedCount) shared among the \(countText(points, "point")) of the sweep" : ""
    return "\(time)\(plan.runCount) to run, \(plan.hitCount) from the cache\(swept)\n"
  }

  private func list(_ plan: Plan, _ seconds: [Double?]) -> String {
    tableText(
      plan.nodes.indices.map { index in
        let row = NodeRow(plan, index, seconds: seconds[index])
        let time = row.action == "run" ? row.seconds.map(durationText) ?? "?" : ""
        return [row.action, row.node, row.type, time, row.reason]
      })
  }
}

/// The nodes of a sweep, those alike but for iteration and point together.
private struct FoldedPlan {
  private struct Row {
    let type: String
    var actions: [String: Int] = [:]
    var seconds = 0.0
    var hasUnknown = false
  }

  private var order: [String] = []
  private var rows: [String: Row] = [:]

  init(_ plan: Plan, seconds: [Double?]) {
    for index in plan.graph.nodes.indices {
      let name = FoldedAddress(plan.graph.nodes[index].address).text
      if rows[name] == nil {
        order.append(name)
        rows[name] = Row(type: plan.graph.nodes[index].declaration.info.type)
      }
      rows[name]?.actions[plan.nodes[index].action.name, default: 0] += 1
      guard plan.nodes[index].action == .run else { continue }
      if let seconds = seconds[index] { rows[name]?.seconds += seconds } else { rows[name]?.hasUnknown = true }
    }
  }

  /// A line for each, such as `sample/next  DDIMStep  12.5 s  500 run, 20 shared`.
  var text: String {
    tableText(
      order.compactMap { name in
        guard let row = rows[name] else { return nil }
        let actions = ["run", "hit", "shared", "open", "skip"].compactMap { action in
          row.actions[action].map { "\($0) \(action)" }
        }
        let time = row.hasUnknown ? "?" : row.actions["run"] == nil ? "" : durationText(row.seconds)
        return [name, row.type, time, actions.joined(separator: ", ")]
      })
  }
}

private struct NodeRow: Encodable {
  let node: String
  let type: String
  let action: String
  let reason: String
  /// How long it should take, from earlier runs.
  let seconds: Double?

  init(_ plan: Plan, _ index: Int, seconds: Double?) {
    node = plan.graph.nodes[index].address
    type = plan.graph.nodes[index].declaration.info.type
    action = plan.nodes[index].action.name
    reason = plan.reason(for: index)
    self.seconds = seconds
  }
}
