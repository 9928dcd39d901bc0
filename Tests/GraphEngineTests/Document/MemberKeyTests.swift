import GraphEngine
import Testing

/// Words for people on nodes, loops and calls of subgraphs.
struct MemberKeyTests {
  private static let plain = """
    stepgraph: 1
    nodes:
      start: {node: Start}
      each:
        loop: {times: 2, index: i}
        carry: {latent: start}
        nodes: {next: {node: Step, in: {latent: carry.latent}, with: {step: $(i)}}}
        yield: {latent: next.latent}
      sub:
        graph: {inputs: {x: {type: latent}}, nodes: {image: {node: Decode, in: {latent: inputs.x}}}, outputs: {image: image}}
        in: {x: each.latent}
    outputs: {image: sub.image}
    """

  @Test func theyChangeNothing() throws {
    let described = Self.plain.replacing(
      "{node: Start}", with: "{node: Start, description: The noise., x-mark: {color: red}}"
    )
    .replacing("    loop: {", with: "    description: All steps.\n    x-note: [1, 2]\n    loop: {")
    .replacing("    in: {x", with: "    description: Looks at it.\n    x-note: x\n    in: {x")
    .replacing("{node: Decode, ", with: "{node: Decode, description: \"A: picture\", ")
    let (graph, other) = (try ToyFiles(described).resolve(), try ToyFiles(Self.plain).resolve())
    #expect(graph.outline == other.outline)
    // A picture keeps the words; what is ignored is left out.
    for words in ["The noise.", "All steps.", "Looks at it.", "A: picture"] { #expect(graph.workflow.contains(words)) }
    #expect(!graph.workflow.contains("x-"))
    #expect(try ToyFiles(graph.workflow).resolve().workflow == graph.workflow)
  }

  @Test(arguments: [
    ("{node: Start, description: [a]}", ["3:37: 'description' takes a text or a number, not a list"]),
    (
      "{node: Start, desc: a}",
      ["3:24: a node has no key 'desc'; its keys are node, if, in, with, else, cache, description"]
    ),
    (
      "{node: Start, y-mark: a}",
      ["3:24: a node has no key 'y-mark'; its keys are node, if, in, with, else, cache, description"]
    ),
  ])
  func badKeys(_ node: String, _ problems: [String]) {
    #expect(ToyFiles(Self.plain.replacing("{node: Start}", with: node)).problems() == problems.map { "g.yaml:" + $0 })
  }

  /// Names that other tools use: told once, and read as what is meant.
  @Test(arguments: [
    ("{type: Start}", ["3:11: a node has no key 'type'; 'node' is its name here"]),
    (
      "{class_type: Strat}",
      [
        "3:11: a node has no key 'class_type'; 'node' is its name here",
        "3:23: there is no node type 'Strat'; did you mean 'Start'?",
      ]
    ),
    (
      "{node: Start, params: {width: 7}}",
      ["3:24: a node has no key 'params'; 'with' is its name here", "3:40: 'width' takes 8 to 512, not 7"]
    ),
    (
      "{node: Start, inputs: {model: x}}",
      ["3:24: a node has no key 'inputs'; 'in' is its name here", "3:40: there is no node 'x'"]
    ),
    (
      "{subgraph: s.yaml}",
      [
        "3:11: a subgraph call has no key 'subgraph'; 'graph' is its name here",
        "3:21: cannot read 's.yaml': there is no such file",
      ]
    ),
    (
      "{node:Start}",
      [
        "3:3: 'start' needs one of the keys 'node', 'loop' and 'graph'; a blank is missing after the colon: 'node: Start'"
      ]
    ),
    (
      "{node: Start, cache:none}",
      ["3:24: a node has no key 'cache:none'; a blank is missing after the colon: 'cache: none'"]
    ),
  ])
  func otherNames(_ node: String, _ problems: [String]) {
    #expect(ToyFiles(Self.plain.replacing("{node: Start}", with: node)).problems() == problems.map { "g.yaml:" + $0 })
  }
}
