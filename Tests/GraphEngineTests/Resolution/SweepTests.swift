import GraphEngine
import Testing

/// A workflow that writes one picture, with `sweep` as its own sweep.
private func files(_ sweep: String = "", path: String = "$(out)", more: String = "") -> ToyFiles {
  ToyFiles(
    """
    stepgraph: 1
    params:
      seed:   {type: int, default: 0, min: 0}
      cfg:    {type: float, default: 7.5, min: 0}
      prompt: {type: string, default: a cat}
      mode:   {type: choice, options: [plain, karras], default: plain}
      steps:  {type: int, default: 2}
      last:   {type: int, default: $(steps)}
      out:    {type: path, default: out.png}
    nodes:
      start: {node: Start, with: {seed: $(seed)}}
      sample:
        loop: {times: $(last), index: i}
        carry: {latent: start}
        nodes: {next: {node: Step, in: {latent: carry.latent}, with: {step: $(i), scale: $(cfg), mode: $(mode)}}}
        yield: {latent: next.latent}
      image: {node: Decode, in: {latent: sample}}
      png: {node: Save, in: {image: image}, with: {path: "\(path)"}}
    \(more)
    \(sweep.isEmpty ? "" : "sweep: {\(sweep)}")
    """)
}

/// The files that are written, in the order of their nodes.
private func written(_ files: ToyFiles) throws -> [String?] {
  try files.resolve().nodes.filter { $0.declaration.info.isSink }.map { $0.parameters.values["path"]?.text }
}

struct SweepTests {
  @Test func everyPointIsAGraphOfItsOwn() throws {
    let graph = try files("matrix: {seed: [1, 2], cfg: [5, 7.50]}, exclude: [{seed: 1, cfg: 5.0}]").resolve()
    #expect(graph.points.map(\.address) == ["seed=1,cfg=7.5", "seed=2,cfg=5", "seed=2,cfg=7.5"])
    #expect(graph.points.map(\.nodes) == [0..<5, 5..<10, 10..<15])
    #expect(
      graph.outline[5..<10] == [
        "seed=2,cfg=5/start = Start(seed=2)",
        "seed=2,cfg=5/sample[0]/next = Step(latent: seed=2,cfg=5/start, step=0, scale=5)",
        "seed=2,cfg=5/sample[1]/next = Step(latent: seed=2,cfg=5/sample[0]/next.latent, step=1, scale=5)",
        "seed=2,cfg=5/image = Decode(latent: seed=2,cfg=5/sample[1]/next.latent)",
        "seed=2,cfg=5/png = Save(image: seed=2,cfg=5/image, path=out-seed2-cfg5.png)",
      ])
    #expect(graph.targetAddresses == ["seed=1,cfg=7.5/png", "seed=2,cfg=5/png", "seed=2,cfg=7.5/png"])
    #expect(graph.axes.map(\.name) == ["seed", "cfg"])
    #expect(graph.axes.map(\.texts) == [["1", "2"], ["5", "7.5"]])
    #expect(graph.parameters.map(\.name) == ["prompt", "mode", "steps", "last", "out"])
    #expect(graph.points[1].parameters.map(\.text) == ["2", "5", "a cat", "plain", "2", "2", "out.png"])
  }

  @Test func whatFollowsFromASweptParamMovesWithIt() throws {
    let graph = try files("matrix: {steps: [1, 3]}").resolve()
    #expect(graph.points.map(\.nodes.count) == [4, 6])
    #expect(graph.parameters.map(\.name) == ["seed", "cfg", "prompt", "mode", "out"])
  }

  @Test(arguments: [
    ("seed", "1..4", ["1", "2", "3", "4"]), ("seed", "1..9:2", ["1", "3", "5", "7", "9"]), ("seed", "7", ["7"]),
    ("seed", "1, 4..2:-1,9", ["1", "4", "3", "2", "9"]), ("seed", "5..5", ["5"]), ("seed", "1..4:2", ["1", "3"]),
    ("seed", "18446744073709551613..18446744073709551615", (0...2).map { "1844674407370955161\($0 + 3)" }),
    ("cfg", "3,5,7.5", ["3", "5", "7.5"]), ("cfg", "0..1:0.25", ["0", "0.25", "0.5", "0.75", "1"]),
    ("cfg", "0..0.5:0.1", ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]), ("cfg", "1e-1...3:.1", ["0.1", "0.2", "0.3"]),
    ("prompt", "a red apple|a cat, asleep | ", ["a red apple", "a cat, asleep", ""]),
    ("prompt", "1..3", ["1..3"]), ("mode", "karras,plain", ["karras", "plain"]),
  ])
  func theCommandLineSweeps(_ name: String, _ text: String, _ values: [String]) throws {
    #expect(try files().sweep(name, text).resolve().axes.map(\.texts) == [values])
  }

  @Test func theCommandLineGoesBeforeTheFile() throws {
    let file = files("matrix: {seed: [1, 2], cfg: [5, 6]}, exclude: [{seed: 1, cfg: 5}, {cfg: 6, seed: 2}]")
    #expect(try file.resolve().points.map(\.address) == ["seed=1,cfg=6", "seed=2,cfg=5"])
    #expect(
      try file.sweep("cfg", "5,9").sweep("steps", "1").resolve().points.map(\.address)
        == ["seed=1,cfg=9,steps=1", "seed=2,cfg=5,steps=1", "seed=2,cfg=9,steps=1"])
    #expect(try file.set("seed", "3").resolve().points.map(\.address) == ["cfg=5", "cfg=6"])
    let single = try file.set("seed", "3").set("cfg", "5").resolve()
    #expect(single.points.isEmpty)
    #expect(single.nodes.last?.parameters.values["path"] == .path("out.png"))
  }

  @Test func oneNumberIsDrawnForAllPoints() throws {
    var toy = files("matrix: {cfg: [5, 6]}").set("seed", "random")
    toy.drawn = 9
    #expect(try toy.resolve().nodes.compactMap { $0.parameters.values["seed"]?.text } == ["9", "9"])
  }

  // MARK: Names

  @Test(arguments: [
    ("seed", "1,2", ["out-seed1.png", "out-seed2.png"]), ("cfg", "0.5", ["out-cfg0.5.png"]),
    ("mode", "plain,karras", ["out-mode_plain.png", "out-mode_karras.png"]),
    ("prompt", "a red apple|", ["out-prompt_a_red_apple.png", "out-prompt_empty.png"]),
    ("prompt", "A cat|a cat", ["out-prompt_A_cat-a7a8377f.png", "out-prompt_a_cat-51e46741.png"]),
    ("prompt", "a/../b|苹果", ["out-prompt_a_.._b-900ea8b7.png", "out-prompt__-50537dab.png"]),
    (
      "prompt", "a red apple on a yellow background with leaves",
      ["out-prompt_a_red_apple_on_a_yellow-a80f69ec.png"]
    ),
  ])
  func filesAreNamedAfterTheirPoints(_ name: String, _ text: String, _ paths: [String]) throws {
    #expect(try written(files().sweep(name, text)) == paths)
  }

  @Test func filesThatDifferAnywayKeepTheirNames() throws {
    #expect(
      try written(files(path: "pics/$(seed)-$(cfg).png").sweep("seed", "1,2").sweep("cfg", "5"))
        == ["pics/1-5.png", "pics/2-5.png"])
    #expect(
      try written(files(path: "a.b/$(seed)").sweep("seed", "1,2").sweep("cfg", "5,6"))
        == ["a.b/1-seed1-cfg5", "a.b/1-seed1-cfg6", "a.b/2-seed2-cfg5", "a.b/2-seed2-cfg6"])
    #expect(
      try written(files().set("out", "/tmp/x.png").sweep("seed", "1,2")) == ["/tmp/x-seed1.png", "/tmp/x-seed2.png"])
  }

  @Test func noTwoPointsShareAFile() throws {
    let toy = ToyFiles(
      """
      stepgraph: 1
      params: {a: {type: string, default: x}, b: {type: string, default: x}}
      nodes:
        start: {node: Start}
        image: {node: Decode, in: {latent: start}}
        png: {node: Save, in: {image: image}, with: {path: o.png}}
      """)
    let paths = try written(toy.sweep("a", "1|1-b_z").sweep("b", "z-b_z|z"))
    #expect(paths.count == 4)
    #expect(Set(paths).count == 4)
  }

  @Test func twoSinksWithOnePathAreAnError() {
    let toy = files("matrix: {seed: [1, 2]}", more: "  two: {node: Save, in: {image: image}, with: {path: ./out.png}}")
    #expect(
      toy.problems() == [
        "g.yaml:19:54: 'seed=1/png' and 'seed=1/two' write one file, 'out-seed1.png'; the other one is at g.yaml:18:54"
      ])
  }

  // MARK: Targets, sheets and the file that is embedded

  @Test func targetsReachEveryPointOrOne() throws {
    let toy = files("matrix: {seed: [1, 2]}")
    #expect(try toy.target("image").resolve().targetAddresses == ["seed=1/image", "seed=2/image"])
    #expect(try toy.target("seed=2/image").resolve().targetAddresses == ["seed=2/image"])
    #expect(
      try toy.target("sample[1]").resolve().targetAddresses == ["seed=1/sample[1]/next", "seed=2/sample[1]/next"])
    #expect(try toy.target("seed=1").resolve().targets == Array(0..<5))
    #expect(
      toy.target("seed=3/image").problems() == [
        "--target seed=3/image: there is no node 'seed=3/image'; did you mean 'seed=1/image'?"
      ])
    #expect(toy.target("imge").problems() == ["--target imge: there is no node 'imge'; did you mean 'image'?"])
  }

  private func sheet(_ toy: ToyFiles, _ choice: SheetChoice = .beside) throws -> [String] {
    try toy.sheets(choice).resolve().outline.suffix(2).map { $0 }
  }

  @Test func aSheetShowsAllPoints() throws {
    #expect(
      try sheet(files().sweep("seed", "1,2")) == [
        "sheet/png/cells = Grid(images: seed=1/image+seed=2/image, labels=[2 columns, seed, 1, 2], sizes=[0, 1])",
        "sheet/png = Save(image: sheet/png/cells, path=out-sheet.png)",
      ])
    let matrix = files("matrix: {prompt: [cat, ''], cfg: [5, 6, 7]}, exclude: [{prompt: cat, cfg: 6}]")
    #expect(
      try sheet(matrix, .at("/tmp/x/../s.png")) == [
        "sheet/png/cells = Grid(images: prompt=cat,cfg=5/image+prompt=cat,cfg=7/image+prompt=empty,cfg=5/image"
          + "+prompt=empty,cfg=6/image+prompt=empty,cfg=7/image, labels=[2 columns, prompt, cfg, cat, \"\", 5, 6, 7],"
          + " sizes=[0, 4, 1, 3, 5])",
        "sheet/png = Save(image: sheet/png/cells, path=/tmp/s.png)",
      ])
    let graph = try matrix.sheets(.beside).resolve()
    #expect(graph.targetAddresses.last == "sheet/png")
    #expect(try matrix.sheets(.none).resolve().nodes.count == 25)
    #expect(try matrix.sheets(.beside).target("image").resolve().nodes.count == 25)
    #expect(try matrix.sheets(.beside).target("png").resolve().nodes.count == 27)
  }

  @Test func aThirdAxisMakesBlocksAndALongOneWraps() throws {
    let three = try sheet(files().sweep("seed", "1,2").sweep("mode", "plain,karras").sweep("cfg", "3,4"))
    #expect(
      three[0].hasSuffix(
        "labels=[2 columns, seed, mode, 1, 2, plain, karras, cfg = 3, cfg = 4], sizes=[0, 4, 2, 6, 1, 5, 3, 7])"))
    let nine = try sheet(files().sweep("seed", "0..9"))
    #expect(
      nine[0].hasSuffix(
        "labels=[4 columns, seed, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9], sizes=[0, 1, 2, 3, 4, 5, 6, 7, 8, 9])"))
  }

  @Test func aSheetHasItsPlaceEvenWithoutACommonName() throws {
    func place(_ path: String) throws -> String? {
      try files(path: path).sweep("seed", "1,2").sheets(.beside).resolve().nodes.last?.parameters.values["path"]?.text
    }
    #expect(try place("pics/out-$(seed).png") == "pics/out-sheet.png")
    #expect(try place("$(seed).png") == "sheet.png")
    #expect(try place("pics/$(seed)/out.png") == "pics/sheet.png")
  }

  @Test func aSheetOfManyPointsIsAskedFor() throws {
    let many = files().sweep("seed", "1..401")
    let graph = try many.sheets(.beside).resolve()
    #expect(graph.nodes.count == 401 * 5)
    #expect(graph.warnings.map(\.message) == ["a sweep of more than 400 points is not shown on a sheet"])
    #expect(try many.sheets(.none).resolve().warnings.isEmpty)
    #expect(try many.sheets(.at("s.png")).resolve().nodes.count == 401 * 5 + 2)
    #expect(try files().sweep("seed", "1..400").sheets(.beside).resolve().nodes.count == 400 * 5 + 2)
  }

  @Test func aSheetNeedsOneSink() {
    let two = files(more: "  two: {node: Save, in: {image: image}, with: {path: b.png}}").sweep("seed", "1,2")
    #expect(
      two.sheets(.at("s.png")).problems() == [
        "--sheet s.png: --sheet names one file, but the sweep's pictures are written by 2 nodes, 'png', 'two'; choose one with --target"
      ])
    #expect(two.sheets(.at("s.png")).target("two").problems().isEmpty)
    #expect(two.sheets(.beside).problems().isEmpty)
    #expect(files().sheets(.at("s.png")).problems() == ["--sheet s.png: nothing is swept"])
    #expect(
      files(path: "out-$(seed).png", more: "  two: {node: Save, in: {image: image}, with: {path: out-sheet.png}}")
        .sweep("seed", "1").sheets(.beside).problems() == [])
  }

  @Test func aPointEmbedsItselfAlone() throws {
    let graph = try files("matrix: {seed: [1, 2], prompt: [a, $$(b)]}").set("cfg", "3").resolve()
    let text = graph.points[3].workflow
    #expect(text.contains("seed: {type: int, default: 2, min: 0}"))
    #expect(text.contains("prompt: {type: string, default: $$(b)}"))
    #expect(!text.contains("sweep"))
    let again = try ToyFiles(text).resolve()
    #expect(again.points.isEmpty)
    #expect(
      again.nodes.dropLast().map(\.parameters.values) == graph.nodes.suffix(5).dropLast().map(\.parameters.values))
    #expect(again.nodes.last?.parameters.values["path"] == .path("out.png"))
  }

  @Test func theSheetEmbedsTheSweep() throws {
    let graph = try files("matrix: {seed: [1, 2], prompt: [a, $$(b)]}, exclude: [{seed: 1, prompt: a}]")
      .set("cfg", "3").sweep("mode", "plain,karras").sheets(.beside).resolve()
    #expect(
      graph.workflow.hasSuffix(
        "\nsweep: {matrix: {seed: [1, 2], prompt: [a, $$(b)], mode: [plain, karras]}, exclude: [{seed: 1, prompt: a}]}\n"
      ))
    let again = try ToyFiles(graph.workflow).sheets(.beside).resolve()
    #expect(again.outline == graph.outline)
    #expect(again.workflow == graph.workflow)
  }

  @Test func noFileDescribesASweepOfSubgraphs() throws {
    let toy = ToyFiles([
      "Graphs/g.yaml": """
      stepgraph: 1
      params: {method: {type: path, default: s/a.yaml}}
      nodes: {sample: {graph: $(method)}, image: {node: Decode, in: {latent: sample}}}
      outputs: {image: image}
      sweep: {matrix: {method: [s/a.yaml, s/b.yaml]}}
      """,
      "Graphs/s/a.yaml": "stepgraph: 1\nnodes: {x: {node: Start}}\noutputs: {x: x}\nsweep: {matrix: {y: [1]}}",
      "Graphs/s/b.yaml": "stepgraph: 1\nnodes: {x: {node: Start, with: {width: 8}}}\noutputs: {x: x}",
      "b.yaml": "stepgraph: 1\nnodes: {x: {node: Start, with: {width: 16}}}\noutputs: {x: x}",
    ])
    let graph = try toy.resolve("Graphs/g.yaml")
    #expect(graph.points.map(\.address) == ["method=a", "method=b"])
    #expect(graph.workflow.isEmpty)
    #expect(graph.outputs.keys.sorted() == ["method=a/image", "method=b/image"])
    #expect(graph.points[1].workflow.contains("width: 8"))
    let typed = try toy.sweep("method", "b.yaml|Graphs/s/b.yaml").resolve("Graphs/g.yaml")
    #expect(typed.nodes.compactMap { $0.parameters.values["width"]?.text } == ["16", "8"])
  }

  // MARK: Problems

  @Test(arguments: [
    ("matrix: {sede: [1]}", ["20:18: the workflow has no param 'sede'; did you mean 'seed'?"]),
    (
      "matrix: {banana: [1]}",
      ["20:18: the workflow has no param 'banana'; its params are seed, cfg, prompt, mode, steps, last, out"]
    ),
    ("matrix: {}", ["20:9: 'sweep' needs 'matrix' with a param and its values; such as matrix: {seed: [1, 2, 3]}"]),
    ("exclude: []", ["20:1: 'sweep' needs 'matrix' with a param and its values; such as matrix: {seed: [1, 2, 3]}"]),
    (
      "matrx: {seed: [1]}", ["20:9: 'sweep' has no key 'matrx'; did you mean 'matrix'?"]
    ),
    ("matrix: {seed: []}", ["20:24: 'seed' takes at least one value"]),
    ("matrix: {seed: 1}", ["20:24: 'seed' takes a list of values, not a text"]),
    ("matrix: {seed: [1, [2]]}", ["20:28: 'seed' takes a text or a number, not a list"]),
    ("matrix: {seed: [1, x, -1]}", ["20:28: 'seed' takes an int, not 'x'", "20:31: 'seed' takes 0 or more, not -1"]),
    (
      "matrix: {seed: [1, $(steps)]}",
      ["20:28: a value of a sweep can't use '$(...)'; '$$(' stands for the two characters '$('"]
    ),
    ("matrix: {cfg: [7, 7.0]}", ["20:27: the sweep of 'cfg' has '7' twice"]),
    ("matrix: {prompt: ['', '']}", ["20:31: the sweep of 'prompt' has an empty text twice"]),
    ("matrix: {mode: [karas]}", ["20:25: 'mode' takes one of plain, karras, not 'karas'; did you mean 'karras'?"]),
    ("matrix: {seed: [1]}, exclude: {seed: 1}", ["20:39: 'exclude' takes a list of points, not a mapping"]),
    ("matrix: {seed: [1]}, exclude: [1]", ["20:40: a point of 'exclude' takes a mapping, not a text"]),
    ("matrix: {seed: [1]}, exclude: [{}]", ["20:40: a point of 'exclude' names no param"]),
    ("matrix: {seed: [1]}, exclude: [{sede: 1}]", ["20:41: 'sede' is not swept; did you mean 'seed'?"]),
    ("matrix: {seed: [1]}, exclude: [{cfg: 5}]", ["20:41: 'cfg' is not swept; swept are seed"]),
    (
      "matrix: {seed: [1, 2]}, exclude: [{seed: 3}]",
      ["20:50: no point of the sweep has seed=3; the values of 'seed' are 1, 2"]
    ),
    ("matrix: {seed: [1, 2]}, exclude: [{seed: 1}, {seed: 2}]", ["20:43: every point of the sweep is excluded"]),
  ])
  func badSweeps(_ sweep: String, _ problems: [String]) {
    #expect(files(sweep).problems() == problems.map { "g.yaml:" + $0 })
    #expect(files(sweep).checkProblems() == problems.map { "g.yaml:" + $0 })
  }

  @Test(arguments: [
    ("sede", "1", ["--sweep sede=1: the workflow has no param 'sede'; did you mean 'seed'?"]),
    ("seed", "", ["--sweep seed=: 'seed' takes an int, not an empty text"]),
    ("seed", "1,,2", ["--sweep seed=1,,2: 'seed' takes an int, not an empty text"]),
    ("seed", "random", ["--sweep seed=random: 'seed' takes an int, not 'random'"]),
    ("seed", "1,1", ["--sweep seed=1,1: the sweep of 'seed' has '1' twice"]),
    ("seed", "1..3,2", ["--sweep seed=1..3,2: the sweep of 'seed' has '2' twice"]),
    (
      "seed", "1..x",
      [
        "--sweep seed=1..x: 'seed' takes an int, not 'x', in the range '1..x'; a range is first..last or first..last:step"
      ]
    ),
    (
      "seed", "1..",
      [
        "--sweep seed=1..: 'seed' takes an int, not an empty text, in the range '1..'; a range is first..last or first..last:step"
      ]
    ),
    (
      "seed", "1..9..2",
      [
        "--sweep seed=1..9..2: 'seed' takes an int, not '9..2', in the range '1..9..2'; a range is first..last or first..last:step"
      ]
    ),
    ("seed", "1..9:0", ["--sweep seed=1..9:0: the range '1..9:0' has the step 0, and so no end"]),
    (
      "seed", "8..1",
      ["--sweep seed=8..1: the range '8..1' does not lead from 8 to 1; write it with the step -1: 8..1:-1"]
    ),
    ("seed", "1..20000", ["--sweep seed=1..20000: the range '1..20000' has more than 10000 values"]),
    (
      "seed", "-2..1",
      ["--sweep seed=-2..1: 'seed' takes 0 or more, not -1", "--sweep seed=-2..1: 'seed' takes 0 or more, not -2"]
    ),
    ("cfg", "0..1e300", ["--sweep cfg=0..1e300: '1e300' is too large for a range"]),
    (
      "prompt", "a cat, asleep",
      ["--sweep prompt=a cat, asleep: the sweep of 'prompt' has one value; the values of a string are separated by '|'"]
    ),
  ])
  func badArguments(_ name: String, _ text: String, _ problems: [String]) throws {
    var toy = files().sweep(name, text)
    if name == "prompt" {
      #expect(try toy.resolve().warnings.map { "\($0.location!): \($0.message); \($0.notes[0])" } == problems)
    } else {
      #expect(toy.problems().sorted() == problems)
    }
    toy = files("matrix: {seed: [1, 2]}").sweep("cfg", "1,2")
    #expect(toy.problems().isEmpty)
  }

  @Test func aParamIsSweptOnceOrSet() {
    #expect(
      files().sweep("seed", "1").sweep("seed", "2").problems() == [
        "--sweep seed=2: 'seed' is swept twice; give all of its values in one --sweep"
      ])
    #expect(
      files().sweep("seed", "1").set("seed", "2").problems() == [
        "--sweep seed=1: 'seed' is set and swept; leave out --set seed=2"
      ])
  }

  @Test func aProblemOfOnePointNamesIt() {
    #expect(
      files("matrix: {steps: [999, 1000, 1001]}").problems() == [
        "g.yaml:15:73: 'step' takes 0 to 999, not 1000; in steps=1001/sample[1000]/next; at the point steps=1001 of the sweep"
      ])
    #expect(
      files("matrix: {seed: [1, 2, 3]}", more: "  x: {node: Strat}").problems() == [
        "g.yaml:19:13: there is no node type 'Strat'; did you mean 'Start'?"
      ])
  }

  @Test func theBoundsHoldForAllPointsTogether() {
    #expect(
      files("matrix: {steps: [1000]}").sweep("seed", "1..1200").problems() == [
        "g.yaml:15:13: the workflow has more than 1000000 nodes; at the point steps=1000,seed=998 of the sweep"
      ])
    #expect(
      files().sweep("seed", "1..200").sweep("cfg", "1..100").problems() == [
        "--sweep seed=1..200: the sweep has more than 10000 points; swept are seed (200 values), cfg (100 values)"
      ])
  }

  @Test func aSubgraphIsNotSwept() {
    #expect(
      ToyFiles("stepgraph: 1\nnodes: {a: {graph: {nodes: {x: {node: Start}}, sweep: {matrix: {y: [1]}}}}}").problems()
        == [
          "g.yaml:2:48: a subgraph has no sweep; the workflow that is run can sweep its own params"
        ])
  }
}
