import Foundation
import Testing

struct InterruptTests {
  @Test func ctrlCKeepsWhatIsFinished() throws {
    let stepgraph = try Stepgraph()
    let graph = Repository.graphs.appending(path: "txt2img-cfg.yaml").path
    let model = "model=\(Repository.tinyModel)"
    let settings = ["--set", model, "--set", "steps=500", "--events", ".events"]
    let process = try stepgraph.process(["run", graph] + settings)
    try process.run()
    // Wait until it is in the middle of its work.
    let deadline = Date(timeIntervalSinceNow: 60)
    while Date() < deadline, (try? stepgraph.events().executed.count) ?? 0 < 20 { usleep(20_000) }
    process.interrupt()
    process.waitUntilExit()

    #expect(process.terminationReason == .exit)
    #expect(process.terminationStatus == 130)
    #expect(String(decoding: try stepgraph.folder.contents(".stderr"), as: UTF8.self).contains("interrupted"))
    #expect(!stepgraph.folder.exists("out.png"))
    let finished = try stepgraph.events().executed
    #expect(finished.count >= 20)

    // Enough to reach the last finished node again; nothing finished is computed twice.
    let steps = finished.filter { $0.hasSuffix("/next") }
    let last = try #require(steps.max { ($0.count, $0) < ($1.count, $1) })
    let resumed = try stepgraph.run(graph, [model, "steps=500"], "--target", last)
    #expect(resumed.executed.isEmpty)
  }
}
