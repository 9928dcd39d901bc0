import Foundation
import StepgraphNodes
import Testing

/// Sweeps through the command: what runs once, what is written, and what the pictures carry.
struct SweepTests {
  private static let model = "model=\(Repository.tinyModel)"
  private static let txt2img = Repository.graphs.appending(path: "txt2img.yaml").path
  private static let settings = [model, "negative=a blue apple", "steps=4"]

  @Test func aSweepOverGuidanceExecutesSharedNodesOnce() throws {
    let stepgraph = try Stepgraph()
    let events = try stepgraph.run(Self.txt2img, Self.settings, "--sweep", "cfg=1..8", "--no-cache")
    let point = "cfg=1/"
    var shared: Set<String> = ["uncond", "positive", "negative", "start", "schedule"]
    for branch in ["eps_u", "eps_p", "eps_n"] { shared.insert("sample[0]/\(branch)") }
    var expected = Set(shared.map { point + $0 })
    for cfg in 1...8 {
      for step in 0..<4 {
        for node in (step == 0 ? [] : ["eps_u", "eps_p", "eps_n"]) + ["eps", "next"] {
          expected.insert("cfg=\(cfg)/sample[\(step)]/\(node)")
        }
      }
      expected.insert("cfg=\(cfg)/image")
    }
    expected.insert("sheet/png/cells")
    #expect(events.executed == expected)
    let executions = events.filter { $0.event == "finished" && $0.source == "executed" && $0.type != "SavePNG" }
    #expect(executions.count == expected.count)
    let sharers = events.filter { $0.event == "finished" && $0.source == "shared" }.compactMap(\.node)
    #expect(sharers.count == 7 * shared.count)
    #expect(Set(sharers) == Set((2...8).flatMap { cfg in shared.map { "cfg=\(cfg)/\($0)" } }))
    #expect(
      events.filter { $0.event == "wrote" }.compactMap(\.path).sorted()
        == ((1...8).map { "out-cfg\($0).png" } + ["out-sheet.png"]).sorted())
    #expect(Set(events.loaded).count == events.loaded.count, "a part of the model was loaded twice")
  }

  @Test func aPointIsWhatASingleRunDraws() throws {
    let stepgraph = try Stepgraph()
    let arguments = ["run", Self.txt2img, "--quiet"] + Self.settings.flatMap { ["--set", $0] }
    let sweep = ["--sweep", "prompt=a red apple|no", "--sweep", "seed=1,2", "--sheet", "all.png"]
    #expect(try stepgraph.call(arguments + sweep).status == 0)
    #expect(try stepgraph.call(arguments + ["--set", "prompt=no", "--set", "seed=2", "--no-cache"]).status == 0)
    let names = ["out.png", "out-prompt_no-seed2.png", "out-prompt_a_red_apple-seed2.png"]
    let pictures = try names.map { try PNG.decode(Array(stepgraph.folder.contents($0))).pixels }
    #expect(pictures[0] == pictures[1])
    #expect(pictures[0] != pictures[2])

    // The picture carries its own point, and draws itself again.
    #expect(try stepgraph("extract", "out-prompt_no-seed2.png", "-o", "again.yaml").status == 0)
    let text = String(decoding: try stepgraph.folder.contents("again.yaml"), as: UTF8.self)
    #expect(text.contains("prompt: {type: string, default: \"no\"}"))
    #expect(text.contains("seed: {type: int, default: 2, min: 0}"))
    #expect(!text.contains("sweep"))
    #expect(try stepgraph("run", "again.yaml", "--no-cache", "--set", "out=again.png").status == 0)
    #expect(try PNG.decode(Array(stepgraph.folder.contents("again.png"))).pixels == pictures[0])

    // The sheet carries the sweep: two columns, two rows, and a second run that finds everything.
    let sheet = try PNG.decode(Array(stepgraph.folder.contents("all.png")))
    #expect(sheet.width > 2 * 64 && sheet.height > 2 * 64)
    #expect(try stepgraph("extract", "all.png", "-o", "sweep.yaml").status == 0)
    let events = try stepgraph.run("sweep.yaml")
    #expect(events.executed.isEmpty)
    #expect(try stepgraph.folder.contents("out-sheet.png") == stepgraph.folder.contents("all.png"))
  }

  @Test func planAndRunTellOfPoints() throws {
    let stepgraph = try Stepgraph()
    let settings = Self.settings.flatMap { ["--set", $0] } + ["--sweep", "cfg=2,3"]
    let plan = try stepgraph.call(["plan", Self.txt2img, "--no-sheet"] + settings)
    #expect(plan.output.contains("\nshared  cfg=3/start  "))
    #expect(
      plan.output.hasPrefix(
        """
        how long it takes is unknown before the first run
        46 to run, 0 from the cache, 9 shared among the 2 points of the sweep

        open  
        """), "\(plan.output)")

    struct Record: Decodable {
      struct Point: Decodable {
        let address: String
        let parameters: [String: String]
        let files: [String]
      }
      let parameters: [String: String]
      let points: [Point]
      let files: [String]
    }
    let run = try stepgraph.call(["run", Self.txt2img, "--json"] + settings)
    let record = try JSONDecoder().decode(Record.self, from: Data(run.output.utf8))
    #expect(record.points.map(\.address) == ["cfg=2", "cfg=3"])
    #expect(record.points.map { $0.parameters["cfg"] } == ["2", "3"])
    #expect(record.points.map(\.files) == [["out-cfg2.png"], ["out-cfg3.png"]])
    #expect(record.files.sorted() == ["out-cfg2.png", "out-cfg3.png", "out-sheet.png"])
    #expect(record.parameters["cfg"] == nil && record.parameters["steps"] == "4")
  }

  @Test(arguments: [
    (["--sweep", "cfg"], 64, "Error: Unexpected 'cfg'; sweeps are written param=values, such as seed=1..8.\n"),
    (["--sheet", "a.png", "--no-sheet"], 64, "Error: --sheet and --no-sheet exclude each other.\n"),
    (["--sheet", "a.png"], 2, "--sheet a.png: error: nothing is swept\n"),
    (["--sweep", "cgf=1"], 2, "--sweep cgf=1: error: the workflow has no param 'cgf'\n"),
  ])
  func slipsAreTold(_ arguments: [String], _ status: Int32, _ message: String) throws {
    let result = try Stepgraph().failure(["run", Self.txt2img] + arguments)
    #expect(result.status == status)
    #expect(result.errors.hasPrefix(message), "\(result.errors)")
  }
}
