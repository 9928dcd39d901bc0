import GraphEngine
import Testing

/// Inputs of subgraphs that have another name than they had, and inputs that others stand in for.
struct FormerNameTests {
  private func toy(_ call: String) -> ToyFiles {
    ToyFiles([
      "g.yaml": """
      stepgraph: 1
      nodes:
        start: {node: Start}
        other: {node: Start, with: {width: 128}}
        call: {graph: s.yaml, in: {\(call)}}
      """,
      "s.yaml": """
      stepgraph: 1
      inputs:
        first:  {type: latent, formerly: a}
        second: {type: latent, default: first}
        third:  {type: latent, default: second}
      nodes:
        x: {node: Step, in: {latent: inputs.first}, with: {step: 1}}
        y: {node: Step, in: {latent: inputs.third}, with: {step: 3}}
      """,
    ])
  }

  private func steps(_ call: String) throws -> [String] {
    try toy(call).resolve().outline.filter { $0.contains("Step") }
  }

  @Test func theFormerNameIsAccepted() throws {
    #expect(try steps("a: start") == steps("first: start"))
    #expect(
      toy("a: start, first: other").problems() == [
        "g.yaml:5:30: 'a' is what 'first' was called before; it is given twice"
      ])
    #expect(toy("second: start").problems().count == 1)
  }

  @Test func aStandInMayHaveOne() throws {
    #expect(
      try steps("first: start") == ["call/x = Step(latent: start, step=1)", "call/y = Step(latent: start, step=3)"])
    #expect(
      try steps("first: start, second: other")
        == ["call/x = Step(latent: start, step=1)", "call/y = Step(latent: other, step=3)"])
    var wrong = toy("first: start")
    wrong.files["s.yaml"] = wrong.files["s.yaml"]?.replacing(
      "second: {type: latent, default: first}", with: "second: {type: latent, default: third}")
    #expect(wrong.problems().contains { $0.contains("'third' is no input that is always wired") })
  }
}
