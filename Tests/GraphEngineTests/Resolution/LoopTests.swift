import GraphEngine
import Testing

/// A loop in a workflow with a start before it and a decoder behind it.
private func workflow(_ loop: String, params: String = "steps: {type: int, default: 3}") -> ToyFiles {
  ToyFiles(
    """
    stepgraph: 1
    params: {\(params)}
    nodes:
      start: {node: Start}
      sample:
    \(loop.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))
      image: {node: Decode, in: {latent: sample.latent}}
      png: {node: Save, in: {image: image}, with: {path: out.png}}
    """)
}

struct LoopTests {
  @Test func anIterationFeedsTheNext() throws {
    let graph = try workflow(
      """
      loop: {times: $(steps), index: i}
      carry: {latent: start}
      nodes:
        next: {node: Step, in: {latent: carry.latent}, with: {step: $(i)}}
      yield: {latent: next.latent}
      """
    ).resolve()
    #expect(
      graph.outline == [
        "start = Start()",
        "sample[0]/next = Step(latent: start, step=0)",
        "sample[1]/next = Step(latent: sample[0]/next.latent, step=1)",
        "sample[2]/next = Step(latent: sample[1]/next.latent, step=2)",
        "image = Decode(latent: sample[2]/next.latent)",
        "png = Save(image: image, path=out.png)",
      ])
    #expect(graph.targetAddresses == ["png"])
  }

  @Test func fromAndToGiveTheIndexItsValues() throws {
    let graph = try workflow(
      """
      loop: {from: 12, to: $(steps+12), index: k}
      carry: {latent: start}
      nodes:
        next: {node: Step, in: {latent: carry.latent}, with: {step: $(2*k+1)}}
      yield: {latent: next.latent}
      """
    ).set("steps", "2").resolve()
    #expect(graph.nodes.map(\.address) == ["start", "sample[12]/next", "sample[13]/next", "image", "png"])
    #expect(graph.nodes[2].parameters.values["step"] == .int(27))
  }

  @Test func noneAsAStartLeavesAnOptionalInputUnwired() throws {
    let graph = try workflow(
      """
      loop: {times: 2}
      carry: {latent: start, history: none}
      nodes:
        next: {node: Step, in: {latent: carry.latent, history: carry.history}, with: {step: 0}}
      yield: {latent: next.latent, history: next.history}
      """
    ).resolve()
    #expect(graph.nodes[1].inputs == [[WireSource(node: 0, output: 0)], []])
    #expect(graph.nodes[2].inputs == [[WireSource(node: 1, output: 0)], [WireSource(node: 1, output: 1)]])
  }

  @Test func aLoopOfZeroTimesGivesWhatItCarries() throws {
    let loop = """
      loop: {times: $(steps), index: i}
      carry: {latent: start}
      nodes:
        next: {node: Step, in: {latent: carry.latent}, with: {step: $(i)}}
      yield: {latent: next.latent, history: next.history}
      """
    let graph = try workflow(loop).set("steps", "0").resolve()
    #expect(graph.outline[1] == "image = Decode(latent: start)")
  }

  @Test func aResultOfALoopOfZeroTimesThatIsNotCarriedIsMissing() {
    let files = workflow(
      """
      loop: {times: 0}
      nodes:
        next: {node: Step, in: {latent: start}, with: {step: 0}}
      yield: {latent: next.latent}
      """)
    #expect(
      files.problems() == [
        "g.yaml:10:38: 'latent' has no value: the loop it comes from runs zero times; in image"
      ])
  }

  @Test func anOutputOfALoopOfZeroTimesIsMissing() {
    let files = ToyFiles(
      """
      stepgraph: 1
      nodes:
        start: {node: Start}
        l:
          loop: {times: 0}
          nodes: {next: {node: Step, in: {latent: start}, with: {step: 0}}}
          yield: {latent: next.latent}
      outputs: {x: l}
      """)
    #expect(files.problems() == ["g.yaml:8:14: 'x' has no value: the loop it comes from runs zero times"])
  }

  @Test func loopsNestAndCarryIsTheInnermost() throws {
    let graph = try workflow(
      """
      loop: {times: 2, index: i}
      carry: {latent: start}
      nodes:
        inner:
          loop: {times: $(i+1), index: j}
          carry: {x: carry.latent}
          nodes:
            next: {node: Step, in: {latent: carry.x}, with: {step: $(10*i+j)}}
          yield: {x: next.latent}
      yield: {latent: inner.x}
      """
    ).resolve()
    #expect(
      graph.outline[1...3] == [
        "sample[0]/inner[0]/next = Step(latent: start, step=0)",
        "sample[1]/inner[0]/next = Step(latent: sample[0]/inner[0]/next.latent, step=10)",
        "sample[1]/inner[1]/next = Step(latent: sample[1]/inner[0]/next.latent, step=11)",
      ])
  }

  @Test(arguments: [
    (
      "loop: {times: $(0-2), index: i}", "latent: start", "latent: next.latent",
      ["g.yaml:6:19: 'times' takes 0 or more, not -2"]
    ),
    (
      "loop: {from: 3, to: 2, index: i}", "latent: start", "latent: next.latent",
      ["g.yaml:6:25: 'to' takes 3 or more, where the loop starts, not 2"]
    ),
    (
      "loop: {times: 2, index: steps}", "latent: start", "latent: next.latent",
      ["g.yaml:6:29: the loop index 'steps' hides a param"]
    ),
    (
      "loop: {times: 2, from: 1}", "latent: start", "latent: next.latent",
      ["g.yaml:6:5: 'loop' takes either 'times', or 'from' and 'to'"]
    ),
    (
      "loop: {tims: 2}", "latent: start", "latent: next.latent",
      ["g.yaml:6:12: 'loop' has no key 'tims'; did you mean 'times'?"]
    ),
    (
      "loop: {times: 2}", "latent: start, other: start", "latent: next.latent, other: start",
      [
        "g.yaml:7:28: nothing in the loop uses 'carry.other'; leave it out of 'carry', or wire it to a node"
      ]
    ),
    (
      "loop: {times: 2}", "latent: start", "latnt: next.latent",
      [
        "g.yaml:7:13: 'latent' is carried, but 'yield' does not name it; 'yield' has 'latnt'",
        "g.yaml:11:38: 'sample' has no output 'latent'; did you mean 'latnt'?; outside a loop only what its 'yield' and 'collect' name is seen",
      ]
    ),
    (
      "loop: {times: 2}", "latent: none", "latent: next.latent",
      [
        "g.yaml:9:39: 'latent' always needs a wire, but 'carry.latent' may be none; it starts as none, so the first iteration has no wire"
      ]
    ),
    (
      "loop: {times: 2}", "latent: start", "latent: next.history",
      [
        "g.yaml:9:39: 'latent' takes latent [n, 4, h, w], but 'carry.latent' is history",
        "g.yaml:11:38: 'latent' takes latent [n, 4, h, w], but 'sample.latent' is history",
      ]
    ),
  ])
  func badLoops(_ loop: String, _ carry: String, _ yield: String, _ problems: [String]) {
    let files = workflow(
      """
      \(loop)
      carry: {\(carry)}
      nodes:
        next: {node: Step, in: {latent: carry.latent}, with: {step: 0}}
      yield: {\(yield)}
      """)
    #expect(files.problems() == problems)
  }

  @Test func aProblemThatDependsOnTheIndexIsToldOnce() {
    let files = workflow(
      """
      loop: {times: 5, index: i}
      carry: {latent: start}
      nodes:
        next: {node: Step, in: {latent: carry.latent}, with: {step: $(1000-2+i)}}
      yield: {latent: next.latent}
      """)
    #expect(files.problems() == ["g.yaml:9:67: 'step' takes 0 to 999, not 1000; in sample[2]/next"])
  }

  @Test func bodiesAreCheckedThoughTheyNeverRun() {
    let files = workflow(
      """
      loop: {times: 0}
      carry: {latent: start}
      nodes:
        next: {node: Step, in: {latent: carry.latent}, with: {step: x}}
      yield: {latent: next.latent}
      """)
    #expect(files.problems() == ["g.yaml:9:67: 'step' takes an int, not 'x'"])
  }

  @Test func namesInsideStayInsideAndDoNotHide() {
    let files = workflow(
      """
      loop: {times: 2}
      carry: {latent: start}
      nodes:
        start: {node: Step, in: {latent: carry.latent}, with: {step: 0}}
      yield: {latent: sample.latent}
      """)
    #expect(
      files.problems() == [
        "g.yaml:9:7: the node 'start' hides a node outside of the loop; the other one is at g.yaml:4:3",
        "g.yaml:10:21: the wires make a cycle: sample -> sample; inside a loop, the iteration before is read with 'carry.NAME'",
      ])
  }

  @Test func aHugeLoopEnds() {
    let files = workflow(
      """
      loop: {times: 9000000000000000000}
      nodes:
        inner:
          loop: {times: 0}
          nodes:
            next: {node: Step, in: {latent: start}, with: {step: 0}}
          yield: {latent: next.latent}
      yield: {latent: start}
      """)
    #expect(files.problems().first == "g.yaml:6:5: the workflow has more than 1000000 nodes")
  }

  @Test func nestedLoopsThatAreTooManyTogetherEnd() {
    let files = workflow(
      """
      loop: {times: 1001}
      carry: {latent: start}
      nodes:
        inner:
          loop: {times: 1000}
          carry: {latent: carry.latent}
          nodes:
            next: {node: Step, in: {latent: carry.latent}, with: {step: 0}}
          yield: {latent: next.latent}
      yield: {latent: inner.latent}
      """)
    let problems = files.problems()
    #expect(problems.count == 1)
    #expect(problems.first?.hasSuffix("the workflow has more than 1000000 nodes") == true)
  }

  @Test func aLoopOfManyNodesUnrolls() throws {
    let files = workflow(
      """
      loop: {times: 25000, index: i}
      carry: {latent: start}
      nodes:
        a: {node: Step, in: {latent: carry.latent}, with: {step: 1}}
        b: {node: Step, in: {latent: a.latent, history: a.history}, with: {step: 2}}
        c: {node: Step, in: {latent: b.latent}, with: {step: $(0*i)}}
        d: {node: Step, in: {latent: c.latent}, with: {step: $(0*i), scale: $(i)}}
      yield: {latent: d.latent}
      """)
    #expect(try files.resolve().nodes.count == 100_003)
  }
}
