import ArgumentParser
import GraphEngine
import StepgraphNodes
import Tensors

/// `stepgraph explain`: why a node would run, or would not.
struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Tells why a node would run: what changed since the last run, with both values.")

  @Argument(help: ArgumentHelp("The workflow file.", valueName: "graph"), completion: Completions.workflow)
  var graph: String

  @Argument(
    help: ArgumentHelp(
      "The node's address, such as 'sample[7]/eps', or 'seed=2/image' in a sweep; 'image' is each point's.",
      valueName: "node"), completion: Completions.addresses)
  var node: String

  @OptionGroup var settings: GraphSettings

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    try await reporting {
      let resolved = try settings.resolvedGraph(graph)
      let plan = try settings.plan(resolved, cache: settings.cache, isShown: !json)
      let explainer = Explainer(plan, cache: settings.cache, numerics: Numerics.identifier)
      let explanations = try plan.nodes(at: node).map(explainer.explanation)
      guard json else { return try Terminal.write(explanations.map(\.text).joined()) }
      let descriptions = explanations.map(Description.init)
      // One node is an object, and one at all points of a sweep a list.
      try Terminal.write(
        resolved.points.isEmpty || node.contains("=") ? jsonText(descriptions[0]) : jsonText(descriptions))
    }
  }

  private struct Description: Encodable {
    let node: String
    let type: String
    let action: String
    /// The run that the changes are told against; nil when the node never ran.
    let since: String?
    let changes: [ChangeDescription]
    let remark: String?

    init(_ explanation: Explanation) {
      node = explanation.node
      type = explanation.type
      action = explanation.action.name
      since = explanation.lastRun?.name
      changes = explanation.causes.map(ChangeDescription.init)
      remark = explanation.remark
    }
  }
}
