import Foundation
import Testing

/// Any method before any other, and every method in the graphs that change something in the middle.
struct MethodPairTests {
  private static let methods =
    ((try? FileManager.default.contentsOfDirectory(atPath: Repository.graphs.appending(path: "samplers").path)) ?? [])
    .filter { $0.hasSuffix(".yaml") }.sorted()
  private static let paths = methods.map { Repository.graphs.appending(path: "samplers/\($0)").path }
    .joined(separator: "|")
  private static let model = "model=\(Repository.tinyModel)"
  private static let settings = [model, "steps=3", "width=16", "height=16"]

  private func call(_ command: String, _ graph: String, _ settings: [String], _ arguments: [String]) throws
    -> CommandResult
  {
    try Stepgraph().call(
      [command, Repository.graphs.appending(path: "\(graph).yaml").path, "--no-cache", "--no-sheet"]
        + (Self.settings + settings).flatMap { ["--set", $0] } + arguments)
  }

  /// All of them as one sweep, so that the model is loaded once and beginnings are shared.
  @Test func everyPairRuns() throws {
    let stepgraph = try Stepgraph()
    let events = try stepgraph.run(
      Repository.graphs.appending(path: "mix-solvers.yaml").path, Self.settings + ["change_at=1"], "--no-cache",
      "--no-sheet", "--sweep", "first=\(Self.paths)", "--sweep", "second=\(Self.paths)", "--target", "end")
    let pairs = Set(
      events.filter { $0.event == "finished" && $0.node?.contains("/end/sample[") == true }
        .compactMap { $0.node?.prefix { $0 != "/" } })
    #expect(Self.methods.count >= 19)
    #expect(pairs.count == Self.methods.count * Self.methods.count)
  }

  /// Levels, histories and steps are checked when a run is planned, before anything is computed.
  @Test func everyPairIsPlannedAtEverySwitch() throws {
    let result = try call(
      "plan", "mix-solvers", [],
      ["--sweep", "change_at=0,2,3", "--sweep", "first=\(Self.paths)", "--sweep", "second=\(Self.paths)"])
    #expect(result.status == 0, "\(result.errors.prefix(2000))")
  }

  @Test(arguments: [("switch-prompt", "switch_at", "second"), ("branch", "branch_at", "same")])
  func everyMethodRunsInAGraphThatChanges(_ graph: String, _ place: String, _ target: String) throws {
    let result = try call(
      "run", graph, [],
      ["--sweep", "method=\(Self.paths)", "--sweep", "\(place)=0..3", "--target", target, "--quiet"])
    #expect(result.status == 0, "\(result.errors.prefix(2000))")
  }
}
