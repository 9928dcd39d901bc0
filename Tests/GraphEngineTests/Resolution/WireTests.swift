import GraphEngine
import Testing

private let soundNodes = """
  stepgraph: 1
  params: {prompt: {type: string, default: x}}
  nodes:
    start: {node: Start}
    next: {node: Step, in: {latent: start}, with: {step: 1}}
    image: {node: Decode, in: {latent: next.latent}}
    png: {node: Save, in: {image: image}, with: {path: out.png}}

  """

struct WireTests {
  @Test func nodesComeAfterWhatTheyNeed() throws {
    let graph = try ToyFiles(
      """
      stepgraph: 1
      nodes:
        png: {node: Save, in: {image: grid}, with: {path: out.png}}
        grid: {node: Grid, in: {images: [b, a, b]}}
        a: {node: Decode, in: {latent: start}}
        b: {node: Decode, in: {latent: start.latent}}
        start: {node: Start}
      outputs: {first: a}
      """
    ).resolve()
    #expect(
      graph.outline == [
        "start = Start()", "b = Decode(latent: start)", "a = Decode(latent: start)", "grid = Grid(images: b+a+b)",
        "png = Save(image: grid, path=out.png)",
      ])
    #expect(graph.targetAddresses == ["a", "png"])
    #expect(graph.outputs == ["first": WireSource(node: 2, output: 0)])
  }

  @Test(arguments: [
    (
      "d: {node: Decoed, in: {latent: strat}}",
      [
        "8:13: there is no node type 'Decoed'; did you mean 'Decode'?",
        "8:34: there is no node 'strat'; did you mean 'start'?",
      ]
    ),
    ("d: {node: Decode, in: {latent: strat}}", ["8:34: there is no node 'strat'; did you mean 'start'?"]),
    ("d: {node: Decode, in: {latent: next.latnt}}", ["8:34: 'next' has no output 'latnt'; did you mean 'latent'?"]),
    (
      "d: {node: Decode, in: {latent: next.banana}}",
      ["8:34: 'next' has no output 'banana'; it has next.latent, next.history"]
    ),
    (
      "d: {node: Decode, in: {latent: next}}",
      ["8:34: 'next' has several outputs; choose from next.latent, next.history"]
    ),
    ("d: {node: Decode, in: {latent: png}}", ["8:34: 'png' has no outputs"]),
    ("d: {node: Decode, in: {latnt: start}}", ["8:26: 'Decode' has no input 'latnt'; did you mean 'latent'?"]),
    (
      "d: {node: Decode, in: {latent: start, model: start}}",
      ["8:41: 'Decode' has no input 'model'; its inputs are latent"]
    ),
    (
      "d: {node: Step, in: {latent: start, step: start}, with: {step: 1}}",
      ["8:39: 'Step' has no input 'step'; 'step' is a parameter: write it under 'with'"]
    ),
    (
      "d: {node: Decode, with: {latent: start}}",
      ["8:28: 'Decode' has no parameter 'latent'; 'latent' is an input: write it under 'in'"]
    ),
    ("d: {node: Decode}", ["8:3: 'd' needs a wire into 'latent' (latent [n, 4, h, w])"]),
    (
      "d: {node: Decode, in: {latent: image}}",
      ["8:34: 'latent' takes latent [n, 4, h, w], but 'image' is image [n, 3, h, w]"]
    ),
    (
      "d: {node: Decode, in: {latent: next.history}}",
      ["8:34: 'latent' takes latent [n, 4, h, w], but 'next.history' is history"]
    ),
    ("d: {node: Read, with: {path: x}}\n  e: {node: Decode, in: {latent: d}}", []),
    (
      "m: {node: Load, with: {path: m}}\n  t: {node: Text, in: {clip: m.clip}, with: {text: hi}}\n  d: {node: Decode, in: {latent: t}}",
      ["10:34: 'latent' takes latent [n, 4, h, w], but 't' is sequence [n, 77, d]"]
    ),
    (
      "d: {node: Decode, in: {latent: a red apple}}",
      [
        "8:34: 'a red apple' is no wire: a wire is 'node' or 'node.port'; texts, numbers and '$(...)' stand under 'with'"
      ]
    ),
    (
      "d: {node: Decode, in: {latent: $(prompt)}}",
      ["8:34: '$(prompt)' is no wire: a wire is 'node' or 'node.port'; texts, numbers and '$(...)' stand under 'with'"]
    ),
    ("d: {node: Decode, in: {latent: a.b.c}}", ["8:34: 'a.b.c' is no wire: a wire is 'node' or 'node.port'"]),
    (
      "d: {node: Decode, in: {latent: prompt}}",
      ["8:34: there is no node 'prompt'; 'prompt' is a param: write $(prompt) under 'with'"]
    ),
    ("d: {node: Decode, in: {latent: {a: b}}}", ["8:34: 'latent' takes a wire, not a mapping"]),
    ("d: {node: Decode, in: {latent: [start]}}", ["8:34: 'latent' takes one wire, not a list"]),
    ("d: {node: Grid, in: {images: []}}", ["8:32: 'images' takes at least one wire"]),
    ("d: {node: Grid, in: {images: image, frames: []}}", ["8:47: 'frames' takes at least one wire"]),
    ("d: {node: Grid, in: {frames: image}}", ["8:3: 'd' needs a wire into 'images' (image [n, 3, h, w])"]),
    ("d: {node: Grid, in: {images: image, frames: [image, image]}}", []),
    (
      "d: {node: Grid, in: {images: image, frames: start}}",
      ["8:47: 'frames' takes image [n, 3, h, w], but 'start' is latent [n, 4, h, w]"]
    ),
    (
      "d: {node: Grid, in: {images: [image, start]}}",
      ["8:40: 'images' takes image [n, 3, h, w], but 'start' is latent [n, 4, h, w]"]
    ),
    (
      "d: {node: Decode, in: {latent: none}}",
      ["8:34: 'none' can only be the start of a carry; leave the input out instead"]
    ),
    ("d: {node: Decode, in: {latent: carry.x}}", ["8:34: there is no loop around 'carry.x'"]),
    ("d: {node: Decode, in: {latent: inputs.x}}", ["8:34: there is no 'inputs.x': this file declares no 'inputs'"]),
    (
      "a: {node: Step, in: {latent: c.latent}, with: {step: 1}}\n  b: {node: Step, in: {latent: a.latent}, with: {step: 1}}\n  c: {node: Step, in: {latent: b.latent}, with: {step: 1}}",
      ["8:32: the wires make a cycle: a -> b -> c -> a"]
    ),
    ("a: {node: Step, in: {latent: a.latent}, with: {step: 1}}", ["8:32: the wires make a cycle: a -> a"]),
  ])
  func badWires(_ nodes: String, _ problems: [String]) {
    #expect(ToyFiles(soundNodes + "  \(nodes)\n").problems() == problems.map { "g.yaml:" + $0 })
  }

  @Test func badOutputs() {
    #expect(
      ToyFiles(soundNodes + "outputs: {x: nothing, y: next, z: image}\n").problems() == [
        "g.yaml:8:14: there is no node 'nothing'",
        "g.yaml:8:26: 'next' has several outputs; choose from next.latent, next.history",
      ])
  }

  @Test func targetsTakeThePlaceOfSinksAndOutputs() throws {
    let files = ToyFiles(
      """
      stepgraph: 1
      nodes:
        start: {node: Start}
        sample:
          loop: {times: 3, index: i}
          carry: {latent: start}
          nodes:
            next: {node: Step, in: {latent: carry.latent}, with: {step: $(i)}}
            image: {node: Decode, in: {latent: next.latent}}
            png: {node: Save, in: {image: image}, with: {path: out-$(i).png}}
          yield: {latent: next.latent}
      outputs: {last: sample.latent}
      """)
    #expect(
      try files.resolve().targetAddresses == [
        "sample[0]/png", "sample[1]/png", "sample[2]/next", "sample[2]/png",
      ])
    #expect(try files.target("sample").resolve().targetAddresses == ["sample[2]/next"])
    #expect(try files.target("sample[1]/image").resolve().targetAddresses == ["sample[1]/image"])
    #expect(
      try files.target("start", "sample[1]").resolve().targetAddresses == [
        "start", "sample[1]/next", "sample[1]/image", "sample[1]/png",
      ])
    #expect(files.target("sampel").problems() == ["--target sampel: there is no node 'sampel'; did you mean 'sample'?"])
    let withPort = "--target sample.latent: there is no node 'sample.latent'; did you mean 'sample'?"
    #expect(files.target("sample.latent").problems() == [withPort])
    #expect(
      files.target("sample[1]/imag").problems() == [
        "--target sample[1]/imag: there is no node 'sample[1]/imag'; did you mean 'sample[1]/image'?"
      ])
  }

  @Test func aTargetThatAProblemHidesIsNotReported() {
    let files = ToyFiles(soundNodes + "  d: {node: Decoed}\n")
    let problem = "g.yaml:8:13: there is no node type 'Decoed'; did you mean 'Decode'?"
    #expect(files.target("d").problems() == [problem])
    #expect(files.target("d[0]/x").problems() == [problem])
    #expect(files.target("e").problems() == ["--target e: there is no node 'e'", problem])
  }

  @Test func aWorkflowThatAsksForNothingIsWarnedAbout() throws {
    let graph = try ToyFiles("stepgraph: 1\nnodes: {start: {node: Start}}\n").resolve()
    #expect(graph.targets.isEmpty)
    #expect(graph.warnings.map(\.message) == ["the workflow asks for nothing"])
  }

  @Test func nodesKnowTheirPlaceAndCachePolicy() throws {
    let graph = try ToyFiles(soundNodes + "  kept: {node: Start, cache: memory, with: {width: 8}}\n").resolve()
    let kept = try #require(graph.nodes.first { $0.address == "kept" })
    #expect(kept.cache == .memory)
    #expect(kept.location.description == "g.yaml:8:3")
    #expect(kept.portLocations.mapValues(\.description) == ["width": "g.yaml:8:52"])
    let png = try #require(graph.nodes.first { $0.address == "png" })
    #expect(png.cache == .disk)
    #expect(png.portLocations.mapValues(\.description) == ["image": "g.yaml:7:33", "path": "g.yaml:7:54"])
  }
}
