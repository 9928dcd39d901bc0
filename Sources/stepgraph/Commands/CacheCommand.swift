import ArgumentParser
import Diagnostics
import Foundation
import GraphEngine

/// `stepgraph cache`: what is kept on disk.
struct CacheCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "Looks at the cache and looks after it.",
    subcommands: [
      Stats.self, List.self, Verify.self, Collect.self, Pin.self, Unpin.self, Clear.self, Bench.self,
    ])

  struct Stats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "stats", abstract: "Shows how much the cache holds.")

    @OptionGroup var location: CacheLocation
    @OptionGroup var limits: CacheLimits

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
      try await reporting {
        let limit = limits.settings().limit
        let cache = DiskCache(at: location.path)
        let statistics = cache.statistics()
        try Terminal.write(
          json ? jsonText(StatisticsDescription(statistics, limit: limit)) : text(statistics, limit: limit))
        try checkIsComplete(cache)
      }
    }

    private func text(_ statistics: CacheStatistics, limit: Int) -> String {
      var text = "\(statistics.location)\n"
      text += "\(statistics.entries) entries, \(ByteCount(statistics.bytes)) in \(statistics.blobs) blobs; "
      text += "\(ByteCount(statistics.bytesOnDisk)) of \(ByteCount(limit)) on disk\n"
      if statistics.pinned > 0 { text += "\(statistics.pinned) pinned\n" }
      if statistics.writers > 0 { text += "\(statistics.writers) being written\n" }
      if statistics.quarantined > 0 { text += "\(statistics.quarantined) damaged files set aside\n" }
      let kinds = statistics.byNodeType.sorted { ($1.value.bytes, $0.key) < ($0.value.bytes, $1.key) }
      if kinds.isEmpty { return text }
      let rows = kinds.map { ["\($0.value.entries)", $0.key, "\(ByteCount($0.value.bytes))"] }
      return text + "\n" + tableText(rows, indent: "  ")
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ls", abstract: "Lists results, what was used last in front.",
      discussion: """
        The columns: key, node type, size, how long it took to compute, how long ago it was used last and computed, the workflow \
        and the node that computed it, pinned.
        """)

    @OptionGroup var location: CacheLocation

    @Option(help: ArgumentHelp("List so many.", valueName: "n"))
    var limit = Int.max

    @Flag(help: "Print JSON, with the digest of every output.")
    var json = false

    func validate() throws {
      if limit < 0 { throw ValidationError("--limit is \(limit); 0 or more was expected.") }
    }

    func run() async throws {
      try await reporting {
        let cache = DiskCache(at: location.path)
        let entries = cache.list().prefix(limit)
        try Terminal.write(json ? jsonText(entries.map(EntryDescription.init)) : table(entries))
        try checkIsComplete(cache)
      }
    }

    private func table(_ entries: some Sequence<CachedEntry>) -> String {
      let now = Int(Date().timeIntervalSince1970)
      let rows = entries.map { cached in
        let (entry, origin) = (cached.entry, cached.entry.origin)
        return [
          String(entry.key.description.prefix(12)), entry.node, "\(ByteCount(cached.bytes))",
          durationText(entry.seconds), ageText(now - cached.lastUsed), origin.map { ageText(now - $0.time) } ?? "-",
          origin.map { pathText($0.workflow) } ?? "-", origin?.address ?? "-", cached.isPinned ? "pinned" : "",
        ]
      }
      return tableText(rows)
    }
  }
}

/// Throws a `Diagnostic` when what was shown is not all, as something could not be read.
private func checkIsComplete(_ cache: DiskCache) throws {
  if let trouble = cache.takeTrouble() { throw Diagnostic("the cache may hold more: \(trouble.text)") }
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
  let bytesOnDisk: Int
  let limit: Int
  let pinned: Int
  let writers: Int
  let quarantined: Int
  let nodeTypes: [String: Kind]

  init(_ statistics: CacheStatistics, limit: Int) {
    location = statistics.location
    entries = statistics.entries
    blobs = statistics.blobs
    bytes = statistics.bytes
    bytesOnDisk = statistics.bytesOnDisk
    self.limit = limit
    pinned = statistics.pinned
    writers = statistics.writers
    quarantined = statistics.quarantined
    nodeTypes = statistics.byNodeType.mapValues { Kind(entries: $0.entries, bytes: $0.bytes) }
  }
}

private struct EntryDescription: Encodable {
  struct Output: Encodable {
    let port: String
    let type: String
    let digest: String
    let bytes: Int
  }

  let key: String
  let node: String
  let bytes: Int
  let seconds: Double
  /// In UTC, ISO 8601.
  let lastUsed: String
  let pinned: Bool
  /// The workflow and the node in it that computed it, and when, in UTC, ISO 8601; nil where that is not known.
  let workflow: String?
  let address: String?
  let computed: String?
  let outputs: [Output]

  init(_ cached: CachedEntry) {
    key = cached.entry.key.description
    node = cached.entry.node
    bytes = cached.bytes
    seconds = cached.entry.seconds
    lastUsed = Date(timeIntervalSince1970: Double(cached.lastUsed)).ISO8601Format()
    pinned = cached.isPinned
    workflow = cached.entry.origin?.workflow
    address = cached.entry.origin?.address
    computed = cached.entry.origin.map { Date(timeIntervalSince1970: Double($0.time)).ISO8601Format() }
    outputs = cached.entry.outputs.map {
      Output(port: $0.port, type: $0.type, digest: $0.blob.description, bytes: $0.size)
    }
  }
}
