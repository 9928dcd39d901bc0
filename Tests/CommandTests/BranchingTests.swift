import Foundation
import StepgraphNodes
import Testing

/// The shipped graphs that branch, switch and mix, by what they execute.
struct BranchingTests {
  private static let model = "model=\(Repository.tinyModel)"

  private func graph(_ name: String) -> String { Repository.graphs.appending(path: name).path }

  /// How often nodes of a type were executed, whatever shared their results.
  private func executions(_ type: String, _ events: [Event]) -> Int {
    events.count { $0.event == "finished" && $0.type == type && $0.source == "executed" }
  }

  @Test func fourEndingsShareOneBeginning() throws {
    let stepgraph = try Stepgraph()
    let events = try stepgraph.run(graph("branch.yaml"), [Self.model], "--no-cache")
    #expect(executions("DDIMStep", events) == 15 + 4 * 5)
    #expect(executions("CFGCombine", events) == 15 + 4 * 5)
    #expect(executions("Decode", events) == 4)
  }

  @Test func anotherEndingTakesItsOwnStepsAlone() throws {
    let stepgraph = try Stepgraph()
    _ = try stepgraph.run(graph("branch.yaml"), [Self.model])
    let events = try stepgraph.run(graph("branch.yaml"), [Self.model, "low=0.5"])
    #expect(executions("DDIMStep", events) == 5)
    #expect(events.executed.filter { $0.hasPrefix("begin/") } == [])
  }

  @Test func aSweptSwitchTakesTheFirstPromptsStepsOnce() throws {
    let stepgraph = try Stepgraph()
    let settings = [Self.model, "steps=6"]
    let events = try stepgraph.run(graph("switch-prompt.yaml"), settings, "--sweep", "switch_at=0..6:2", "--no-cache")
    // Six steps of the first prompt, and 6, 4, 2 and 0 of the second from four places.
    #expect(executions("DDIMStep", events) == 6 + 6 + 4 + 2)
    #expect(events.filter { $0.event == "wrote" }.count == 5)
    let pictures = try [0, 2, 4, 6].map { try stepgraph.folder.contents("out-switch_at\($0).png") }
    #expect(Set(pictures).count == 4)
  }

  @Test func oneMethodGoesOnWhereAnotherEnded() throws {
    let stepgraph = try Stepgraph()
    let events = try stepgraph.run(graph("mix-solvers.yaml"), [Self.model], "--no-cache")
    #expect(executions("DDIMStep", events) == 20)
    #expect(executions("EulerStep", events) == 10 + 20)
  }

  @Test func interpolationEndsInTheSeedsOwnPictures() throws {
    let stepgraph = try Stepgraph()
    let settings = [Self.model, "steps=3", "from=5", "to=6", "prompt=a cat face"]
    let events = try stepgraph.run(graph("interpolate-seeds.yaml"), settings)
    #expect(executions("DDIMStep", events) == 11 * 3)
    #expect(executions("EmptyLatent", events) == 2)
    for (amount, seed) in [(0, 5), (1, 6)] {
      _ = try stepgraph.run(
        graph("txt2img-cfg.yaml"), [Self.model, "steps=3", "seed=\(seed)", "prompt=a cat face", "out=\(seed).png"])
      let pictures = try ["out-amount\(amount).png", "\(seed).png"].map {
        try PNG.decode(Array(stepgraph.folder.contents($0))).pixels
      }
      let isSame = pictures[0] == pictures[1]
      #expect(isSame, "amount \(amount) is not seed \(seed)")
    }
  }
}
