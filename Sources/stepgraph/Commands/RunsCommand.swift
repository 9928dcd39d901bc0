import ArgumentParser
import GraphEngine

/// `stepgraph runs`: what was run, and what came of it.
struct RunsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "Lists the last runs, or shows one with its nodes.")

  @Argument(help: ArgumentHelp("A run's name or the beginning of it, last, or last~1.", valueName: "run"))
  var run: String?

  @OptionGroup var location: CacheLocation

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    try await reporting {
      let cache = DiskCache(at: location.path)
      if let run {
        let manifest = try cache.manifest(named: run)
        try Terminal.write(json ? jsonText(manifest) : text(manifest))
      } else {
        let manifests = cache.runNames.compactMap(cache.manifest)
        try Terminal.write(json ? jsonText(manifests.map(Summary.init)) : list(manifests))
      }
    }
  }

  private func list(_ manifests: [RunManifest]) -> String {
    if manifests.isEmpty { return "no runs on record in '\(location.path)'\n" }
    return tableText(
      manifests.map { manifest in
        [
          manifest.name, manifest.state.rawValue, manifest.seconds.map(durationText) ?? "",
          "\(manifest.count(of: "executed")) run, \(manifest.count(of: "disk")) cached", manifest.path,
        ]
      })
  }

  private func text(_ manifest: RunManifest) -> String {
    var text = "\(manifest.name)  \(manifest.start)\n\(manifest.path)\n"
    text += manifest.state.rawValue + (manifest.seconds.map { " in \(durationText($0))" } ?? "")
    if let failure = manifest.failure { text += ": \(failure)" }
    text += "\nnumerics: \(manifest.numerics)\n"
    func section(_ title: String, _ rows: [[String]]) {
      if !rows.isEmpty { text += "\n\(title)\n\(tableText(rows, indent: "  "))" }
    }
    section("params", manifest.parameters.sorted { $0.key < $1.key }.map { [$0.key, $0.value] })
    section("files", manifest.files.map { [$0] })
    section(
      "nodes",
      manifest.nodes.map { node in
        let outputs = node.outputs.map { "\($0.port) \($0.digest.description.prefix(12))" }
        return [
          node.source ?? "-", node.node, node.type, node.seconds.map(durationText) ?? "",
          outputs.joined(separator: ", "),
        ]
      })
    return text
  }

  private struct Summary: Encodable {
    let name: String
    let start: String
    let path: String
    let state: String
    let failure: String?
    let seconds: Double?
    let executed: Int
    let cached: Int
    let parameters: [String: String]
    let files: [String]

    init(_ manifest: RunManifest) {
      name = manifest.name
      start = manifest.start
      path = manifest.path
      state = manifest.state.rawValue
      failure = manifest.failure
      seconds = manifest.seconds
      executed = manifest.count(of: "executed")
      cached = manifest.count(of: "disk")
      parameters = manifest.parameters
      files = manifest.files
    }
  }
}

extension RunManifest {
  fileprivate func count(of source: String) -> Int { nodes.count { $0.source == source } }
}
