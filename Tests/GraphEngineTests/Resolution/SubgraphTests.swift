import GraphEngine
import Testing

private let solver = """
  stepgraph: 1
  inputs:
    latent: {type: latent}
    history: {type: history, optional: true}
  params: {steps: {type: int, default: 2, min: 1}, scale: {type: float}, first: {type: int, default: 0}}
  nodes:
    sample:
      loop: {from: $(first), to: $(first+steps), index: i}
      carry: {latent: inputs.latent, history: inputs.history}
      nodes:
        next: {node: Step, in: {latent: carry.latent, history: carry.history}, with: {step: $(i), scale: $(scale)}}
      yield: {latent: next.latent, history: next.history}
  outputs: {latent: sample.latent}
  """

private func calling(_ call: String, solver: String = solver) -> ToyFiles {
  ToyFiles([
    "Graphs/g.yaml": """
    stepgraph: 1
    params: {n: {type: int, default: 1}}
    nodes:
      start: {node: Start}
      s: \(call)
      image: {node: Decode, in: {latent: s}}
    outputs: {image: image}
    """, "Graphs/solvers/a.yaml": solver,
  ])
}

struct SubgraphTests {
  @Test func aSubgraphStandsInItsPlace() throws {
    let graph = try calling("{graph: ./solvers/a.yaml, in: {latent: start}, with: {scale: 5, steps: $(n+1)}}").resolve(
      "Graphs/g.yaml")
    #expect(
      graph.outline == [
        "start = Start()", "s/sample[0]/next = Step(latent: start, step=0, scale=5)",
        "s/sample[1]/next = Step(latent: s/sample[0]/next.latent, history: s/sample[0]/next.history, step=1, scale=5)",
        "image = Decode(latent: s/sample[1]/next.latent)",
      ])
    #expect(graph.nodes[1].location.description == "Graphs/solvers/a.yaml:11:7")
  }

  @Test func anOptionalInputCanBeWired() throws {
    let graph = try ToyFiles([
      "g.yaml": """
      stepgraph: 1
      nodes:
        start: {node: Start}
        a: {node: Step, in: {latent: start}, with: {step: 0}}
        s: {graph: a.yaml, in: {latent: a.latent, history: a.history}, with: {scale: 1, steps: 1, first: 1}}
        image: {node: Decode, in: {latent: s.latent}}
      """, "a.yaml": solver,
    ]).resolve()
    #expect(graph.outline[2] == "s/sample[1]/next = Step(latent: a.latent, history: a.history, step=1, scale=1)")
  }

  @Test func anotherInputStandsInForOneLeftOut() throws {
    let files = ToyFiles([
      "g.yaml": """
      stepgraph: 1
      nodes:
        a: {node: Start}
        b: {node: Start}
        one: {graph: a.yaml, in: {latent: a, other: b}}
        two: {graph: a.yaml, in: {latent: a}}
      outputs: {one: one, two: two}
      """,
      "a.yaml": """
      stepgraph: 1
      inputs:
        latent: {type: latent}
        other: {type: latent, default: latent}
      nodes: {image: {node: Decode, in: {latent: inputs.other}}}
      outputs: {image: image}
      """,
    ])
    #expect(
      try files.resolve().outline == [
        "a = Start()", "b = Start()", "one/image = Decode(latent: b)", "two/image = Decode(latent: a)",
      ])
  }

  @Test func aDefaultNamesAnInputThatIsAlwaysWired() throws {
    let files = calling(
      "{graph: ./solvers/a.yaml, in: {latent: start}, with: {scale: 1}}",
      solver: solver.replacingOccurrences(of: "optional: true", with: "default: laten"))
    #expect(
      files.problems("Graphs/g.yaml").contains { error in
        error.contains("'laten' is no input that is always wired and of the type of 'history'")
      })
  }

  @Test func aLoopIndexGoesIntoSubgraphs() throws {
    let graph = try ToyFiles([
      "g.yaml": """
      stepgraph: 1
      nodes:
        start: {node: Start}
        l:
          loop: {times: 2, index: k}
          carry: {x: start}
          nodes:
            s: {graph: a.yaml, in: {latent: carry.x}, with: {scale: $(k), steps: $(k+1), first: $(10*k)}}
            png: {graph: {inputs: {x: {type: latent}}, params: {name: {type: path}}, nodes: {i: {node: Decode, in: {latent: inputs.x}}, save: {node: Save, in: {image: i}, with: {path: $(name)}}}}, in: {x: s}, with: {name: o/$(k).png}}
          yield: {x: s.latent}
      """, "a.yaml": solver,
    ]).resolve()
    #expect(
      graph.outline.filter { !$0.contains("Decode") } == [
        "start = Start()", "l[0]/s/sample[0]/next = Step(latent: start, step=0, scale=0)",
        "l[0]/png/save = Save(image: l[0]/png/i, path=o/0.png)",
        "l[1]/s/sample[10]/next = Step(latent: l[0]/s/sample[0]/next.latent, step=10, scale=1)",
        "l[1]/s/sample[11]/next = Step(latent: l[1]/s/sample[10]/next.latent, history: l[1]/s/sample[10]/next.history, step=11, scale=1)",
        "l[1]/png/save = Save(image: l[1]/png/i, path=o/1.png)",
      ])
    #expect(graph.targetAddresses == ["l[0]/png/save", "l[1]/png/save"])
  }

  @Test func aParamThatGoesWrongInOneIterationStopsThere() {
    let files = ToyFiles([
      "g.yaml": """
      stepgraph: 1
      nodes:
        start: {node: Start}
        l:
          loop: {times: 3, index: k}
          nodes:
            s: {graph: a.yaml, in: {latent: start}, with: {scale: 1, steps: $(2-k), first: 1}}
          yield: {x: s.latent}
      outputs: {x: l}
      """, "a.yaml": solver,
    ])
    #expect(files.problems() == ["g.yaml:7:71: 'steps' takes 1 or more, not 0; in l[2]/s"])
  }

  @Test func theFileMayComeFromAParam() throws {
    let files = ToyFiles([
      "Graphs/g.yaml":
        "stepgraph: 1\nparams: {method: {type: string, default: a}}\nnodes: {s: {graph: $(method).yaml}}\noutputs: {x: s}",
      "Graphs/a.yaml": "stepgraph: 1\nnodes: {x: {node: Start}}\noutputs: {x: x}",
      "Graphs/b.yaml": "stepgraph: 1\nnodes: {y: {node: Start}}\noutputs: {y: y}",
    ])
    #expect(try files.resolve("Graphs/g.yaml").nodes.map(\.address) == ["s/x"])
    #expect(try files.set("method", "b").resolve("Graphs/g.yaml").nodes.map(\.address) == ["s/y"])
  }

  @Test func pathsKeepTheirPlace() throws {
    let graph = try ToyFiles([
      "Graphs/g.yaml": """
      stepgraph: 1
      params: {model: {type: path, default: ../models/a}}
      nodes:
        a: {graph: sub/b.yaml, with: {m: $(model), n: here}}
      """,
      "Graphs/sub/b.yaml": """
      stepgraph: 1
      params: {m: {type: path}, n: {type: path}, o: {type: path, default: there}}
      nodes:
        m: {node: Read, with: {path: $(m)}}
        n: {node: Read, with: {path: $(n)/x}}
        o: {node: Read, with: {path: $(o)}}
        p: {node: Read, with: {path: direct}}
      """,
    ]).resolve("Graphs/g.yaml")
    #expect(
      graph.nodes.map { $0.parameters.values["path"]?.text } == [
        "models/a", "Graphs/here/x", "Graphs/sub/there", "Graphs/sub/direct",
      ])
  }

  @Test(arguments: [
    (
      "{graph: ./solvers/b.yaml, in: {latent: strat}}",
      [
        "5:14: cannot read 'Graphs/solvers/b.yaml': there is no such file",
        "5:45: there is no node 'strat'; did you mean 'start'?",
      ]
    ),
    (
      "{graph: ./solvers/a.yaml, in: {latnet: start}, with: {scale: 1}}",
      ["5:37: the subgraph has no input 'latnet'; did you mean 'latent'?"]
    ),
    (
      "{graph: ./solvers/a.yaml, with: {scale: 1}}",
      ["5:3: 's' needs a wire into 'latent' (latent); the subgraph's input is declared at Graphs/solvers/a.yaml:3:3"]
    ),
    (
      "{graph: ./solvers/a.yaml, in: {latent: start, scale: start}, with: {scale: 1}}",
      ["5:52: the subgraph has no input 'scale'; 'scale' is a param: write it under 'with'"]
    ),
    (
      "{graph: ./solvers/a.yaml, in: {latent: start}}",
      ["5:3: 's' needs the param 'scale' (float); it has no default at Graphs/solvers/a.yaml:5:50"]
    ),
    (
      "{graph: ./solvers/a.yaml, in: {latent: start}, with: {scale: 1, stps: 3}}",
      ["5:70: the subgraph has no parameter 'stps'; did you mean 'steps'?"]
    ),
    (
      "{graph: ./solvers/a.yaml, in: {latent: start}, with: {scale: x, steps: 0}}",
      ["5:67: 'scale' takes a number, not 'x'", "5:77: 'steps' takes 1 or more, not 0"]
    ),
    (
      "{graph: ./solvers/a.yaml, in: {latent: [start]}, with: {scale: 1}}",
      ["5:45: 'latent' takes one wire, not a list"]
    ),
    (
      "{graph: [a], in: {latent: start}}", ["5:14: 'graph' takes a text or a number, not a list"]
    ),
    (
      "{graph: {nodes: {a: {node: Start}, b: {node: Decode, in: {latent: start}}}, outputs: {a: a}}}",
      ["5:72: there is no node 'start'"]
    ),
    (
      "{loop: {times: 2, index: i}, nodes: {a: {graph: $(i).yaml}}, yield: {x: start}}",
      ["5:54: the file of a subgraph can't depend on a loop index"]
    ),
  ])
  func badCalls(_ call: String, _ problems: [String]) {
    #expect(calling(call).problems("Graphs/g.yaml") == problems.map { "Graphs/g.yaml:" + $0 })
  }

  @Test func outsideOnlyOutputsAreSeen() {
    var files = calling("{graph: ./solvers/a.yaml, in: {latent: start}, with: {scale: 1}}")
    files.files["Graphs/g.yaml"]?.replace("latent: s}", with: "latent: s.sample}")
    #expect(
      files.problems("Graphs/g.yaml") == [
        "Graphs/g.yaml:6:38: 's' has no output 'sample'; it has s.latent; outside a subgraph only its 'outputs' are seen"
      ])
  }

  @Test func problemsInsideTellWhoCalls() {
    let files = calling(
      "{graph: ./solvers/a.yaml, in: {latent: start}, with: {scale: 1}}",
      solver: solver.replacing("node: Step", with: "node: Stpe").replacing("outputs: {", with: "outputs: {b: smaple, "))
    let note = "in the subgraph that 's' calls at Graphs/g.yaml:5:14"
    #expect(
      files.problems("Graphs/g.yaml") == [
        "Graphs/g.yaml:6:38: 's' has several outputs; choose from s.b, s.latent",
        "Graphs/solvers/a.yaml:11:20: there is no node type 'Stpe'; did you mean 'Step'?; \(note)",
        "Graphs/solvers/a.yaml:13:14: there is no node 'smaple'; did you mean 'sample'?; \(note)",
      ])
  }

  @Test func anOptionalInputIsNoWireForAPortThatNeedsOne() {
    let files = calling(
      "{graph: ./solvers/a.yaml, in: {latent: start}}",
      solver: """
        stepgraph: 1
        inputs: {latent: {type: latent, optional: true}}
        nodes: {x: {node: Step, in: {latent: inputs.latent}, with: {step: 1}}}
        outputs: {x: x.latent}
        """)
    #expect(
      files.problems("Graphs/g.yaml") == [
        "Graphs/solvers/a.yaml:3:38: 'latent' always needs a wire, but 'inputs.latent' may be none; the input 'latent' is optional; in the subgraph that 's' calls at Graphs/g.yaml:5:14"
      ])
  }

  @Test func filesThatCallEachOtherAreACycle() {
    let files = ToyFiles([
      "a.yaml": "stepgraph: 1\nnodes: {b: {graph: sub/b.yaml}}",
      "sub/b.yaml": "stepgraph: 1\nnodes: {a: {graph: ../sub/c.yaml}}",
      "sub/c.yaml": "stepgraph: 1\nnodes: {a: {graph: ../a.yaml}}",
    ])
    #expect(
      files.problems("a.yaml") == [
        "sub/c.yaml:2:20: the files make a cycle: a.yaml -> sub/b.yaml -> sub/c.yaml -> a.yaml; "
          + "in the subgraph that 'a' calls at sub/b.yaml:2:20; in the subgraph that 'b' calls at a.yaml:2:20"
      ])
  }

  @Test func callsThatMultiplyEnd() {
    var files: [String: String] = [:]
    for i in 0..<31 {
      files["\(i).yaml"] = "stepgraph: 1\nnodes: {a: {graph: \(i + 1).yaml}, b: {graph: \(i + 1).yaml}}"
    }
    files["31.yaml"] = "stepgraph: 1\nnodes: {a: {node: Start}}"
    #expect(ToyFiles(files).problems("0.yaml").contains { $0.contains("there are more than 10000 calls of subgraphs") })
  }

  @Test func aSubgraphIsNotRunButCanBeChecked() {
    let files = ToyFiles(["a.yaml": solver])
    #expect(
      files.problems("a.yaml") == [
        "a.yaml:3:3: this file is a subgraph: its input 'latent' needs a wire; run a file that calls it with 'graph: a.yaml'",
        "a.yaml:5:50: the param 'scale' has no default; give it a value with --set scale=...",
      ])
    #expect(files.checkProblems("a.yaml").isEmpty)
    let broken = ToyFiles(["a.yaml": solver.replacing("node: Step", with: "node: Stpe")])
    #expect(
      broken.checkProblems("a.yaml") == ["a.yaml:11:20: there is no node type 'Stpe'; did you mean 'Step'?"])
  }

  @Test func badInputDeclarations() {
    let files = ToyFiles(
      """
      stepgraph: 1
      inputs: {a: {type: latnet}, b: {}, c: {type: image, optional: maybe}, d: 5, e: {type: banana}}
      nodes:
        x: {node: Decode, in: {latent: inputs.a}}
        y: {node: Decode, in: {latent: inputs.z}}
        z: {node: Decode, in: {latent: inputs}}
      """)
    #expect(
      files.checkProblems() == [
        "g.yaml:2:20: there is no wire type 'latnet'; did you mean 'latent'?",
        "g.yaml:2:29: the input 'b' has no type",
        "g.yaml:2:63: 'optional' takes true or false, not 'maybe'",
        "g.yaml:2:74: an input takes a mapping, not a text",
        "g.yaml:2:87: there is no wire type 'banana'; wire types are history, image, latent, model, sequence, tensor",
        "g.yaml:5:34: 'z' is not an input; inputs has a, b, c, d, e",
        "g.yaml:6:34: 'inputs' needs a name after a dot; choose from inputs.a, inputs.b, inputs.c, inputs.d, inputs.e",
      ])
  }
}
