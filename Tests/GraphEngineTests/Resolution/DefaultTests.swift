import GraphEngine
import Testing

/// Params whose defaults name others, and a node that shows what they are.
private func files(_ params: String) -> ToyFiles {
  ToyFiles("stepgraph: 1\nparams: {\(params)}\nnodes: {start: {node: Start}}\noutputs: {x: start}")
}

private func texts(_ files: ToyFiles) throws -> [String] { try files.resolve().parameters.map(\.text) }

struct DefaultTests {
  private let chain = """
    steps: {type: int, default: 20}, last: {type: int, default: $(steps)}, \
    half: {type: int, default: "$(min(last, 100)-1)"}, name: {type: string, default: $(half) of $(last)}
    """

  @Test func aDefaultFollowsTheParamsItNames() throws {
    #expect(try texts(files(chain)) == ["20", "20", "19", "19 of 20"])
    #expect(try texts(files(chain).set("steps", "30")) == ["30", "30", "29", "29 of 30"])
    #expect(try texts(files(chain).set("steps", "30").set("last", "10")) == ["30", "10", "9", "9 of 10"])
    var drawn = files(chain).set("steps", "random")
    drawn.drawn = 7
    #expect(try texts(drawn) == ["7", "7", "6", "6 of 7"])
  }

  @Test func aDefaultKeepsItsOwnTypeAndBounds() throws {
    #expect(
      try texts(files("a: {type: int, default: 3}, b: {type: float, default: $(a)}, c: {type: string, default: $(b)}"))
        == ["3", "3", "3"])
    let bounded = "a: {type: int, default: 3}, b: {type: int, default: $(a-5), min: 0}"
    #expect(files(bounded).problems() == ["g.yaml:2:62: 'b' takes 0 or more, not -2"])
    #expect(try texts(files(bounded).set("b", "1")) == ["3", "1"])
    #expect(
      files("a: {type: int, default: 3, max: 9}, b: {type: int, default: $(a)}").set("a", "x").problems()
        == ["--set a=x: 'a' takes an int, not 'x'"])
  }

  @Test func aDefaultOfASubgraphFollowsTheCall() throws {
    let toy = ToyFiles([
      "g.yaml": """
      stepgraph: 1
      nodes:
        start: {node: Start}
        plain: {graph: s.yaml, in: {latent: start}, with: {steps: 5}}
        ten: {graph: s.yaml, in: {latent: start}, with: {steps: 5, last: 10}}
        loop:
          loop: {from: 2, to: 4, index: i}
          nodes: {x: {graph: s.yaml, in: {latent: start}, with: {steps: $(i)}}}
      """,
      "s.yaml": """
      stepgraph: 1
      inputs: {latent: {type: latent}}
      params: {steps: {type: int}, last: {type: int, default: $(steps)}, twice: {type: int, default: $(2*last), max: 20}}
      nodes: {x: {node: Step, in: {latent: inputs.latent}, with: {step: $(twice)}}}
      """,
    ])
    #expect(
      try toy.resolve().outline.filter { $0.contains("Step") } == [
        "plain/x = Step(latent: start, step=10)", "ten/x = Step(latent: start, step=20)",
        "loop[2]/x/x = Step(latent: start, step=4)", "loop[3]/x/x = Step(latent: start, step=6)",
      ])
    var tooFar = toy
    tooFar.files["g.yaml"] = toy.files["g.yaml"]?.replacing("to: 4", with: "to: 12")
    #expect(tooFar.problems() == ["s.yaml:3:96: 'twice' takes at most 20, not 22; in loop[11]/x"])
    #expect(toy.checkProblems("s.yaml").isEmpty)
  }

  @Test func aPathStaysRelativeToWhatItBeginsWith() throws {
    let params = """
      dir: {type: path, default: ../d}, data: {type: path, default: $(dir)/x.bin}, own: {type: path, default: x/$(n).bin}
      """
    let text =
      "stepgraph: 1\nparams: {n: {type: int, default: 1}, \(params)}\nnodes:\n"
      + "  a: {node: Read, with: {path: $(data)}}\n  b: {node: Read, with: {path: $(own)}}\n"
    func paths(_ settings: (String, String)...) throws -> [String?] {
      let toy = settings.reduce(ToyFiles(["Graphs/g.yaml": text])) { $0.set($1.0, $1.1) }
      return try toy.resolve("Graphs/g.yaml").nodes.map { $0.parameters.values["path"]?.text }
    }
    #expect(try paths() == ["d/x.bin", "Graphs/x/1.bin"])
    #expect(try paths(("dir", "mine")) == ["mine/x.bin", "Graphs/x/1.bin"])
    #expect(try paths(("dir", "/abs"), ("n", "2")) == ["/abs/x.bin", "Graphs/x/2.bin"])
    #expect(try paths(("own", "y")) == ["d/x.bin", "y"])
  }

  @Test(arguments: ["default: $(out)/../../x.png", "default: $(out)$(dot)/x.png"])
  func aDefaultDoesNotClimbOutOfAPathOfTheCommandLine(_ text: String) {
    let toy = ToyFiles(
      """
      stepgraph: 1
      params: {dot: {type: string, default: .}, out: {type: path, default: o}, two: {type: path, \(text)}}
      nodes:
        a: {node: Start}
        image: {node: Decode, in: {latent: a}}
        save: {node: Save, in: {image: image}, with: {path: $(two)}}
      """)
    let value = text.contains("dot") ? "/tmp/../x.png" : "/tmp/./../../x.png"
    #expect(
      toy.set("out", "/tmp/.").problems() == [
        "g.yaml:6:55: '\(value)' has '..' after a path of the command line; the value is written at g.yaml:2:101"
      ])
  }
}
