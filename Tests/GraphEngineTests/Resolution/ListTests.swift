import GraphEngine
import Testing

private func files(_ with: String, nodes: String = "") -> ToyFiles {
  ToyFiles(
    """
    stepgraph: 1
    params: {steps: {type: int, default: 3}, cfg: {type: float, default: 7.5}, name: {type: string, default: a cat}}
    nodes:
      start: {node: Start}
      image: {node: Decode, in: {latent: start}}
      grid: {node: Grid, in: {images: image}, with: {\(with)}}
      \(nodes)
    outputs: {grid: grid}
    """)
}

struct ListTests {
  @Test(arguments: [
    (
      "labels: [DDIM, $(name), 7, no, '', \"a, b\", $$(x)]", "labels",
      ParameterValue.list(["DDIM", "a cat", "7", "no", "", "a, b", "$(x)"].map { .string($0) })
    ),
    ("labels: []", "labels", .list([])),
    ("labels: [a]", "sizes", .absent),
    (
      "sizes: [999, 850.5, 3, 1e3, \"2\", $(cfg), $(steps)]", "sizes",
      .list([999, 850.5, 3, 1000, 2, 7.5, 3].map { .float($0) })
    ),
    ("order: [0, $(steps), \"$(min(steps, 2)*2)\"]", "order", .list([.int(0), .int(3), .int(4)])),
    ("modes: [plain, framed]", "modes", .list([.string("plain"), .string("framed")])),
  ])
  func itemsAreReadByTheListsType(_ with: String, _ name: String, _ value: ParameterValue) throws {
    #expect(try files(with).resolve().nodes.last?.parameters.values[name] == value)
  }

  @Test func aListOverSeveralLinesAndInALoop() throws {
    let graph = try files(
      "labels: [x]",
      nodes: """
        sample:
            loop: {times: 2, index: i}
            nodes:
              row:
                node: Grid
                in: {images: image}
                with:
                  labels:
                    - first
                    - step $(i)
                  order: [$(i), 5]
        """
    ).resolve()
    #expect(
      graph.nodes.suffix(2).map { $0.parameters.values["labels"]?.text } == ["[first, step 0]", "[first, step 1]"])
    #expect(graph.nodes.last?.parameters.values["order"] == .list([.int(1), .int(5)]))
  }

  @Test(arguments: [
    (
      "sizes: [1, high, 3, low]",
      ["6:61: 'sizes' takes a number, not 'high'", "6:70: 'sizes' takes a number, not 'low'"]
    ),
    ("sizes: [1, -2]", ["6:61: 'sizes' takes 0 or more, not -2"]),
    ("sizes: [1, '']", ["6:61: 'sizes' takes a number, not an empty text"]),
    ("order: [1, 2.5]", ["6:61: 'order' takes an int, not '2.5'"]),
    ("order: [1, $(cfg)]", ["6:61: 'order' takes an int, but 'cfg' is a float"]),
    ("order: [1, $(stpes)]", ["6:63: there is no param or loop index 'stpes'; did you mean 'steps'?"]),
    ("order: [10]", ["6:58: 'order' takes 0 to 9, not 10"]),
    ("modes: [frame]", ["6:58: 'modes' takes one of plain, framed, not 'frame'; did you mean 'framed'?"]),
    ("labels: [a, [b]]", ["6:62: 'labels' takes a text or a number, not a list"]),
    ("labels: [a, {b: c}]", ["6:62: 'labels' takes a text or a number, not a mapping"]),
    ("labels: a", ["6:58: 'labels' takes a list of texts, not a text; a list of one is written [a]"]),
    ("sizes: $(cfg)", ["6:57: 'sizes' takes a list of numbers, not a text; a list of one is written [$(cfg)]"]),
    ("labels: {a: b}", ["6:58: 'labels' takes a text or a number, not a mapping"]),
    (
      "lables: [a, $(nmae)]",
      [
        "6:50: 'Grid' has no parameter 'lables'; did you mean 'labels'?",
        "6:64: there is no param or loop index 'nmae'; did you mean 'name'?",
      ]
    ),
  ])
  func badLists(_ with: String, _ problems: [String]) {
    #expect(files(with).problems() == problems.map { "g.yaml:" + $0 })
  }

  @Test func paramsAreListsToo() throws {
    let files = ToyFiles([
      "g.yaml": """
      stepgraph: 1
      params:
        n: {type: int, default: 3}
        scales: {type: [float], default: [7, $(n), 2.5], min: 1, max: 9}
        modes: {type: [choice], options: [plain, karras], default: [karras, plain]}
      nodes:
        start: {node: Start}
        image: {node: Decode, in: {latent: start}}
        each:
          loop: {times: $(len(scales)), index: k}
          nodes:
            sub: {graph: s.yaml, in: {latent: start, image: image}, with: {scales: "$(scales)", mode: "$(modes[if(k > 0, 1, 0)])", items: [$(k), 1], k: $(k)}}
      """,
      "s.yaml": """
      stepgraph: 1
      params: {scales: {type: [float]}, mode: {type: string}, items: {type: [int]}, k: {type: int}}
      inputs: {latent: {type: latent}, image: {type: image}}
      nodes:
        step: {node: Step, in: {latent: inputs.latent}, with: {step: "$(items[0])", scale: "$(scales[k])", mode: $(mode)}}
        grid: {node: Grid, in: {images: inputs.image}, with: {sizes: $(scales), order: $(items), labels: $(items)}}
      """,
    ])
    let graph = try files.target("each").resolve()
    #expect(
      graph.outline.suffix(6) == [
        "each[0]/sub/step = Step(latent: start, step=0, scale=7, mode=karras)",
        "each[0]/sub/grid = Grid(images: image, labels=[0, 1], sizes=[7, 3, 2.5], order=[0, 1])",
        "each[1]/sub/step = Step(latent: start, step=1, scale=3)",
        "each[1]/sub/grid = Grid(images: image, labels=[1, 1], sizes=[7, 3, 2.5], order=[1, 1])",
        "each[2]/sub/step = Step(latent: start, step=2, scale=2.5)",
        "each[2]/sub/grid = Grid(images: image, labels=[2, 1], sizes=[7, 3, 2.5], order=[2, 1])",
      ])
    #expect(graph.parameters.map(\.text) == ["3", "[7, 3, 2.5]", "[karras, plain]"])
    #expect(try ToyFiles(graph.workflow).target("each").resolve().outline == graph.outline)
    let moved = try ToyFiles(graph.workflow).target("each").set("n", "4").resolve()
    #expect(moved.outline.contains("each[1]/sub/step = Step(latent: start, step=1, scale=4)"))
  }

  @Test(arguments: [
    ("{type: [float], default: 7}", ["2:38: 'a' takes a list of numbers, not a text; a list of one is written [7]"]),
    ("{type: [float], default: [7, x]}", ["2:42: 'a' takes a number, not 'x'"]),
    ("{type: [int], default: [1, 9], max: 5}", ["2:40: 'a' takes at most 5, not 9"]),
    ("{type: int, default: [1]}", ["2:34: 'a' takes a text or a number, not a list"]),
    ("{type: [float, int], default: [7]}", ["2:20: a list has items of one type: 'type: [float]'"]),
    ("{type: [[int]], default: [7]}", ["2:21: 'type' takes a text or a number, not a list"]),
    ("{type: [path], default: [a]}", ["2:21: a param is one path, not a list of them"]),
    ("{type: [string], default: [a], min: 1}", ["2:49: only an int or a float has 'min'"]),
  ])
  func badListParams(_ param: String, _ problems: [String]) {
    let text = "stepgraph: 1\nparams: {a: \(param)}\nnodes: {start: {node: Start}}\noutputs: {start: start}"
    #expect(ToyFiles(text).problems() == problems.map { "g.yaml:" + $0 })
  }

  @Test func onlyListsTakeLists() {
    let toy = ToyFiles([
      "g.yaml": """
      stepgraph: 1
      nodes:
        a: {node: Start, with: {width: [64, $(x)]}}
        b: {graph: s.yaml, with: {steps: [1]}}
      """,
      "s.yaml": "stepgraph: 1\nparams: {steps: {type: int}}\nnodes: {a: {node: Start}}",
    ])
    #expect(
      toy.problems() == [
        "g.yaml:3:34: 'width' takes a text or a number, not a list",
        "g.yaml:3:41: there is no param or loop index 'x'",
        "g.yaml:4:36: 'steps' takes a text or a number, not a list",
      ])
  }
}
