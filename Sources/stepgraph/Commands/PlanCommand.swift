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
      let plan = try options.plan(options.resolvedGraph(), cache: options.cache, isShown: !json)
      let rows = plan.nodes.indices.map { NodeRow(plan, $0) }
      let table = tableText(rows.map { [$0.action, $0.node, $0.type, $0.reason] })
      let points = plan.graph.points.count
      let swept = points > 0 ? ", \(plan.sharedCount) shared among the \(points) points of the sweep" : ""
      let summary = "\n\(plan.runCount) to run, \(plan.hitCount) from the cache\(swept)\n"
      try Terminal.write(json ? jsonText(rows) : table + summary)
    }
  }
}

private struct NodeRow: Encodable {
  let node: String
  let type: String
  let action: String
  let reason: String

  init(_ plan: Plan, _ index: Int) {
    node = plan.graph.nodes[index].address
    type = plan.graph.nodes[index].declaration.info.type
    reason = plan.reason(for: index)
    action =
      switch plan.nodes[index].action {
      case .run: "run"
      case .hit: "hit"
      case .shared: "shared"
      case .open: "open"
      case .skip: "skip"
      }
  }
}
