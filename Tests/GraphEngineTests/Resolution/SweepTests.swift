import GraphEngine
import Testing

struct SweepTests {
  @Test func everyPointIsAGraphOfItsOwn() throws {
    let graph = try swept("matrix: {seed: [1, 2], cfg: [5, 7.50]}, exclude: [{seed: 1, cfg: 5.0}]").resolve()
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
    let graph = try swept("matrix: {steps: [1, 3]}").resolve()
    #expect(graph.points.map(\.nodes.count) == [4, 6])
    #expect(graph.parameters.map(\.name) == ["seed", "cfg", "prompt", "mode", "out"])
  }

  /// Names are looked up once for all points, and each is what it would be by itself.
  @Test(arguments: [
    "",
    "  more: {graph: {params: {n: {type: int}}, nodes: {x: {node: Start, with: {seed: $(n * 2)}}}}, with: {n: $(last)}}",
    "  more: {node: Step, in: {latent: 'sample[0]/next.latent'}, with: {step: '$(if(cfg > 5, steps, 0))', mode: $(mode)}}",
    "  more: {node: Load, with: {path: '$(prompt)/$(mode)'}}",
  ])
  func everyPointIsAsIfItWereAlone(_ more: String) throws {
    let path = "$(prompt)-$(steps:03)-$(cfg)-$(mode).png"
    let graph = try swept(path: path, more: more).sweep("steps", "1..3").sweep("prompt", "a|b").sweep("cfg", "5,6.5")
      .sweep("mode", "plain,karras").resolve()
    #expect(graph.points.count == 24)
    for point in graph.points {
      var alone = swept(path: path, more: more)
      for (axis, setting) in zip(graph.axes, point.address.split(separator: ",")) {
        alone = alone.set(axis.name, String(setting.drop { $0 != "=" }.dropFirst()))
      }
      let single = try alone.resolve()
      let outline: [String] = graph.outline[point.nodes].map { $0.replacing(point.address + "/", with: "") }
      #expect(outline == single.outline)
      #expect(point.parameters.map(\.text) == single.parameters.map(\.text))
      #expect(point.workflow == single.workflow)
    }
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
    #expect(try swept().sweep(name, text).resolve().axes.map(\.texts) == [values])
  }

  @Test func theCommandLineGoesBeforeTheFile() throws {
    let file = swept("matrix: {seed: [1, 2], cfg: [5, 6]}, exclude: [{seed: 1, cfg: 5}, {cfg: 6, seed: 2}]")
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
    var toy = swept("matrix: {cfg: [5, 6]}").set("seed", "random")
    toy.drawn = 9
    #expect(try toy.resolve().nodes.compactMap { $0.parameters.values["seed"]?.text } == ["9", "9"])
  }

  @Test func targetsReachEveryPointOrOne() throws {
    let toy = swept("matrix: {seed: [1, 2]}")
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

  @Test func aFileTakesWhatTheCommandLineTakes() throws {
    for (written, values) in [
      ("1..4", ["1", "2", "3", "4"]), ("\"7,11..13\"", ["7", "11", "12", "13"]),
      ("[9, 1..3, \"8..4:-2\"]", ["9", "1", "2", "3", "8", "6", "4"]),
      ("5", ["5"]), ("\"[1, 2]\"", ["1", "2"]),
    ] { #expect(try swept("matrix: {seed: \(written)}").resolve().axes.map(\.texts) == [values]) }
    #expect(try swept("matrix: {cfg: 0..1:0.5}").resolve().axes.map(\.texts) == [["0", "0.5", "1"]])
    #expect(
      try swept("matrix: {prompt: \"a cat|1..3, random\"}").resolve().axes.map(\.texts) == [["a cat", "1..3, random"]])
    #expect(
      try swept("matrix: {prompt: [a cat, 1..3, random]}").resolve().axes.map(\.texts) == [["a cat", "1..3", "random"]])
  }

  @Test func numbersAreDrawnAndRecorded() throws {
    for toy in [
      swept("matrix: {seed: random*3}"), swept().sweep("seed", "random*3"), swept("matrix: {seed: [random, random*2]}"),
    ] {
      var toy = toy
      toy.drawn = 5
      let graph = try toy.resolve()
      // The generator of this test draws one number, and no point is there twice.
      #expect(graph.axes.map(\.texts) == [["5", "6", "7"]])
      #expect(graph.axes.map(\.isDrawn) == [true])
      #expect(graph.points.map { $0.parameters.first { $0.name == "seed" }?.isDrawn } == [true, true, true])
      #expect(graph.points[1].workflow.contains("seed: {type: int, default: 6"))
      #expect(graph.workflow.contains("seed: [5, 6, 7]"))
      #expect(try ToyFiles(graph.workflow).resolve().points.map(\.address) == ["seed=5", "seed=6", "seed=7"])
    }
    let few = ToyFiles(
      "stepgraph: 1\nparams: {n: {type: int, default: 1, min: 1, max: 4}}\nnodes: {a: {node: Start, with: {seed: $(n)}}}"
    )
    #expect(
      try few.target("a").sweep("n", "random*4").resolve().axes.map { $0.texts.sorted() } == [["1", "2", "3", "4"]])
    #expect(
      few.sweep("n", "random*5").problems() == ["--sweep n=random*5: 'n' takes 1 to 4, too few for 'random*5'"])
  }

  @Test func listsAreSwept() throws {
    let text = """
      stepgraph: 1
      params: {scales: {type: [float], default: [1]}, names: {type: [string], default: [a]}}
      nodes:
        start: {node: Start}
        image: {node: Decode, in: {latent: start}}
        grid: {node: Grid, in: {images: image}, with: {sizes: $(scales), labels: $(names)}}
        png: {node: Save, in: {image: grid}, with: {path: out.png}}

      """
    let graph = try ToyFiles(text).sweep("scales", "7,5,3|8,8").resolve()
    #expect(graph.points.map(\.address) == ["scales=7_5_3", "scales=8_8"])
    #expect(graph.nodes.compactMap { $0.parameters.values["sizes"]?.text } == ["[7, 5, 3]", "[8, 8]"])
    #expect(
      graph.nodes.compactMap { $0.parameters.values["path"]?.text } == ["out-scales7_5_3.png", "out-scales8_8.png"])
    let written = try ToyFiles(text + "sweep: {matrix: {names: [[x, y], [\"a, b\"]]}}").resolve()
    #expect(written.nodes.compactMap { $0.parameters.values["labels"]?.text } == ["[x, y]", "[a, b]"])
    #expect(try ToyFiles(written.workflow).resolve().outline == written.outline)
    #expect(
      ToyFiles(text).sweep("names", "a|b").problems() == [
        "--sweep names=a|b: lists of texts can only be swept in a file"
      ])
    #expect(
      try ToyFiles(text).set("scales", "[2, 3]").set("names", "a, b|c").resolve().outline.dropLast().last
        == "grid = Grid(images: image, labels=[a, b, c], sizes=[2, 3])")
    #expect(ToyFiles(text).set("scales", "2,x").problems() == ["--set scales=2,x: 'scales' takes a number, not 'x'"])
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
    ("matrix: {seed: {a: 1}}", ["20:24: 'seed' takes a list of values, not a mapping"]),
    ("matrix: {seed: }", ["20:24: 'seed' takes at least one value"]),
    ("matrix: {seed: x}", ["20:24: 'seed' takes an int, not 'x'"]),
    ("matrix: {seed: 4..1}", ["20:24: the range '4..1' does not lead from 4 to 1; write it with the step -1: 4..1:-1"]),
    (
      "matrix: {seed: [1, 4..2]}",
      ["20:28: the range '4..2' does not lead from 4 to 2; write it with the step -1: 4..2:-1"]
    ),
    (
      "matrix: {seed: random*0}",
      ["20:24: 'random*0' does not say how many to draw; 'random*8' draws 8 numbers; 1 to 10000 can be drawn"]
    ),
    ("matrix: {cfg: random}", ["20:23: 'cfg' takes a number, not 'random'"]),
    ("matrix: {out: ~/x.png}", ["20:23: '~/x.png' holds '~', which only a shell replaces"]),
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
    #expect(swept(sweep).problems() == problems.map { "g.yaml:" + $0 })
    #expect(swept(sweep).checkProblems() == problems.map { "g.yaml:" + $0 })
  }

  @Test(arguments: [
    ("sede", "1", ["--sweep sede=1: the workflow has no param 'sede'; did you mean 'seed'?"]),
    ("seed", "", ["--sweep seed=: 'seed' takes an int, not an empty text"]),
    ("seed", "1,,2", ["--sweep seed=1,,2: 'seed' takes an int, not an empty text"]),
    ("cfg", "random", ["--sweep cfg=random: 'cfg' takes a number, not 'random'"]),
    (
      "seed", "random*x",
      [
        "--sweep seed=random*x: 'random*x' does not say how many to draw; 'random*8' draws 8 numbers; 1 to 10000 can be drawn"
      ]
    ),
    ("seed", "1-4", ["--sweep seed=1-4: '1-4' is no number; a range is written 1..4"]),
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
    var toy = swept().sweep(name, text)
    if name == "prompt" {
      #expect(try toy.resolve().warnings.map { "\($0.location!): \($0.message); \($0.notes[0])" } == problems)
    } else {
      #expect(toy.problems().sorted() == problems)
    }
    toy = swept("matrix: {seed: [1, 2]}").sweep("cfg", "1,2")
    #expect(toy.problems().isEmpty)
  }

  @Test func aParamIsSweptOnceOrSet() {
    #expect(
      swept().sweep("seed", "1").sweep("seed", "2").problems() == [
        "--sweep seed=2: 'seed' is swept twice; give all of its values in one --sweep"
      ])
    #expect(
      swept().sweep("seed", "1").set("seed", "2").problems() == [
        "--sweep seed=1: 'seed' is set and swept; leave out --set seed=2"
      ])
  }

  @Test func aProblemOfOnePointNamesIt() {
    #expect(
      swept("matrix: {steps: [999, 1000, 1001]}").problems() == [
        "g.yaml:15:73: 'step' takes 0 to 999, not 1000; in steps=1001/sample[1000]/next; at the point steps=1001 of the sweep"
      ])
    #expect(
      swept("matrix: {seed: [1, 2, 3]}", more: "  x: {node: Strat}").problems() == [
        "g.yaml:19:13: there is no node type 'Strat'; did you mean 'Start'?"
      ])
  }

  @Test func theBoundsHoldForAllPointsTogether() {
    #expect(
      swept("matrix: {steps: [1000]}").sweep("seed", "1..1200").problems() == [
        "g.yaml:15:13: the workflow has more than 1000000 nodes; at the point steps=1000,seed=998 of the sweep"
      ])
    #expect(
      swept().sweep("seed", "1..200").sweep("cfg", "1..100").problems() == [
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
