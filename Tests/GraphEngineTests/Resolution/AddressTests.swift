import GraphEngine
import Testing

private func files(_ wire: String, times: String = "times: 3", more: String = "") -> ToyFiles {
  ToyFiles([
    "g.yaml": """
    stepgraph: 1
    params: {seed: {type: int, default: 1}}
    nodes:
      image: {node: Decode, in: {latent: "\(wire)"}}
      start: {node: Start, with: {seed: $(seed)}}
      sample:
        loop: {\(times), index: i}
        carry: {latent: start}
        nodes:
          next: {node: Step, in: {latent: carry.latent}, with: {step: 0}}
          view: {node: Decode, in: {latent: next.latent}}
        yield: {latent: next.latent}
        collect: {picture: view}
      sub: {graph: s.yaml, in: {latent: start}}
      \(more)
    outputs: {image: image}
    """,
    "s.yaml": """
    stepgraph: 1
    inputs: {latent: {type: latent}}
    nodes:
      outer:
        loop: {from: 5, to: 7, index: i}
        carry: {latent: inputs.latent}
        nodes:
          inner:
            graph:
              inputs: {latent: {type: latent}}
              nodes: {one: {node: Step, in: {latent: inputs.latent}, with: {step: 1}}}
              outputs: {latent: one.latent}
            in: {latent: carry.latent}
        yield: {latent: inner.latent}
    outputs: {latent: outer.latent}
    """,
  ])
}

struct AddressTests {
  @Test(arguments: [
    ("sample[1]/next.latent", "sample[1]/next.latent"), ("sample[-1]/next.latent", "sample[2]/next.latent"),
    ("sample[-3]/next.latent", "sample[0]/next.latent"), ("sample[1].latent", "sample[1]/next.latent"),
    ("sub/outer[5]/inner/one.latent", "sub/outer[5]/inner/one.latent"),
    ("sub/outer[-1]/inner/one.latent", "sub/outer[6]/inner/one.latent"),
    ("sub/outer[5]/inner.latent", "sub/outer[5]/inner/one.latent"),
    ("sub/outer[5]/inner", "sub/outer[5]/inner/one.latent"),
    ("sub/outer.latent", "sub/outer[6]/inner/one.latent"), ("sub/outer[6]", "sub/outer[6]/inner/one.latent"),
  ])
  func anAddressIsAWire(_ wire: String, _ source: String) throws {
    let graph = try files(wire).resolve()
    #expect(graph.outline.contains("image = Decode(latent: \(source))"))
    // A picture's workflow has it too.
    let again = try ToyFiles(graph.workflow).resolve()
    #expect(again.outline == graph.outline)
  }

  @Test func whatThePlanPrintsOfNegativeIndicesIsTakenAsItIs() throws {
    let graph = try files("sample[-1]/next.latent", times: "from: -2, to: 1").resolve()
    #expect(graph.outline.contains("image = Decode(latent: sample[-1]/next.latent)"))
  }

  @Test func anIterationOfACollectionIsOneItem() throws {
    let more = "grid: {node: Save, in: {image: \"sample[1].picture\"}, with: {path: o.png}}"
    #expect(try files("start", more: more).resolve().outline.last == "grid = Save(image: sample[1]/view, path=o.png)")
  }

  @Test func addressesLeadOutOfLoopsAndStayInTheirPoint() throws {
    let more = """
      later:
          loop: {times: 2, index: j}
          nodes: {view: {node: Decode, in: {latent: "sample[0]/next.latent"}}}
      """
    let graph = try files("sub/outer[5]/inner.latent", more: more).sweep("seed", "1,2").target("later").target("image")
      .resolve()
    #expect(graph.outline.contains("seed=2/later[1]/view = Decode(latent: seed=2/sample[0]/next.latent)"))
    #expect(graph.outline.contains("seed=2/image = Decode(latent: seed=2/sub/outer[5]/inner/one.latent)"))
  }

  @Test(arguments: [
    ("sample[3]/next.latent", ["'sample' has no iteration 3; its iterations are 0 to 2"]),
    ("sample[-4]/next.latent", ["'sample' has no iteration -4; its iterations are 0 to 2"]),
    (
      "sample/next.latent",
      [
        "'sample' is a loop: 'sample/next.latent' does not say which iteration; 'sample[0]' is one, and 'sample[-1]' the last"
      ]
    ),
    ("start[0]/next.latent", ["'start' is no loop, and has no iterations"]),
    ("sub[0]/outer.latent", ["'sub' is no loop, and has no iterations"]),
    ("start/next.latent", ["'start' is a node, and has no nodes inside"]),
    ("sample[0]/nxt.latent", ["there is no node 'nxt' in 'sample[0]'; did you mean 'next'?"]),
    ("sample[0]/banana", ["there is no node 'banana' in 'sample[0]'; it has next, view"]),
    ("sampel[0]/next.latent", ["there is no node 'sampel'; did you mean 'sample'?"]),
    ("sample[0]/next.latnt", ["'sample[0]/next' has no output 'latnt'; did you mean 'latent'?"]),
    (
      "sample[0]/next",
      ["'sample[0]/next' has several outputs; choose from sample[0]/next.latent, sample[0]/next.history"]
    ),
    ("sample[0]/next.history", ["'latent' takes latent [n, 4, h, w], but 'sample[0]/next.history' is history"]),
    (
      "sample[0",
      [
        "'sample[0' is no wire: a wire is 'node' or 'node.port'; into a loop or a subgraph it is an address, such as 'sample[5]/next.latent'"
      ]
    ),
    (
      "sample[i]/next",
      [
        "'sample[i]/next' is no wire: a wire is 'node' or 'node.port'; into a loop or a subgraph it is an address, such as 'sample[5]/next.latent'"
      ]
    ),
    (
      "seed=1/sample[0]/next.latent",
      [
        "'seed=1/sample[0]/next.latent' is no wire: a wire is 'node' or 'node.port'; a wire stays within its point of a sweep: write 'sample[0]/next.latent'"
      ]
    ),
    (
      "sample[99999999999999999999]/next",
      [
        "'sample[99999999999999999999]/next' is no wire: a wire is 'node' or 'node.port'; into a loop or a subgraph it is an address, such as 'sample[5]/next.latent'"
      ]
    ),
  ])
  func badAddresses(_ wire: String, _ problems: [String]) {
    #expect(files(wire).problems() == problems.map { "g.yaml:4:38: " + $0 })
  }

  @Test func aLoopThatRunsZeroTimesHasNoIteration() {
    #expect(
      files("sample[0]/next.latent", times: "times: 0").problems() == [
        "g.yaml:4:38: 'sample' has no iteration 0; it runs zero times"
      ])
  }

  @Test func aLoopDoesNotLookIntoItself() {
    let toy = ToyFiles(
      """
      stepgraph: 1
      nodes:
        start: {node: Start}
        sample:
          loop: {times: 3, index: i}
          nodes:
            next: {node: Step, in: {latent: "sample[0]/next.latent"}, with: {step: 0}}
          yield: {latent: next.latent}
      outputs: {latent: sample.latent}
      """)
    #expect(
      toy.problems() == [
        "g.yaml:7:39: the wires make a cycle: sample -> sample; inside a loop, the iteration before is read with 'carry.NAME'"
      ])
  }
}
