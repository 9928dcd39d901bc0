import ArgumentParser
import Diagnostics
import GraphEngine
import StepgraphNodes

/// `stepgraph diff`: where two runs part.
struct DiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Names the first node where two runs part, what made it part, and by how much.",
    discussion: """
      Runs are named as in 'stepgraph runs'. Exit codes: 0 the same results, 1 the runs part, or have no node in common or \
      not all.
      """)

  @Argument(help: runNameHelp, completion: Completions.runs)
  var before: String

  @Argument(help: ArgumentHelp("The run to compare it with.", valueName: "run"), completion: Completions.runs)
  var after: String

  @OptionGroup var location: CacheLocation

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    try await reporting {
      let cache = DiskCache(at: location.path)
      let (before, after) = (try cache.manifest(named: before), try cache.manifest(named: after))
      for manifest in [before, after] where manifest.nodes.isEmpty {
        throw DiagnosticList([
          Diagnostic(
            "the run '\(manifest.name)' cannot be compared: its record has no nodes",
            notes: ["those of graphs of more than \(RunManifest.nodeLimit) nodes have none"])
        ])
      }
      let comparison = RunComparison(before: before, after: after)
      let description = Description(comparison, comparison.parting(cache: cache), cache)
      try Terminal.write(json ? jsonText(description) : description.text)
      if !description.isSame { throw ExitCode.nodeFailed }
    }
  }

  private struct Description: Encodable {
    struct Output: Encodable {
      let port: String
      let type: String
      let was: ContentDigest
      let `is`: ContentDigest
      let difference: TensorDifference?
    }

    let before: String
    let after: String
    /// How many nodes both runs have.
    let common: Int
    let onlyBefore: [String]
    let onlyAfter: [String]
    /// Nil when the nodes that both runs have gave the same results.
    let node: String?
    let type: String?
    let changes: [ChangeDescription]
    let outputs: [Output]
    let differing: Int
    private let lines: [String]

    private enum CodingKeys: CodingKey {
      case before, after, common, onlyBefore, onlyAfter, node, type, changes, outputs, differing
    }

    init(_ comparison: RunComparison, _ parting: RunComparison.Parting?, _ cache: DiskCache) {
      before = comparison.before.name
      after = comparison.after.name
      let overlap = comparison.overlap
      (common, onlyBefore, onlyAfter) = (overlap.common, overlap.onlyBefore, overlap.onlyAfter)
      node = parting?.node
      type = parting?.type
      changes = parting?.causes.map(ChangeDescription.init) ?? []
      outputs =
        parting?.outputs.map { output in
          let difference = cache.blob(output.was).flatMap { was in
            cache.blob(output.is).flatMap { TensorDifference(cached: was, $0) }
          }
          return Output(port: output.port, type: output.type, was: output.was, is: output.is, difference: difference)
        } ?? []
      lines = RunComparison.Cause.lines(parting?.causes ?? [])
      differing = parting?.differing ?? 0
    }

    var isSame: Bool { node == nil && common > 0 && onlyBefore.isEmpty && onlyAfter.isEmpty }

    var text: String {
      if common == 0 { return "the runs have no node in common\n" }
      var lone = ""
      for (nodes, run) in [(onlyBefore, before), (onlyAfter, after)] {
        guard let first = nodes.first else { continue }
        lone += "\(countText(nodes.count, "node")) only in \(run)\(nodes.count == 1 ? ":" : ", such as") \(first)\n"
      }
      guard let node, let type else {
        if isSame { return "the runs have the same results\n" }
        return "the runs have the same results in the \(countText(common, "node")) that both have\n\(lone)"
      }
      var text = "the runs part at \(node) (\(type))"
      text += differing > 1 ? "; \(differing) nodes have other results\n" : "\n"
      for line in lines { text += "  \(line)\n" }
      if changes.isEmpty { text += "  its key is the same: the node does not give the same bits twice\n" }
      for output in outputs {
        text += "  \(output.port): "
        text += output.difference?.text ?? "other bits (\(short(output.was)) and \(short(output.is)))"
        text += "\n"
      }
      return text + lone
    }

    private func short(_ digest: ContentDigest) -> Substring { digest.description.prefix(12) }
  }
}
