import ArgumentParser
import Diagnostics
import Foundation
import GraphEngine

/// `stepgraph runs`: what was run, and what came of it.
struct RunsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "Lists the last runs, or shows one with its nodes.",
    discussion: """
      The columns: name, state, time, what it computed and took from the cache, workflow, and the params in which the runs \
      of a workflow differ.
      """)

  @Argument(help: runNameHelp, completion: Completions.runs)
  var run: String?

  @OptionGroup var location: CacheLocation

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    try await reporting {
      let cache = DiskCache(at: location.path)
      if let run {
        let manifest = try cache.manifest(named: run)
        try Terminal.write(json ? jsonText(manifest) : text(manifest, kept: cache.kept(by: manifest)))
      } else {
        let manifests = cache.runNames.compactMap(cache.manifest)
        try Terminal.write(
          json ? jsonText(manifests.map { Summary($0, kept: cache.kept(by: $0).count) }) : list(manifests, cache))
      }
    }
  }

  private func list(_ manifests: [RunManifest], _ cache: DiskCache) -> String {
    if manifests.isEmpty { return "no runs on record in '\(location.path)'\n" }
    let differences = RunSettings.differences(manifests)
    return tableText(
      zip(manifests, differences).map { manifest, difference in
        [
          manifest.name, manifest.state.rawValue, manifest.seconds.map(durationText) ?? "",
          work(manifest, kept: cache.kept(by: manifest).count), pathText(manifest.path), difference,
        ]
      })
  }

  private func work(_ manifest: RunManifest, kept: Int) -> String {
    if manifest.state == .unfinished { return "\(kept) kept" }
    return "\(manifest.count(of: "executed")) run, \(manifest.count(of: "disk")) cached"
  }

  private func text(_ manifest: RunManifest, kept: Set<String>) -> String {
    var text = "\(manifest.name)  \(manifest.start)\n\(manifest.path)\n"
    text += manifest.state.rawValue + (manifest.seconds.map { " in \(durationText($0))" } ?? "")
    if manifest.state == .unfinished {
      text += ": killed, or under way; \(countText(kept.count, "result")) kept"
    }
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
          node.source ?? (kept.contains(node.node) ? "kept" : "-"), node.node, node.type,
          node.seconds.map(durationText) ?? "", outputs.joined(separator: ", "),
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
    /// Of a run that was killed, or is under way: results that it kept.
    let kept: Int?
    let parameters: [String: String]
    let files: [String]

    init(_ manifest: RunManifest, kept: Int) {
      name = manifest.name
      start = manifest.start
      path = manifest.path
      state = manifest.state.rawValue
      failure = manifest.failure
      seconds = manifest.seconds
      executed = manifest.count(of: "executed")
      cached = manifest.count(of: "disk")
      self.kept = manifest.state == .unfinished ? kept : nil
      parameters = manifest.parameters
      files = manifest.files
    }
  }
}

/// How commands that take a run describe its name.
let runNameHelp = ArgumentHelp(
  "A run's name or a part that no other has, such as its last four digits, or last; RUN~2 is the run two before RUN.",
  valueName: "run")

/// What runs of one workflow were asked for.
enum RunSettings {
  /// For each run, the params that have not the same values in all runs of its workflow, such as `seed=7 steps='[1, 2]'`.
  static func differences(_ manifests: [RunManifest]) -> [String] {
    let runs = Dictionary(grouping: manifests.indices) { manifests[$0].path }
    let settings = manifests.map(\.parameters)
    var texts = Array(repeating: "", count: manifests.count)
    for indices in runs.values {
      let names = Set(indices.flatMap { settings[$0].keys }).sorted()
      let differing = names.filter { name in Set(indices.map { settings[$0][name] }).count > 1 }
      var previous: Int?
      for index in indices {
        var parts = differing.compactMap { name in settings[index][name].map { "\(name)=\(quoted($0))" } }
        // With the same values and another text, the file was edited.
        if let previous, settings[previous] == settings[index],
          manifests[previous].workflow != manifests[index].workflow
        {
          parts.append("(file changed)")
        }
        texts[index] = parts.joined(separator: " ")
        previous = index
      }
    }
    return texts
  }

  /// A text that is long or has blanks in it, as a shell would take it.
  private static func quoted(_ text: String) -> String {
    let short = text.count > 40 ? text.prefix(39) + "…" : text
    return short.isEmpty || short.contains(where: \.isWhitespace) ? "'\(short)'" : short
  }
}

extension RunManifest {
  fileprivate func count(of source: String) -> Int { nodes.count { $0.source == source } }
}
