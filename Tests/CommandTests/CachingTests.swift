import Foundation
import StepgraphNodes
import Testing

/// What runs again, and what does not, as the event logs tell.
struct CachingTests {
  private static let model = "model=\(Repository.tinyModel)"
  private static let txt2img = Repository.graphs.appending(path: "txt2img.yaml").path
  private static let settings = [model, "negative=a blue apple", "steps=4"]

  @Test func aSecondRunExecutesNothingAndLoadsNoModel() throws {
    let stepgraph = try Stepgraph()
    let first = try stepgraph.run(Self.txt2img, Self.settings)
    #expect(first.executed.count == 3 + 2 + 4 * 5 + 1)
    #expect(Set(first.loaded) == ["clip", "unet", "vae"])
    let picture = try stepgraph.folder.contents("out.png")

    let second = try stepgraph.run(Self.txt2img, Self.settings)
    #expect(second.executed.isEmpty)
    #expect(second.loaded.isEmpty)
    #expect(try stepgraph.folder.contents("out.png") == picture)
  }

  @Test func anotherPromptRunsExactlyWhatIsDownstreamOfIt() throws {
    let stepgraph = try Stepgraph()
    _ = try stepgraph.run(Self.txt2img, Self.settings + ["prompt=a red apple"])
    let changed = try stepgraph.run(Self.txt2img, Self.settings + ["prompt=a green apple"])

    var downstream: Set<String> = ["positive", "image"]
    for step in 0..<4 {
      // The first step's latent is the old one, so its predictions for the other prompts are too.
      let predictions = step == 0 ? ["eps_p"] : ["eps_u", "eps_p", "eps_n"]
      for node in predictions + ["eps", "next"] { downstream.insert("sample[\(step)]/\(node)") }
    }
    #expect(changed.executed == downstream)
    #expect(Set(changed.loaded) == ["clip", "unet", "vae"])
  }

  @Test func aChangedSecondHalfLeavesTheFirstAlone() throws {
    let stepgraph = try Stepgraph()
    let whole = try String(contentsOfFile: Self.txt2img, encoding: .utf8)
    let split = try Self.split(whole, at: 15)
    try stepgraph.folder.write(split, to: "split.yaml")

    let first = try stepgraph.run("split.yaml", [Self.model, "negative=a blue apple"])
    #expect(first.executed.filter { $0.hasPrefix("sample[") }.count == 15 * 5)
    let changed = try stepgraph.run("split.yaml", [Self.model, "negative=a blue apple", "cfg_end=2"])
    #expect(changed.executed.filter { $0.hasPrefix("sample[") } == [])
    var expected: Set<String> = ["image"]
    for step in 15..<20 {
      // The first changed node is the guidance of step 15: its predictions are those of the run before.
      let predictions = step == 15 ? [] : ["eps_u", "eps_p", "eps_n"]
      for node in predictions + ["eps", "next"] { expected.insert("rest[\(step)]/\(node)") }
    }
    #expect(changed.executed == expected)
  }

  /// A chain cut at any step is the unbroken one: in its keys, and in its bits where nothing is taken from a cache.
  @Test(arguments: [1, 7, 15])
  func aSplitLoopIsTheWholeOne(_ step: Int) throws {
    let stepgraph = try Stepgraph()
    let whole = try String(contentsOfFile: Self.txt2img, encoding: .utf8)
    try stepgraph.folder.write(try Self.split(whole, at: step), to: "split.yaml")
    let settings = [Self.model, "eta=0.5"]
    _ = try stepgraph.run(Self.txt2img, settings + ["out=whole.png"])
    #expect(try stepgraph.run("split.yaml", settings + ["out=split.png"]).executed.isEmpty)
    let computed = try stepgraph.run("split.yaml", settings + ["out=split.png"], "--no-cache").executed
    #expect(computed.contains("rest[19]/next"))
    let pictures = try ["whole.png", "split.png"].map { try PNG.decode(Array(stepgraph.folder.contents($0))).pixels }
    #expect(pictures[0] == pictures[1])
  }

  @Test func aTargetRunsOnlyWhatItNeeds() throws {
    let stepgraph = try Stepgraph()
    let events = try stepgraph.run(Self.txt2img, Self.settings, "--target", "positive")
    #expect(events.executed == ["positive"])
    #expect(!stepgraph.folder.exists("out.png"))
  }

  @Test func withoutACacheEverythingRunsAgain() throws {
    let stepgraph = try Stepgraph()
    let first = try stepgraph.run(Self.txt2img, Self.settings, "--no-cache")
    let second = try stepgraph.run(Self.txt2img, Self.settings, "--no-cache")
    #expect(first.executed == second.executed)
    #expect(!stepgraph.folder.exists(".cache"))
  }

  @Test func planSaysWhatWouldRunAndWhy() throws {
    let stepgraph = try Stepgraph()
    _ = try stepgraph.run(Self.txt2img, Self.settings)
    let arguments = ["plan", Self.txt2img, "--json"] + (Self.settings + ["cfg=2"]).flatMap { ["--set", $0] }
    let result = try stepgraph.call(arguments)
    struct Row: Decodable {
      let node: String
      let action: String
      let reason: String
    }
    let rows = try JSONDecoder().decode([Row].self, from: Data(result.output.utf8))
    func row(_ node: String) throws -> Row {
      guard let row = rows.first(where: { $0.node == node }) else { throw CocoaError(.keyValueValidation) }
      return row
    }
    #expect(try row("sample[0]/eps_u").action == "hit")
    #expect(try row("sample[0]/eps").action == "run")
    #expect(try row("sample[0]/eps").reason == "not in the cache")
    #expect(try row("sample[0]/next").reason == "its input 'sample[0]/eps' runs")
    #expect(try row("png").reason == "writes a file: always runs")
  }

  /// The graph with its loop cut in two at step `step`, the second part with a guidance of its own.
  private static func split(_ graph: String, at step: Int) throws -> String {
    let lines = graph.components(separatedBy: "\n")
    let begin = try #require(lines.firstIndex { $0.hasPrefix("  sample:") })
    let end = try #require(lines.firstIndex { $0.hasPrefix("    yield:") })
    let loop = lines[begin...end].joined(separator: "\n")
    let first = loop.replacingOccurrences(of: "times: $(steps)", with: "times: \(step)")
    let rest = loop.replacingOccurrences(of: "  sample:", with: "  rest:")
      .replacingOccurrences(of: "times: $(steps)", with: "from: \(step), to: $(steps)")
      .replacingOccurrences(of: "carry: {latent: start}", with: "carry: {latent: sample.latent}")
      .replacingOccurrences(of: "$(cfg)", with: "$(cfg_end)")
    let params = lines[..<begin].joined(separator: "\n").replacingOccurrences(
      of: "nodes:", with: "  cfg_end:  {type: float,  default: 3}\nnodes:")
    let tail = lines[(end + 1)...].joined(separator: "\n")
      .replacingOccurrences(of: "sample.latent", with: "rest.latent")
    return [params, first, rest, tail].joined(separator: "\n")
      .replacingOccurrences(of: "../Examples", with: Repository.root.appending(path: "Examples").path)
  }
}
