import Diagnostics
import GraphEngine
import Testing

struct WorkflowTestTests {
  private func read(_ text: String, path: String = "folder/a.test.yaml") throws -> WorkflowTest {
    try WorkflowTest(SourceFile(path: path, text: text))
  }

  @Test func readsAllThereIs() throws {
    let test = try read(
      """
      stepgraph-test: 1
      description: Of all.
      with: {steps: 4, name: "a, b"}
      within: 1e-3
      x-note: mine
      cases:
        first:
          same: {sample.latent: refs/l.safetensors, "sample[-1]/next": /l.safetensors}
          picture: p.png
        second:
          description: After it.
          after: first
          with: {steps: 5}
          target: [a, "b[1]"]
          same: {a: l.safetensors}
          within: 0
          picture: {image: p.png}
          psnr: 33.5
          runs: 3
        third: {error: no}
      """)
    #expect(test.workflow.value == "folder/a.yaml")
    #expect(test.cases.map(\.name.value) == ["first", "second", "third"])
    let (first, second) = (test.cases[0], test.cases[1])
    #expect(first.settings.map { "\($0.name)=\($0.text)" } == ["steps=4", "name=a, b"])
    #expect(first.values.map(\.file.value) == ["folder/refs/l.safetensors", "/l.safetensors"])
    #expect(first.values.map(\.tolerance) == [1e-3, 1e-3])
    #expect(first.pictures.map(\.psnr) == [40] && first.pictures[0].wire == nil)
    #expect(first.predecessor == nil && first.runs == nil && first.targets == nil)
    #expect(second.settings.map { "\($0.name)=\($0.text)" } == ["steps=4", "name=a, b", "steps=5"])
    #expect(second.predecessor == "first" && second.targets?.map(\.value) == ["a", "b[1]"])
    #expect(second.values[0].tolerance == 0 && second.values[0].wireText == "a")
    #expect(second.pictures[0].psnr == 33.5 && second.pictures[0].wireText == "image")
    #expect(second.runs?.value == 3 && test.cases[2].error?.value == "no")
  }

  @Test func namesItsWorkflow() throws {
    #expect(try read("stepgraph-test: 1\nworkflow: ../g.yaml\ncases: {a: {}}").workflow.value == "folder/../g.yaml")
    #expect(try read("stepgraph-test: 1\ncases: {a: }", path: "b.test.yaml").workflow.value == "b.yaml")
  }

  @Test(arguments: [
    ("stepgraph: 1\nnodes: {}", "1:1: the key 'stepgraph-test' is missing; this is a workflow; its tests stand in"),
    ("cases: {a: {}}", "1:1: the key 'stepgraph-test' is missing; a file of tests starts with 'stepgraph-test: 1'"),
    ("stepgraph-test: 2\ncases: {a: {}}", "1:17: 'stepgraph-test' takes the format version 1, not '2'"),
    ("stepgraph-test: 1", "1:1: 'cases' is missing, or has none"),
    ("stepgraph-test: 1\ncase: {a: {}}", "2:1: a file of tests has no key 'case'; did you mean 'cases'?"),
    ("stepgraph-test: 1\ncases: {a: {smae: {}}}", "2:13: a case has no key 'smae'; did you mean 'same'?"),
    ("stepgraph-test: 1\ncases: {1a: {}}", "2:9: '1a' can't name a case: a name starts with"),
    ("stepgraph-test: 1\ncases: {a: {after: b}, bb: {}}", "2:20: there is no case 'b'"),
    ("stepgraph-test: 1\ncases: {a: {after: b}, b: {}}", "2:20: the case 'b' stands below this one; move it above"),
    ("stepgraph-test: 1\ncases: {a: {after: a}}", "2:20: the case 'a' comes after itself"),
    ("stepgraph-test: 1\ncases: {ab: {}, c: {after: a}}", "2:28: there is no case 'a'; did you mean 'ab'?"),
    ("stepgraph-test: 1\ncases: {a: {same: x.safetensors}}", "2:19: 'same' takes wires and files, not a text; such as"),
    ("stepgraph-test: 1\ncases: {a: {same: {x: y.png}}}", "2:23: 'same' takes a file '....safetensors', not 'y.png'"),
    ("stepgraph-test: 1\ncases: {a: {picture: .png}}", "2:22: 'picture' takes a file '....png', not '.png'"),
    ("stepgraph-test: 1\ncases: {a: {picture: {a red: x.png}}}", "2:23: 'a red' is no wire"),
    ("stepgraph-test: 1\ncases: {a: {runs: -1}}", "2:19: 'runs' takes a number of nodes, not '-1'"),
    ("stepgraph-test: 1\nwithin: x\ncases: {a: {}}", "2:9: 'within' takes a number, not 'x'"),
    ("stepgraph-test: 1\npsnr: -1\ncases: {a: {}}", "2:7: 'psnr' takes a number from 0 on, not -1"),
    ("stepgraph-test: 1\ncases: {a: {within: 1}}", "2:21: 'within' says how near 'same' is, which is missing"),
    ("stepgraph-test: 1\ncases: {a: {psnr: 1}}", "2:19: 'psnr' says how near 'picture' is, which is missing"),
    (
      "stepgraph-test: 1\ncases: {a: {error: x, picture: y.png}}",
      "2:32: a run that ends with an error has no 'picture'"
    ),
    ("stepgraph-test: 1\ncases: {a: {error: }}", "2:20: 'error' takes a text of the error, not an empty one"),
    ("stepgraph-test: 1\ncases: [a]", "2:8: 'cases' takes a mapping, not a list"),
    ("- a", "1:1: a file of tests takes a mapping, not a list"),
  ])
  func tellsWhatIsWrong(_ text: String, _ message: String) throws {
    let error = try #require(throws: DiagnosticList.self) { try read(text) }
    let shown = error.diagnostics.map { diagnostic in
      "\(diagnostic.location?.line ?? 0):\(diagnostic.location?.column ?? 0): "
        + ([diagnostic.message] + diagnostic.notes).joined(separator: "; ")
    }
    #expect(shown.contains { $0.hasPrefix(message) }, "\(shown)")
  }

  @Test func namesTheKeyOfAWorkflowElsewhere() throws {
    let error = try #require(throws: DiagnosticList.self) {
      try read("stepgraph-test: 1\ncases: {a: {}}", path: "t.yaml")
    }
    #expect(error.diagnostics.first?.message == "the key 'workflow' is missing")
  }

  private static let good = """
    stepgraph-test: 1
    description: All of it.
    workflow: ../a.yaml
    with: {steps: 4, on: true, name: a text}
    within: 0.001
    psnr: 30
    x-note: [1]
    cases:
      first:
      second:
        after: first
        with: {steps: 5}
        target: [a, "b[1]"]
        same: {a: l.safetensors}
        within: "1e-3"
        picture: {image: p.png}
        psnr: 33.5
        runs: 3
      third: {error: no, picture: p.png, target: a}
    """

  @Test(arguments: [
    ("", ""), ("stepgraph-test: 1", "stepgraph: 1"), ("workflow:", "worflow:"), ("within: 0.001", "within: -1"),
    ("psnr: 30", "psnr: high"), ("  second:", "  2nd:"), ("after:", "afetr:"), ("l.safetensors", "l.png"),
    ("{image: p.png}", "{image: p.jpg}"), ("runs: 3", "runs: -3"), ("error: no", "error: [no]"),
    ("{steps: 5}", "{steps: {}}"), ("cases:", "x-cases:"),
  ])
  func schemaTakesWhatIsRight(_ right: String, _ wrong: String) throws {
    let text = right.isEmpty ? Self.good : Self.good.replacing(right, with: wrong, maxReplacements: 1)
    #expect(try SchemaChecker(WorkflowTest.schema).accepts(try editorValue(text)) == right.isEmpty)
  }
}
