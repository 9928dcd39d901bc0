import Foundation
import GraphEngine
import Testing

/// A cache that version 1 wrote: every later version reads it, or leaves it alone.
///
/// `STEPGRAPH_WRITE_CACHE_FIXTURE=Tests/Fixtures/cache-v2 swift test --filter CacheFixture` writes that of another layout,
/// to be kept beside this one.
struct CacheFixtureTests {
  static let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/cache-v1").path
  static let newFixture = ProcessInfo.processInfo.environment["STEPGRAPH_WRITE_CACHE_FIXTURE"]

  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  static func graph(_ model: String) -> ResolvedGraph {
    var toy = ToyGraph()
    toy.add("model", "Open", with: ["path": .path(model)])
    toy.add("l", "Use", in: ["handle": "model.left"])
    toy.add("warns", "Act", in: ["a": "l"], with: ["how": .string("warn")])
    toy.add("sum", "Add", in: ["a": "warns", "b": "l"], with: ["plus": .float(0.5)])
    return toy.graph(outputs: ["sum": "sum", "negated": "sum.negated"])
  }

  func copy() throws -> DiskCache {
    try FileManager.default.copyItem(atPath: Self.fixture, toPath: folder.path + "/cache")
    return DiskCache(at: folder.path + "/cache")
  }

  func run(in cache: DiskCache) async throws -> (outputs: [String: Double], log: EventLog) {
    try folder.write("2", to: "model/left")
    try folder.write("3", to: "model/right")
    let log = EventLog()
    let result = try await Executor(cache: cache, numerics: "fixture", events: log.sink)
      .run(Self.graph(folder.path + "/model"))
    return (result.outputs.compactMapValues { ($0 as? ToyNumber)?.value }, log)
  }

  @Test(.enabled(if: newFixture != nil)) func writeTheFixture() async throws {
    let path = try #require(Self.newFixture)
    #expect(try await run(in: DiskCache(at: path)).log.nodes(.executed).count == 3)
  }

  @Test func aRunTakesAllFromIt() async throws {
    let (outputs, log) = try await run(in: try copy())
    #expect(outputs == ["sum": 4.5, "negated": -4.5])
    #expect(log.nodes(.disk) == ["sum"])
    #expect(log.nodes(.executed) == [])
    #expect(log.warnings == ["be warned"])
  }

  /// Entry by entry, so that it holds even when keys are made in another way.
  @Test func itsEntriesAreRead() throws {
    let cache = try copy()
    #expect(cache.verify().isSound)
    #expect(cache.statistics().blobs == 7)
    let entries = cache.list().map(\.entry).sorted { $0.node < $1.node }
    #expect(entries.map(\.node) == ["Act", "Add", "Use"])
    let sum = try #require(entries.first { $0.node == "Add" })
    #expect(sum.outputs.map(\.port) == ["sum", "negated"])
    #expect(try sum.outputs.map { cache.blob($0.blob) } == [4.5, -4.5].map { try ToyNumber($0).encoded() })
    #expect(sum.warnings.map(\.message) == ["be warned"])
    #expect(cache.blob(sum.descriptor).map { ContentDigest(hashing: $0) } == sum.key)
    #expect(entries[2].ancestors.count == 1)
  }

  /// What a version that nobody knows yet may have left: neither read, nor touched, nor in the way.
  @Test func anotherLayoutIsLeftAlone() async throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/cache", withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: Self.fixture + "/v1", toPath: folder.path + "/cache/v2")
    let before = folder.files(below: "cache/v2")
    let (outputs, log) = try await run(in: DiskCache(at: folder.path + "/cache"))
    #expect(outputs["sum"] == 4.5)
    #expect(log.nodes(.executed).count == 3)
    DiskCache(at: folder.path + "/cache").clear()
    #expect(folder.files(below: "cache/v2") == before)
  }
}
