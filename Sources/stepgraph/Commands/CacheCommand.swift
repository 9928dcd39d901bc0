import ArgumentParser
import Foundation
import GraphEngine

/// `stepgraph cache`: what is kept on disk.
struct CacheCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "Looks at the cache.", subcommands: [Stats.self])

  struct Stats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows how much the cache holds.")

    @OptionGroup var location: CacheLocation

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
      try await reporting {
        let statistics = DiskCache(at: location.path).statistics()
        try Terminal.write(json ? jsonText(StatisticsDescription(statistics)) : text(statistics))
      }
    }

    private func text(_ statistics: CacheStatistics) -> String {
      var text = "\(statistics.location)\n"
      text += "\(statistics.entries) entries, \(sizeText(statistics.bytes)) in \(statistics.blobs) blobs\n"
      if statistics.quarantined > 0 { text += "\(statistics.quarantined) damaged files set aside\n" }
      let kinds = statistics.byNodeType.sorted { ($1.value.bytes, $0.key) < ($0.value.bytes, $1.key) }
      if kinds.isEmpty { return text }
      let rows = kinds.map { ["\($0.value.entries)", $0.key, sizeText($0.value.bytes)] }
      return text + "\n" + tableText(rows, indent: "  ")
    }
  }
}

/// Which folder the cache is in.
struct CacheLocation: ParsableArguments {
  @Option(
    name: .customLong("cache"),
    help: ArgumentHelp(
      "The cache folder; $XDG_CACHE_HOME/stepgraph or ~/.cache/stepgraph when left out.", valueName: "dir"))
  var folder: String?

  func validate() throws {
    if folder == "" { throw ValidationError("--cache takes a folder; an empty text was given.") }
  }

  /// The XDG base directory specification: a relative XDG_CACHE_HOME is ignored.
  var path: String {
    if let folder { return folder }
    let environment = ProcessInfo.processInfo.environment
    if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") { return base + "/stepgraph" }
    return NSHomeDirectory() + "/.cache/stepgraph"
  }
}

/// A size as people read it: `512 B`, `1.5 MB`.
private func sizeText(_ bytes: Int) -> String {
  var size = Double(bytes)
  for unit in ["B", "kB", "MB", "GB"] {
    if size < 999.5 {
      return unit == "B" ? "\(bytes) B" : String(format: size < 9.95 ? "%.1f \(unit)" : "%.0f \(unit)", size)
    }
    size /= 1000
  }
  return String(format: "%.1f TB", size)
}

private struct StatisticsDescription: Encodable {
  struct Kind: Encodable {
    let entries: Int
    let bytes: Int
  }

  let location: String
  let entries: Int
  let blobs: Int
  let bytes: Int
  let quarantined: Int
  let nodeTypes: [String: Kind]

  init(_ statistics: CacheStatistics) {
    location = statistics.location
    entries = statistics.entries
    blobs = statistics.blobs
    bytes = statistics.bytes
    quarantined = statistics.quarantined
    nodeTypes = statistics.byNodeType.mapValues { Kind(entries: $0.entries, bytes: $0.bytes) }
  }
}
