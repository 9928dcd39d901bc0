import ArgumentParser
import Diagnostics
import Foundation
import GraphEngine
import StepgraphNodes

/// What `run` and `plan` ask about the graph and the cache.
struct GraphOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("The workflow file.", valueName: "graph"))
  var graph: String

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Give a param another value, such as prompt='a green apple' or seed=random; may be repeated.",
      valueName: "param=value"))
  var settings: [String] = []

  @Argument(help: ArgumentHelp("More settings.", visibility: .hidden))
  var moreSettings: [String] = []

  @Option(
    help: ArgumentHelp(
      "Run only what this node needs, instead of the graph's sinks and outputs; may be repeated.", valueName: "node"))
  var target: [String] = []

  @OptionGroup var cacheLocation: CacheLocation

  @Flag(name: .customLong("no-cache"), help: "Neither read nor write the cache.")
  var noCache = false

  mutating func validate() throws {
    if cacheLocation.folder != nil && noCache { throw ValidationError("--cache and --no-cache exclude each other.") }
    for setting in settings + moreSettings where !setting.contains("=") {
      throw ValidationError("Unexpected '\(setting)'; settings are written param=value.")
    }
  }

  /// The graph, checked and unrolled.
  func resolvedGraph() throws(DiagnosticList) -> ResolvedGraph {
    let graph = try WorkflowLoader(catalog: .stepgraph).resolve(
      graph,
      settings: (settings + moreSettings).map { setting in
        let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return ParameterSetting(name: String(parts[0]), text: String(parts[1]))
      },
      targets: target.isEmpty ? nil : target)
    Terminal.show(graph.warnings)
    return graph
  }

  /// Nil with `--no-cache`.
  var cache: DiskCache? { noCache ? nil : DiskCache(at: cacheLocation.path) }
}
