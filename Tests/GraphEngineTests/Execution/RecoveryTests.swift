import Diagnostics
import Foundation
import GraphEngine
import TestSupport
import Testing

/// What a run does when the cache is damaged, cut short or unusable.
struct RecoveryTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try folder.write("2", to: "model/left")
    try folder.write("3", to: "model/right")
  }

  func toy(last: Double = 1) -> ToyGraph {
    var toy = ToyGraph()
    toy.add("model", "Open", with: ["path": .path(folder.path + "/model")])
    toy.add("l", "Use", in: ["handle": "model.left"])
    toy.add("r", "Use", in: ["handle": "model.right"])
    toy.add("first", "Add", in: ["a": "l", "b": "r"])
    toy.add("second", "Add", in: ["a": "first.sum", "b": "l"])
    toy.add("third", "Add", in: ["a": "second.sum", "b": "first.negated"], with: ["plus": .float(last)])
    toy.add("save", "Save", in: ["number": "third.sum"], with: ["path": .path("\(folder.path)/out.txt")])
    return toy
  }

  @discardableResult
  func run(_ graph: ResolvedGraph) async throws -> EventLog {
    let log = EventLog()
    _ = try await Executor(cache: DiskCache(at: folder.path + "/cache"), numerics: "test", events: log.sink).run(graph)
    return log
  }

  func flip(_ path: String) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[bytes.count / 2] ^= 0x10
    try bytes.write(to: URL(fileURLWithPath: path))
  }

  func blob(holding number: Double) throws -> String? {
    let digest = ContentDigest(hashing: try ToyNumber(number).encoded()).description
    return folder.files(below: "cache/v1/cas").first { $0.hasSuffix(digest) }
  }

  @Test func aDamagedHitIsRunAgain() async throws {
    try await run(toy().graph())
    let damaged = try #require(try blob(holding: 3))
    try flip(damaged)
    let log = try await run(toy().graph())
    #expect(try folder.text(of: "out.txt").hasPrefix("3.0\n"))
    #expect(log.warnings == [])
    #expect(DiskCache(at: folder.path + "/cache").statistics().quarantined == 1)
    let after = try await run(toy().graph())
    #expect(after.nodes(.executed) == ["save"])
  }

  @Test func everyDamagedBlobIsRunAgainUpToTheModel() async throws {
    try await run(toy().graph())
    let count = folder.files(below: "cache/v1/cas").count
    for path in folder.files(below: "cache/v1/cas") { try flip(path) }
    let log = try await run(toy().graph())
    #expect(Set(log.nodes(.executed)) == ["l", "r", "first", "second", "third", "save"])
    #expect(log.nodes(.disk) == [])
    #expect(log.loaded.sorted() == ["model.left", "model.right"])
    #expect(try folder.text(of: "out.txt").hasPrefix("3.0\n"))
    #expect(folder.files(below: "cache/v1/quarantine").count <= count)
    #expect(try await run(toy().graph()).nodes(.executed) == ["save"])
  }

  /// Whatever is damaged or gone, the result is right, and the next run finds everything.
  @Test func anyDamageGivesTheRightResult() async throws {
    try await run(toy().graph())
    let files = folder.files(below: "cache/v1/cas")
    var generator = SplitMix64(state: 1)
    for round in 0..<20 {
      for path in files where FileManager.default.fileExists(atPath: path) {
        switch UInt8.random(in: 0..<4, using: &generator) {
        case 0: try flip(path)
        case 1: try FileManager.default.removeItem(atPath: path)
        default: break
        }
      }
      try await run(toy(last: Double(round)).graph())
      #expect(try folder.text(of: "out.txt").hasPrefix("\(Double(round) + 2)\n"))
      #expect(try await run(toy(last: Double(round)).graph()).nodes(.executed) == ["save"])
    }
  }

  @Test func whatAKilledRunLeftBehindIsIgnored() async throws {
    try await run(toy().graph())
    for entry in folder.files(below: "cache/v1/ac").prefix(3) {
      let text = try Data(contentsOf: URL(fileURLWithPath: entry))
      try folder.write("half", to: "cache/v1/tmp/1-\(UInt32.random(in: 0...UInt32.max))")
      try text.prefix(text.count / 2).write(to: URL(fileURLWithPath: entry))
    }
    for blob in folder.files(below: "cache/v1/cas").prefix(3) { try Data().write(to: URL(fileURLWithPath: blob)) }
    try await run(toy().graph())
    #expect(try folder.text(of: "out.txt").hasPrefix("3.0\n"))
    #expect(try await run(toy().graph()).nodes(.executed) == ["save"])
  }

  @Test func anUnusableCacheCostsOneWarning() async throws {
    try folder.write("", to: "cache")
    let log = try await run(toy().graph())
    #expect(log.warnings.count == 1)
    #expect(log.warnings[0].hasPrefix("results are not kept: cannot make the folder"))
    #expect(try folder.text(of: "out.txt").hasPrefix("3.0\n"))
  }

  @Test func aCacheThatFailsMidwayKeepsServingWhatItHas() async throws {
    try await run(toy().graph())
    try FileManager.default.removeItem(atPath: folder.path + "/cache/v1/tmp")
    try folder.write("", to: "cache/v1/tmp")
    let log = try await run(toy(last: 7).graph())
    #expect(Set(log.nodes(.disk)) == ["first", "second"], "read in either order, side by side")
    #expect(log.warnings.count == 1)
    #expect(try folder.text(of: "out.txt").hasPrefix("9.0\n"))
  }

  @Test func runsAtTheSameTimeShareOneCache() async throws {
    let graph = toy().graph(targets: ["third"])
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<6 { group.addTask { try await run(graph) } }
      try await group.waitForAll()
    }
    #expect(try await run(graph).nodes(.executed) == [])
    #expect(folder.files(below: "cache/v1/leases") == [])
    #expect(folder.files(below: "cache/v1/tmp") == [])
  }
}
