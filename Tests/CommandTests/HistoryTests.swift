import Foundation
import StepgraphNodes
import Testing

/// What the commands say of earlier runs.
struct HistoryTests {
  private static let model = Repository.tinyModel
  private static let txt2img = Repository.graphs.appending(path: "txt2img.yaml").path
  private static let settings = ["--set", "model=\(model)", "--set", "steps=2", "--set", "negative=a blue apple"]

  @Test func aChangedScaleIsExplainedAndMeasured() throws {
    let stepgraph = try Stepgraph()
    _ = try #require(
      try stepgraph.call(["run", Self.txt2img, "--quiet", "--threads", "1"] + Self.settings).status == 0)
    let explained = try stepgraph.call(
      ["explain", Self.txt2img, "sample[1]/eps", "--set", "cfg=5.5"] + Self.settings)
    #expect(explained.status == 0, "\(explained.errors)")
    let lines = explained.output.split(separator: "\n").map(String.init)
    #expect(lines.count == 3)
    #expect(lines.first == "sample[1]/eps (CFGCombine) runs")
    #expect(lines.last == "    sample[0]/eps.scale was 3, is 5.5, and so once more")
    // Another number of threads is nothing.
    let same = try stepgraph.call(["explain", Self.txt2img, "image", "--json"] + Self.settings)
    struct Explanation: Decodable {
      struct Change: Decodable {}
      let node: String
      let action: String
      let changes: [Change]
      let remark: String?
    }
    let explanation = try JSONDecoder().decode(Explanation.self, from: Data(same.output.utf8))
    #expect(explanation.node == "image" && explanation.action == "hit" && explanation.changes.isEmpty)
    #expect(explanation.remark == "nothing has changed")
    let unknown = try stepgraph.call(["explain", Self.txt2img, "imag"] + Self.settings)
    #expect(unknown.status == 2)
    #expect(unknown.errors.contains("there is no node 'imag'") && unknown.errors.contains("did you mean 'image'?"))

    _ = try #require(try stepgraph.call(["run", Self.txt2img, "-q", "--set", "cfg=5.5"] + Self.settings).status == 0)
    let diff = try stepgraph("diff", "last~1", "last")
    #expect(diff.status == 1)
    #expect(diff.output.hasPrefix("the runs part at sample[0]/eps (CFGCombine); 9 nodes have other results\n"))
    #expect(diff.output.contains("\n  sample[0]/eps.scale was 3, is 5.5\n  noise: at most "), "\(diff.output)")
    #expect(try stepgraph("diff", "last", "last").output == "the runs have the same results\n")
    let runs = try stepgraph("runs").output.split(separator: "\n")
    #expect(runs.count == 2 && runs.allSatisfy { $0.contains("  done  ") })
    #expect(try stepgraph("runs", "last~7").status == 2)

    let plan = try stepgraph.call(["plan", Self.txt2img, "--set", "cfg=6"] + Self.settings)
    let summary = plan.output.split(separator: "\n").suffix(2).map(String.init)
    #expect(summary.first?.hasPrefix("about ") == true && summary.first?.contains("unknown") == false, "\(summary)")
    #expect(summary.last == "9 to run, 8 from the cache")
    let first = try stepgraph.call(["plan", Self.txt2img, "--cache", "other"] + Self.settings)
    #expect(
      first.output.hasSuffix("\nhow long it takes is unknown before the first run\n17 to run, 0 from the cache\n"),
      "\(first.output)")
  }

  @Test func answersAreRight() throws {
    let stepgraph = try Stepgraph()
    func run(_ arguments: String...) throws {
      let result = try stepgraph.call(["run", Self.txt2img, "-q"] + Self.settings + arguments)
      try #require(result.status == 0, "\(result.errors)")
    }
    try run()
    let explained = try stepgraph.call(["explain", Self.txt2img, "image"] + Self.settings + ["--set", "steps=3"])
    #expect(explained.status == 0)
    #expect(
      explained.output.split(separator: "\n").map(String.init).filter { !$0.contains("changed since") } == [
        "image (Decode) runs", "    steps was 2, is 3", "    sample ran 2 times, runs 3 times",
        "    schedule.steps was 2, is 3",
      ])
    // Points of a sweep are compared with the run before it.
    let swept = try stepgraph.call(["explain", Self.txt2img, "start"] + Self.settings + ["--sweep", "seed=42,7"])
    #expect(
      swept.output.split(separator: "\n").map(String.init).filter { !$0.contains("changed since") } == [
        "seed=42/start (EmptyLatent) is not needed: all that needs it is in the cache",
        "seed=7/start (EmptyLatent) runs", "    seed=7/start.seed was 42, is 7",
      ])

    try stepgraph.folder.write(
      """
      stepgraph: 1
      nodes:
        opened: {node: LoadModel, with: {path: \(Self.model)}}
        other: {node: TextEncode, in: {clip: opened.clip}, with: {text: "something else"}}
      outputs: {conditioning: other}
      """, to: "other.yaml")
    #expect(try stepgraph("run", "other.yaml", "-q").status == 0)
    let diff = try stepgraph("diff", "last~1", "last")
    #expect(diff.output == "the runs have no node in common\n" && diff.status == 1)
    let cached = try stepgraph("cache", "ls").output.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(cached.contains { $0.contains("other.yaml") && $0.contains("other") && $0.contains("TextEncode") })
    #expect(cached.contains { $0.contains(Self.txt2img[...]) && $0.contains("sample[1]/next") })

    try run("--set", "seed=7")
    let runs = try stepgraph("runs").output.split(separator: "\n")
    #expect(runs.count == 3)
    #expect(runs[0].hasSuffix("txt2img.yaml  seed=42") && runs[2].hasSuffix("txt2img.yaml  seed=7"), "\(runs)")
    // A part of a run's name is enough, and counts back too.
    let name = String(runs[2].prefix(24))
    #expect(try stepgraph("runs", "\(name.suffix(4))~2").output.hasPrefix(runs[0].prefix(24)))

    let plan = try stepgraph.call(["plan", Self.txt2img, "--sweep", "seed=1..30", "--no-sheet"] + Self.settings)
    let lines = plan.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines[0].hasPrefix("about ") && !lines[0].contains("unknown"), "\(lines[0])")
    #expect(lines[1].hasSuffix(" shared among the 30 points of the sweep") && lines[2].isEmpty)
    #expect(lines.count < 24, "one line for the nodes of all points")
    let all = try stepgraph.call(
      ["plan", Self.txt2img, "--sweep", "seed=1..30", "--no-sheet", "--expand"] + Self.settings)
    #expect(all.output.split(separator: "\n").count == 2 + 30 * 18)

    // Records outlive what they tell of.
    #expect(try stepgraph("cache", "clear").status == 0)
    let cleared = try stepgraph.call(["explain", Self.txt2img, "image", "--set", "seed=7"] + Self.settings)
    #expect(cleared.output == "image (Decode) runs: evicted from the cache\n")
    #expect(try stepgraph("cache", "clear", "--runs").status == 0)
    #expect(try stepgraph("runs").output.hasPrefix("no runs on record"))
  }

  @Test func aLockTellsWhatDrifted() throws {
    let stepgraph = try Stepgraph()
    let text = try String(contentsOfFile: Self.txt2img, encoding: .utf8)
    try stepgraph.folder.write(text, to: "graph.yaml")
    try stepgraph.copyModel()
    let settings = ["--set", "model=model", "--set", "steps=1"]
    let missing = try stepgraph.call(["run", "graph.yaml", "--locked"] + settings)
    #expect(
      missing.status == 2 && missing.errors.contains("'stepgraph lock graph.yaml' writes it"), "\(missing.errors)")
    #expect(try stepgraph.call(["lock", "graph.yaml"] + settings).errors == "graph.yaml.lock\n")
    let lock = try stepgraph.folder.contents("graph.yaml.lock")
    #expect(try stepgraph.call(["lock", "graph.yaml"] + settings).status == 0)
    #expect(try stepgraph.folder.contents("graph.yaml.lock") == lock, "the same each time")

    // Settings are free, and so are comments, order and words for people.
    let described = text.replacing("{node: Decode,", with: "{description: The end., x-mark: 1, node: Decode,")
    try stepgraph.folder.write("# a comment\n" + described, to: "graph.yaml")
    let free = try stepgraph.call(["run", "graph.yaml", "--locked", "-q", "--set", "seed=4"] + settings)
    #expect(free.status == 0, "\(free.errors)")

    try stepgraph.folder.write(text.replacing("scale: $(cfg)", with: "scale: 4"), to: "graph.yaml")
    let weights = stepgraph.folder.file("model/unet/diffusion_pytorch_model.safetensors")
    var bytes = try Data(contentsOf: weights)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: weights)
    let drifted = try stepgraph.failure(["run", "graph.yaml", "--locked"] + settings)
    #expect(drifted.status == 2)
    let told = drifted.errors
    #expect(told.contains("this is not what 'graph.yaml.lock' locked"), "\(told)")
    #expect(told.contains("the file model/unet/diffusion_pytorch_model.safetensors was "), "\(told)")
    #expect(told.contains("graph.yaml: nodes.sample.nodes.eps.with.scale was '$(cfg)', is '4'"), "\(told)")
    #expect(try stepgraph.call(["plan", "graph.yaml", "--locked"] + settings).status == 2)

    try stepgraph.folder.write("{}", to: "graph.yaml.lock")
    let broken = try stepgraph.call(["plan", "graph.yaml", "--locked"] + settings)
    #expect(broken.status == 2 && broken.errors.contains("'graph.yaml.lock' is no lock file"), "\(broken.errors)")
  }

  @Test func aGraphIsDrawn() throws {
    let stepgraph = try Stepgraph()
    let drawn = try stepgraph.call(["graph", Self.txt2img, "-o", "graph.svg"] + Self.settings)
    #expect(drawn.status == 0, "\(drawn.errors)")
    let svg = String(decoding: try stepgraph.folder.contents("graph.svg"), as: UTF8.self)
    #expect(svg.hasPrefix("<svg ") && svg.contains("sample × 2") && svg.contains("would run: "))
    let dot = try stepgraph.call(["graph", Self.txt2img, "--dot", "--unrolled"] + Self.settings)
    #expect(dot.output.hasPrefix("digraph \"txt2img.yaml\" {\n") && dot.output.contains("sample[1]"))
  }
}
