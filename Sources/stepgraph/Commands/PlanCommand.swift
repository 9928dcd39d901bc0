import ArgumentParser
import Foundation
import GraphEngine
import StepgraphNodes
import Tensors

/// `stepgraph plan`: what a run would do, and why.
struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Shows what a run would do: per node hit, run or skip, and why.")

  @OptionGroup var options: GraphOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    try await reporting {
      let plan = try options.settings.plan(options.resolvedGraph(), cache: options.cache, isShown: !json)
      Terminal.show(plan.warnings)
      let seconds = ExpectedTimes(of: plan, from: options.cache?.recentManifests() ?? []).seconds
      let rows = plan.nodes.indices.map { NodeRow(plan, $0, seconds: seconds[$0]) }
      try Terminal.write(json ? jsonText(rows) : text(rows, plan, seconds))
    }
  }

  private func text(_ rows: [NodeRow], _ plan: Plan, _ seconds: [Double?]) -> String {
    let table = rows.map { row in
      let time = row.action == "run" ? row.seconds.map(durationText) ?? "?" : ""
      return [row.action, row.node, row.type, time, row.reason]
    }
    let known = seconds.compactMap(\.self)
    let unknown = plan.runCount - known.count
    var time = ""
    if !known.isEmpty {
      time = "about \(durationText(known.reduce(0, +)))\(unknown > 0 ? ", and \(unknown) nodes of unknown time" : "")\n"
    } else if unknown > 0 {
      time = "how long it takes is unknown before the first run\n"
    }
    let points = plan.graph.points.count
    let swept = points > 0 ? ", \(plan.sharedCount) shared among the \(points) points of the sweep" : ""
    let summary = "\(plan.runCount) to run, \(plan.hitCount) from the cache\(swept)\n"
    return tableText(table) + "\n" + time + summary
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
