import Foundation
import TestSupport
import Testing

/// `stepgraph watch`, under the hands of someone who saves.
struct WatchTests {
  /// A watch under way in a folder of its own.
  private final class Watch {
    let stepgraph: Stepgraph
    let process: Process

    init(_ stepgraph: Stepgraph, _ arguments: [String] = []) throws {
      self.stepgraph = stepgraph
      process = try stepgraph.process(["watch", "graph.yaml", "--events", ".events"] + arguments)
      try process.run()
    }

    deinit { if process.isRunning { process.terminate() } }

    var errors: String { String(decoding: (try? stepgraph.folder.contents(".stderr")) ?? Data(), as: UTF8.self) }
    var events: [Event] { (try? stepgraph.events()) ?? [] }
    /// Runs that came to their end.
    var runs: Int { events.count { $0.event == "done" } }

    /// Waits until something holds, for a minute at most.
    func wait(_ what: String, until condition: () -> Bool) throws {
      let deadline = Date(timeIntervalSinceNow: 60)
      while !condition() {
        try #require(Date() < deadline && process.isRunning, "\(what): \(errors)")
        usleep(10_000)
      }
    }

    /// Waits until nothing happens any more, and nothing is under way.
    func settle() throws {
      var (count, since) = (-1, Date())
      try wait("settling") {
        let events = events
        if events.count != count { (count, since) = (events.count, Date()) }
        return ["done", "failed"].contains(events.last?.event) && Date().timeIntervalSince(since) > 2.5
      }
    }

    func interrupt() -> Int32 {
      process.interrupt()
      process.waitUntilExit()
      return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
  }

  /// A graph with its own copies of what it reads: a sampler, a picture and a model.
  private func prepared(_ graph: String = "txt2img-cfg", steps: Int = 3) throws -> Stepgraph {
    let stepgraph = try Stepgraph()
    try stepgraph.copyModel()
    let text = try String(contentsOf: Repository.graphs.appending(path: "\(graph).yaml"), encoding: .utf8)
      .replacing("../Examples/emoji/model", with: "model").replacing("default: 20", with: "default: \(steps)")
      .replacing("../Examples/apple-sketch.png", with: "apple.png")
    try stepgraph.folder.write(text, to: "graph.yaml")
    try FileManager.default.copyItem(
      at: Repository.graphs.appending(path: "samplers"), to: stepgraph.folder.file("samplers"))
    try FileManager.default.copyItem(
      at: Repository.root.appending(path: "Examples/pictures/apple.png"), to: stepgraph.folder.file("apple.png"))
    return stepgraph
  }

  private func text(_ stepgraph: Stepgraph) throws -> String {
    String(decoding: try stepgraph.folder.contents("graph.yaml"), as: UTF8.self)
  }

  /// What a run of the graph as it is now writes, without a cache.
  private func plain(_ stepgraph: Stepgraph) throws -> Data {
    try FileManager.default.removeItem(at: stepgraph.folder.file("out.png"))
    let result = try stepgraph("run", "graph.yaml", "--no-cache", "--quiet")
    try #require(result.status == 0, "\(result.errors)")
    return try stepgraph.folder.contents("out.png")
  }

  @Test func runsAtEverySave() throws {
    let stepgraph = try prepared()
    let watch = try Watch(stepgraph)
    try watch.wait("the first run") { watch.runs == 1 }
    let first = watch.events.executed
    #expect(first.contains("sample[0]/eps_p"))

    // Only what follows from the guidance runs, and it is said why.
    try stepgraph.folder.write(
      try text(stepgraph).replacing("{type: float,  default: 3}", with: "{type: float,  default: 4}"), to: "graph.yaml")
    try watch.wait("the run after a save") { watch.runs == 2 }
    let second = watch.events.suffix(since: { $0.event == "planned" })
    #expect(second.contains { $0.node == "sample[0]/eps" && $0.source == "executed" })
    #expect(!second.contains { $0.node == "sample[0]/eps_p" && $0.source == "executed" })
    #expect(watch.errors.contains(" graph.yaml changed: "))
    #expect(watch.errors.contains("  sample[0]/eps.scale was 3, is 4, and so 2 times more\n"), "\(watch.errors)")

    // A comment is nothing that runs.
    try stepgraph.folder.write(try text(stepgraph) + "# note\n", to: "graph.yaml")
    try watch.wait("a word on a comment") { watch.errors.contains("changed, but nothing that runs") }
    #expect(watch.runs == 2)

    // Another workflow by now, and still the picture of this one.
    let between = "  between: {node: Adjust, in: {image: image}, with: {contrast: 1.5}}\n  png:"
    let rewired = try text(stepgraph).replacing("in: {image: image}", with: "in: {image: between}")
    try stepgraph.folder.write(rewired.replacing("\n  png:", with: "\n" + between), to: "graph.yaml")
    try watch.wait("a run with another node") { watch.runs == 3 }
    #expect(!watch.errors.contains("another workflow"), "\(watch.errors)")

    // What is missing is written again.
    try FileManager.default.removeItem(at: stepgraph.folder.file("out.png"))
    try stepgraph.folder.write(try text(stepgraph) + "# another\n", to: "graph.yaml")
    try watch.wait("a run that writes") { watch.runs == 4 }
    let written = try stepgraph.folder.contents("out.png")
    #expect(watch.interrupt() == 0)
    #expect(try plain(stepgraph) == written)
  }

  @Test func brokenFilesWait() throws {
    let stepgraph = try prepared()
    let good = try text(stepgraph)
    try stepgraph.folder.write("stepgraph: 1\nnodes: {a: {node: Lod}}\n", to: "graph.yaml")
    let watch = try Watch(stepgraph)
    try watch.wait("the first error") { watch.errors.contains("graph.yaml:2:19: error: there is no node type 'Lod'") }
    try watch.wait("waiting") { watch.errors.contains("waiting for a change") }
    try stepgraph.folder.write(good, to: "graph.yaml")
    try watch.wait("the first run") { watch.runs == 1 }
    try stepgraph.folder.write(String(good.prefix(good.count / 2)) + "\n  a: [", to: "graph.yaml")
    try watch.wait("a syntax error") { watch.errors.contains("this is not valid YAML") }
    try FileManager.default.removeItem(at: stepgraph.folder.file("graph.yaml"))
    try watch.wait("a missing file") { watch.errors.contains("cannot read 'graph.yaml': there is no such file") }
    try stepgraph.folder.write(good.replacing("a red apple", with: "a pumpkin"), to: "graph.yaml")
    try watch.wait("the run after that") { watch.runs == 2 }
    #expect(watch.interrupt() == 0)
  }

  /// What a graph reads, in all the ways in which editors and other programs replace files.
  @Test func allThatIsReadIsWatched() throws {
    let stepgraph = try prepared("img2img", steps: 20)
    let folder = stepgraph.folder
    try FileManager.default.createDirectory(at: folder.file("elsewhere"), withIntermediateDirectories: true)
    try FileManager.default.moveItem(at: folder.file("graph.yaml"), to: folder.file("elsewhere/target.yaml"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("graph.yaml").path, withDestinationPath: "elsewhere/target.yaml")
    let target = String(decoding: try folder.contents("elsewhere/target.yaml"), as: UTF8.self)
    let watch = try Watch(stepgraph)
    try watch.wait("the first run") { watch.runs == 1 }
    // Where the link leads.
    try folder.write(target.replacing("a red apple", with: "a tree"), to: "elsewhere/target.yaml")
    try watch.wait("a run with the new prompt") { watch.runs == 2 }
    // A picture that another one is renamed over.
    try FileManager.default.copyItem(
      at: Repository.root.appending(path: "Examples/apple-sketch.png"), to: folder.file("new.png"))
    #expect(rename(folder.file("new.png").path, folder.file("apple.png").path) == 0)
    try watch.wait("a run with the new picture") { watch.runs == 3 }
    // A model, moved away and back with another file in it.
    try FileManager.default.moveItem(at: folder.file("model"), to: folder.file("old"))
    try watch.wait("a missing model") { watch.errors.contains("'model'") }
    let config = folder.file("old/scheduler/scheduler_config.json")
    let text = try String(contentsOf: config, encoding: .utf8)
    try text.replacing("\"steps_offset\": 1", with: "\"steps_offset\": 0").write(
      to: config, atomically: true, encoding: .utf8)
    try FileManager.default.moveItem(at: folder.file("old"), to: folder.file("model"))
    try watch.settle()
    let written = try folder.contents("out.png")
    #expect(watch.interrupt() == 0)
    #expect(try plain(stepgraph) == written)
  }

  @Test func ctrlCEndsARun() throws {
    let stepgraph = try prepared(steps: 800)
    let watch = try Watch(stepgraph)
    try watch.wait("the middle of a run") { watch.events.executed.count > 20 }
    #expect(watch.interrupt() == 130)
    #expect(watch.errors.contains("interrupted; what was finished is kept"))
    #expect(!stepgraph.folder.exists("out.png"))
    let refresh = try stepgraph("watch", "graph.yaml", "--refresh", "start")
    #expect(refresh.status == 64 && refresh.errors.contains("--refresh would compute a node again at every save"))
    #expect(try stepgraph("watch", "out.png").status == 64)
  }

  /// Saves at any moment, of any kind: in the end the picture is that of a plain run, and no prediction that was finished was
  /// computed again.
  ///
  /// `STEPGRAPH_WATCH_SAVES=200` saves so many times.
  @Test func randomSavesEndInWhatAPlainRunWrites() throws {
    let saves = ProcessInfo.processInfo.environment["STEPGRAPH_WATCH_SAVES"].flatMap { Int($0) } ?? 15
    let stepgraph = try prepared(steps: 40)
    let folder = stepgraph.folder
    let graph = try text(stepgraph)
    var generator = SplitMix64(state: 22)
    let watch = try Watch(stepgraph)
    try watch.wait("the beginning") { !watch.events.isEmpty }
    for number in 0..<saves {
      let prompt = ["a red apple", "a tree", "a cat face"].randomElement(using: &generator) ?? ""
      let changed = graph.replacing("default: a red apple", with: "default: \(prompt)")
        .replacing(
          "{type: float,  default: 3}", with: "{type: float,  default: \(Int.random(in: 1...6, using: &generator))}")
      try save(changed + "# save \(number)\n", to: folder, using: &generator)
      usleep(UInt32.random(in: 0..<500_000, using: &generator))
    }
    try watch.settle()
    let written = try folder.contents("out.png")
    let events = watch.events
    #expect(watch.interrupt() == 0)
    let cached = try stepgraph("cache", "ls", "--json", "--limit", "1000000")
    let entries = try JSONDecoder().decode([Entry].self, from: Data(cached.output.utf8))
    let predicted = events.count { $0.event == "finished" && $0.source == "executed" && $0.type == "UNetPredict" }
    #expect(predicted == entries.count { $0.node == "UNetPredict" })
    #expect(predicted >= 80 && watch.runs >= 1)
    #expect(try plain(stepgraph) == written, "\(watch.errors)")
  }

  private struct Entry: Decodable {
    let node: String
  }

  private func save(_ text: String, to folder: TemporaryFolder, using generator: inout SplitMix64) throws {
    let file = folder.file("graph.yaml")
    switch Int.random(in: 0..<5, using: &generator) {
    case 0: try Data(text.utf8).write(to: file)
    case 1: try Data(text.utf8).write(to: file, options: .atomic)
    case 2:
      // In two pieces, as slow editors do.
      let handle = try FileHandle(forWritingTo: file)
      try handle.truncate(atOffset: 0)
      try handle.write(contentsOf: Data(text.utf8.prefix(text.utf8.count / 2)))
      usleep(UInt32.random(in: 0..<80_000, using: &generator))
      try handle.write(contentsOf: Data(text.utf8.dropFirst(text.utf8.count / 2)))
      try handle.close()
    case 3:
      try FileManager.default.removeItem(at: file)
      usleep(UInt32.random(in: 0..<50_000, using: &generator))
      try Data(text.utf8).write(to: file)
    default:
      // Broken first.
      try Data("stepgraph: [\n".utf8).write(to: file)
      usleep(UInt32.random(in: 0..<200_000, using: &generator))
      try Data(text.utf8).write(to: file)
    }
  }
}

extension [Event] {
  /// What happened since the last event for which something holds.
  fileprivate func suffix(since isStart: (Event) -> Bool) -> ArraySlice<Event> {
    self[(lastIndex(where: isStart) ?? 0)...]
  }
}
