import GraphEngine
import Testing

/// `else`: what stands in for a node where an optional input that it needs is left out.
struct StandInTests {
  private func files(_ call: String, member: String) -> ToyFiles {
    ToyFiles([
      "g.yaml": """
      stepgraph: 1
      nodes:
        start: {node: Start}
        drawn: {node: Decode, in: {latent: start}}
        s: {graph: sub.yaml, in: {\(call)}}
        image: {node: Decode, in: {latent: s}}
      """,
      "sub.yaml": """
      stepgraph: 1
      inputs:
        latent: {type: latent}
        other: {type: latent, optional: true}
        image: {type: image, optional: true}
      nodes:
        first: {node: Step, in: {latent: inputs.latent}, with: {step: 0}}
        mix: \(member)
        next: {node: Step, in: {latent: mix}, with: {step: 1}}
      outputs: {latent: next.latent}
      """,
    ])
  }

  private static let mix =
    "{node: Mix, in: {latent: first.latent, other: inputs.other, image: inputs.image}, else: first.latent}"

  @Test func theNodeIsThereWhereAllComesThatItNeeds() throws {
    let graph = try files("latent: start, other: start, image: drawn", member: Self.mix).resolve()
    #expect(
      graph.outline.dropFirst(2) == [
        "s/first = Step(latent: start, step=0)",
        "s/mix = Mix(latent: s/first.latent, other: start, image: drawn)",
        "s/next = Step(latent: s/mix.latent, step=1)", "image = Decode(latent: s/next.latent)",
      ])
  }

  @Test func elseStandsInWhereNothingComes() throws {
    let graph = try files("latent: start", member: Self.mix).resolve()
    #expect(
      graph.outline.dropFirst(2) == [
        "s/first = Step(latent: start, step=0)", "s/next = Step(latent: s/first.latent, step=1)",
        "image = Decode(latent: s/next.latent)",
      ])
    // What is not there has no address, and what stands in for it has its own.
    let again = ToyFiles(["again.yaml": graph.workflow])
    #expect(try again.resolve("again.yaml").outline == graph.outline)
  }

  @Test func aPartOfWhatItNeedsIsAMistake() {
    #expect(
      files("latent: start, image: drawn", member: Self.mix).problems() == [
        "sub.yaml:8:54: nothing comes into 'other', though something does into 'image'; wire both, or neither; in s/mix"
      ])
  }

  @Test(arguments: [
    (
      "{node: Step, in: {latent: inputs.other}, with: {step: 1}, else: first.latent}",
      "sub.yaml:8:72: 'else' stands in for one output, but Step has latent, history"
    ),
    (
      "{node: Mix, in: {latent: first.latent, other: inputs.other, image: inputs.image}, else: inputs.image}",
      "sub.yaml:8:96: 'else' takes latent [n, 4, h, w], but 'inputs.image' is image [n, 3, h, w]"
    ),
    (
      "{node: Mix, in: {latent: first.latent, other: inputs.other, image: inputs.image}, else: frist.latent}",
      "sub.yaml:8:96: there is no node 'frist'; did you mean 'first'?"
    ),
    (
      "{node: Mix, in: {latent: first.latent, other: inputs.other, image: inputs.image}, else: none}",
      "sub.yaml:9:35: 'latent' always needs a wire, but 'mix' may be none; 'mix' has an 'else', where nothing may stand in for it"
    ),
  ])
  func mistakesAreTold(_ member: String, _ expected: String) {
    let problems = files("latent: start", member: member).problems()
    #expect(problems.first?.hasPrefix(expected) == true, "\(problems)")
  }

  // MARK: if

  private func files(_ member: String) -> ToyFiles {
    ToyFiles([
      "g.yaml": """
      stepgraph: 1
      params: {there: {type: bool, default: true}, count: {type: int, default: 3}}
      nodes:
        start: {node: Start}
        drawn: {node: Decode, in: {latent: start}}
        run:
          loop: {times: $(count), index: i}
          carry: {latent: start}
          nodes:
            step: \(member)
          yield: {latent: step.latent}
        image: {node: Decode, in: {latent: run.latent}}
      """
    ])
  }

  private static let blend = "node: Mix, in: {latent: carry.latent, other: start, image: drawn}"

  /// A condition may depend on params and on the index of a loop.
  @Test func aConditionDecides() throws {
    let always = try files("{\(Self.blend), if: $(there), else: carry.latent}").resolve().outline
    #expect(always.count == 6, "\(always)")
    #expect(
      try files("{\(Self.blend), if: false, else: carry.latent}").resolve().outline
        == [always[0], always[1], "image = Decode(latent: start)"])
    #expect(
      try files("{\(Self.blend), if: $(count > 5), else: carry.latent}").resolve().outline
        == [always[0], always[1], "image = Decode(latent: start)"])
    let graph = try files("{\(Self.blend), if: $(i > 1), else: carry.latent}").resolve()
    #expect(
      graph.outline == [
        always[0], always[1], "run[2]/step = Mix(latent: start, other: start, image: drawn)",
        "image = Decode(latent: run[2]/step.latent)",
      ])
    #expect(try ToyFiles(["again.yaml": graph.workflow]).resolve("again.yaml").outline == graph.outline)
  }

  @Test(arguments: [
    (
      "{\(Self.blend), if: true}",
      "'if' needs an 'else': the wire that stands in for the node where it is false, or none"
    ),
    ("{\(Self.blend), if: 3, else: carry.latent}", "'if' takes true or false, not '3'"),
    ("{\(Self.blend), if: $(i), else: carry.latent}", "'if' takes"),
    ("{\(Self.blend), if: $(ther), else: carry.latent}", "there is no"),
  ])
  func mistakenConditionsAreTold(_ member: String, _ expected: String) {
    let problems = files(member).problems()
    #expect(problems.first?.contains(expected) == true, "\(problems)")
  }

  @Test func aNodeWithoutElseNeedsItsWires() {
    let member = "{node: Mix, in: {latent: first.latent, other: inputs.other, image: inputs.image}}"
    #expect(files("latent: start", member: member).problems().count == 2)
  }
}
