import Foundation
import TestSupport
import Testing

/// A run that is killed at any moment, and started again, repeats at most what was under way; `make soak` kills a thousand times.
struct KillTests {
  private static let arguments = [
    "run", Repository.graphs.appending(path: "txt2img.yaml").path, "--quiet", "--events", ".events", "--set", "steps=3",
    "--set", "model=\(Repository.tinyModel)", "--set", "negative=a blue apple",
  ]

  /// The picture of a run that nothing disturbed.
  private static let picture = Result {
    let stepgraph = try Stepgraph()
    let result = try stepgraph.call(arguments)
    #expect(result.status == 0, "\(result.errors)")
    return try stepgraph.folder.contents("out.png")
  }

  /// Nodes that the killed run told as finished; the last line may be half written.
  private func finished(in stepgraph: Stepgraph) -> Set<String> {
    let lines = (try? stepgraph.folder.contents(".events").split(separator: UInt8(ascii: "\n"))) ?? []
    return lines.compactMap { try? JSONDecoder().decode(Event.self, from: $0) }.executed
  }

  private func expectResumes(_ stepgraph: Stepgraph, after finished: Set<String>, _ what: Comment) throws {
    let result = try stepgraph.call(Self.arguments)
    #expect(result.status == 0, what)
    #expect(result.errors == "", what)
    #expect(try stepgraph.events().executed.isDisjoint(with: finished), what)
    #expect(try stepgraph.folder.contents("out.png") == Self.picture.get(), what)
    let verified = try stepgraph("cache", "verify")
    #expect(verified.status == 0, "\(what): \(verified.output)")
  }

  /// Just before each kind of call that a run makes of its cache, the first of them and a later one.
  @Test(arguments: [
    "mkdir cas 1", "mkdir ac 1", "mkdir tmp 1", "mkdir leases 1", "sync top 1", "open leases 1", "lock leases 1",
    "lock leases 9", "write leases 2", "lock cas 1", "open top 2", "write top 1", "rename top 1", "mkdir cas 5",
    "open cas 1", "open cas 30", "write cas 1", "write cas 20", "sync cas 1", "sync cas 40", "rename cas 1",
    "rename cas 20", "open ac 30", "write ac 1", "write ac 12", "sync ac 1", "sync ac 20", "rename ac 1",
    "rename ac 12", "open usage 1", "write usage 1",
  ])
  func aRunKilledAtACallResumes(point: String) throws {
    var stepgraph = try Stepgraph()
    stepgraph.environment["STEPGRAPH_CACHE_FAULT"] = "\(point) kill"
    let killed = try stepgraph.call(Self.arguments)
    #expect(killed.status == -SIGKILL, "\(point) was not reached: \(killed.errors)")
    let finished = finished(in: stepgraph)
    stepgraph.environment["STEPGRAPH_CACHE_FAULT"] = nil
    try expectResumes(stepgraph, after: finished, "\(point)")
    #expect(try stepgraph("cache", "gc").status == 0)
    #expect(stepgraph.folder.names.filter { $0.contains("v1/tmp") || $0.contains("v1/leases") } == [])
  }

  @Test func aRunKilledAtAnyMomentResumes() throws {
    var generator = SplitMix64(state: 2026)
    let start = ContinuousClock.now
    _ = try Self.picture.get()
    var longest = ContinuousClock.now - start
    var kills = 0
    for round in Soak.rounds(8, long: 600) {
      let stepgraph = try Stepgraph()
      var finished: Set<String> = []
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let process = try stepgraph.process(Self.arguments)
        let begin = ContinuousClock.now
        try process.run()
        usleep(UInt32.random(in: 0..<UInt32(max(1, longest / .microseconds(1))), using: &generator))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        if process.terminationReason == .exit {
          longest = min(longest, ContinuousClock.now - begin)
        } else {
          kills += 1
        }
        finished.formUnion(self.finished(in: stepgraph))
      }
      try expectResumes(stepgraph, after: finished, "round \(round)")
    }
    #expect(kills > 0)
    if Soak.seconds != nil { print("runs killed: \(kills)") }
  }
}
