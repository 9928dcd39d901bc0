import ArgumentParser
import GraphEngine
import StepgraphNodes

/// `stepgraph diff`: where two runs part.
struct DiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Names the first node where two runs part, what made it part, and by how much.",
    discussion: "Runs are named as in 'stepgraph runs'. Exit codes: 0 the same results, 1 the runs part.")

  @Argument(help: ArgumentHelp("A run's name or the beginning of it, last, or last~1.", valueName: "run"))
  var before: String

  @Argument(help: ArgumentHelp("The run to compare it with.", valueName: "run"))
  var after: String

  @OptionGroup var location: CacheLocation

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    try await reporting {
      let cache = DiskCache(at: location.path)
      let (before, after) = (try cache.manifest(named: before), try cache.manifest(named: after))
      let parting = RunComparison(before: before, after: after).parting(cache: cache)
      let description = Description(before, after, parting, cache)
      try Terminal.write(json ? jsonText(description) : description.text)
      if parting != nil { throw ExitCode.nodeFailed }
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
    /// Nil when the runs have the same results.
    let node: String?
    let type: String?
    let changes: [ChangeDescription]
    let outputs: [Output]
    let differing: Int
    private let lines: [String]

    private enum CodingKeys: CodingKey { case before, after, node, type, changes, outputs, differing }

    init(_ before: RunManifest, _ after: RunManifest, _ parting: RunComparison.Parting?, _ cache: DiskCache) {
      self.before = before.name
      self.after = after.name
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

    var text: String {
      guard let node, let type else { return "the runs have the same results\n" }
      var text = "the runs part at \(node) (\(type))"
      text += differing > 1 ? "; \(differing) nodes have other results\n" : "\n"
      for line in lines { text += "  \(line)\n" }
      if changes.isEmpty { text += "  its key is the same: the node does not give the same bits twice\n" }
      for output in outputs {
        text += "  \(output.port): "
        text += output.difference?.text ?? "other bits (\(short(output.was)) and \(short(output.is)))"
        text += "\n"
      }
      return text
    }

    private func short(_ digest: ContentDigest) -> Substring { digest.description.prefix(12) }
  }
}
