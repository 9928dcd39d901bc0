import GraphEngine
import Testing

private func files(_ with: String, node: String = "Step", params: String = "") -> ToyFiles {
  ToyFiles(
    """
    stepgraph: 1
    params: {\(params)}
    nodes:
      start: {node: Start}
      model: {node: Load, with: {path: m}}
      x: {node: \(node), in: \(node == "Text" ? "{clip: model.clip}" : "{latent: start}"), with: {\(with)}}
    outputs: {x: x.\(node == "Text" ? "sequence" : "latent")}
    """)
}

private let params = """
  steps: {type: int, default: 20}, cfg: {type: float, default: 7.5}, prompt: {type: string, default: a cat}, \
  on: {type: bool, default: true}, mode: {type: choice, options: [karras, other], default: karras}, \
  dir: {type: path, default: d}, min: {type: int, default: 2}
  """

private let inBrackets =
  "'$(...)' takes params, loop indices and numbers, with '+', '-', '*', '/', brackets, comparisons and "
  + "if, min, max, floor, ceil, round, abs, sqrt, cos, lerp, len"

struct ValueTests {
  @Test(arguments: [
    ("step: 7", "step", ParameterValue.int(7)),
    ("step: \"20\"", "step", .int(20)),
    ("step: +3", "step", .int(3)),
    ("step: 010", "step", .int(10)),
    ("step: 1, scale: 7", "scale", .float(7)),
    ("step: 1, scale: 7.0", "scale", .float(7)),
    ("step: 1, scale: 1e-3", "scale", .float(0.001)),
    ("step: 1, scale: -0.0", "scale", .float(0)),
    ("step: 1, clip: true", "clip", .bool(true)),
    ("step: 1, mode: karras", "mode", .string("karras")),
    ("step: 1", "mode", .string("plain")),
    ("step: $(steps)", "step", .int(20)),
    ("step: $(2*steps+1)", "step", .int(41)),
    ("step: $((1+2))", "step", .int(3)),
    ("step: \"$(max(1, steps, 3))\"", "step", .int(20)),
    ("step: 1, scale: $(cfg/2)", "scale", .float(3.75)),
    ("step: 1, clip: $(steps < 5)", "clip", .bool(false)),
    ("step: $( 100 - steps*2 - 1 )", "step", .int(59)),
    ("step: \"$(min(steps, 7))\"", "step", .int(7)),
    ("step: \"$( max( steps - 30 , 3*2 ) + 1 )\"", "step", .int(7)),
    ("step: \"$(2*min(steps,max(4,5))-1)\"", "step", .int(9)),
    ("step: $(min)", "step", .int(2)),
    ("step: \"$(min(min, 3)*min)\"", "step", .int(4)),
    ("step: 1$(steps)", "step", .int(120)),
    ("step: 1, scale: $(steps)", "scale", .float(20)),
    ("step: 1, scale: $(cfg)", "scale", .float(7.5)),
    ("step: 1, clip: $(on)", "clip", .bool(true)),
    ("step: 1, mode: $(mode)", "mode", .string("karras")),
  ])
  func numbersAndChoices(_ with: String, _ name: String, _ value: ParameterValue) throws {
    #expect(try files(with, params: params).resolve().nodes.last?.parameters.values[name] == value)
  }

  @Test(arguments: [
    ("text: no", "no"), ("text: 7", "7"), ("text: ", ""), ("text: \"\"", ""), ("text: ~", "~"),
    ("text: $(prompt)", "a cat"), ("text: \"$(prompt), $(cfg) $(steps) $(on)\"", "a cat, 7.5 20 true"),
    ("text: $(steps)", "20"), ("text: $$(prompt)", "$(prompt)"), ("text: \"cost $5 ($)\"", "cost $5 ($)"),
    ("text: $$$(prompt)", "$$(prompt)"), ("text: 'a: b # c'", "a: b # c"), ("text: $(dir)/x", "d/x"),
  ])
  func texts(_ with: String, _ value: String) throws {
    let graph = try files(with, node: "Text", params: params).resolve()
    #expect(graph.nodes.last?.parameters.values["text"] == .string(value))
    #expect(graph.nodes.last?.parameters.values["skip"] == .absent)
  }

  @Test func everySeedIsTaken() throws {
    for seed in ["0", "18446744073709551615"] {
      let graph = try ToyFiles("stepgraph: 1\nnodes: {a: {node: Start, with: {seed: \(seed)}}}").resolve()
      #expect(graph.nodes[0].parameters.values["seed"]?.text == seed)
    }
  }

  @Test(arguments: [
    ("step: 1.5", ["6:53: 'step' takes an int, not '1.5'"]),
    ("step: 7.0", ["6:53: 'step' takes an int, not '7.0'"]),
    ("step: 0x10", ["6:53: 'step' takes an int, not '0x10'"]),
    ("step: $steps", ["6:53: 'step' takes an int, not '$steps'; the value of 'steps' is written $(steps)"]),
    ("step: \"${steps}\"", ["6:53: 'step' takes an int, not '${steps}'; the value of 'steps' is written $(steps)"]),
    (
      "step: \"{{ steps }}\"",
      ["6:53: 'step' takes an int, not '{{ steps }}'; the value of 'steps' is written $(steps)"]
    ),
    ("step: 1_000", ["6:53: 'step' takes an int, not '1_000'"]),
    ("step: ", ["6:53: 'step' takes an int, not an empty text"]),
    ("step: 1000", ["6:53: 'step' takes 0 to 999, not 1000"]),
    ("step: -1", ["6:53: 'step' takes 0 to 999, not -1"]),
    ("step: 99999999999999999999", ["6:53: 'step' takes an int of 64 bits, not 99999999999999999999"]),
    ("step: 18446744073709551615", ["6:53: 'step' takes 0 to 999, not 18446744073709551615"]),
    ("step: 1, scale: high", ["6:63: 'scale' takes a number, not 'high'"]),
    ("step: 1, scale: nan", ["6:63: 'scale' takes a number, not 'nan'"]),
    ("step: 1, scale: .inf", ["6:63: 'scale' takes a number, not '.inf'"]),
    ("step: 1, scale: 1e999", ["6:63: 'scale' takes a number of at most 1.8e308, not '1e999'"]),
    ("step: 1, scale: -0.5", ["6:63: 'scale' takes 0 or more, not -0.5"]),
    ("step: 1, clip: yes", ["6:62: 'clip' takes true or false, not 'yes'"]),
    ("step: 1, mode: karas", ["6:62: 'mode' takes one of plain, karras, not 'karas'; did you mean 'karras'?"]),
    ("stp: 1", ["6:47: 'Step' has no parameter 'stp'; did you mean 'step'?"]),
    ("step: 1, banana: 1", ["6:56: 'Step' has no parameter 'banana'; its parameters are step, scale, mode, clip"]),
    ("scale: 1", ["6:3: 'x' needs the parameter 'step' (int)"]),
    ("step: $(stepz)", ["6:55: there is no param or loop index 'stepz'; did you mean 'steps'?"]),
    (
      "step: $(banana)",
      ["6:55: there is no param or loop index 'banana'; known are cfg, dir, min, mode, on, prompt, steps"]
    ),
    ("step: $(steps", ["6:53: '$(' is not closed; a ')' must follow; '$$(' stands for the two characters '$('"]),
    (
      "step: $(steps/2)",
      [
        "6:53: 'step' takes an int, but 'steps/2' is a float; 'floor(...)', 'ceil(...)' and 'round(...)' make an int of it"
      ]
    ),
    (
      "step: $()",
      [
        "6:55: expected a name or a number in '$(...)', not ')'; \(inBrackets)"
      ]
    ),
    ("step: \"$(min(steps))\"", ["6:56: 'min' takes two numbers or more, as in 'min(a, b)'"]),
    (
      "step: \"$(min(1, cfg))\"",
      [
        "6:53: 'step' takes an int, but 'min(1, cfg)' is a float; 'floor(...)', 'ceil(...)' and 'round(...)' make an int of it"
      ]
    ),
    ("step: \"$(min(1, prompt))\"", ["6:63: 'prompt' is a string; only numbers can be calculated with"]),
    ("step: \"$(min(1, 2)3)\"", ["6:65: expected a name or a number in '$(...)', not '3'; \(inBrackets)"]),
    ("step: \"$(min(1, 2)\"", ["6:65: expected a name or a number in '$(...)', not the end; \(inBrackets)"]),
    ("step: \"$(min(, 2))\"", ["6:60: expected a name or a number in '$(...)', not ','; \(inBrackets)"]),
    (
      "step: \"$(\(String(repeating: "min(1, ", count: 60))1\(String(repeating: ")", count: 61))\"",
      ["6:406: '$(...)' has more than 100 names and numbers"]
    ),
    (
      "step: $(min(1, 2))",
      [
        "6:53: '$(' is not closed; a ')' must follow; '$$(' stands for the two characters '$('; in braces a comma ends a text without quotes",
        "6:62: 'Step' has no parameter '2))'; a comma ends a text in braces; quote it: step: \"$(min(1, 2))\"",
      ]
    ),
    ("step: $(2x)", ["6:55: '2x' is neither a name nor a number"]),
    ("step: $(cfg)", ["6:53: 'step' takes an int, but 'cfg' is a float"]),
    ("step: $(prompt)", ["6:53: 'step' takes an int, but 'prompt' is a string"]),
    ("step: 1, clip: $(steps)", ["6:62: 'clip' takes true or false, but 'steps' is an int"]),
    (
      "step: $(cfg+1)",
      [
        "6:53: 'step' takes an int, but 'cfg+1' is a float; 'floor(...)', 'ceil(...)' and 'round(...)' make an int of it"
      ]
    ),
    ("step: $(9000000000000000000*steps)", ["6:53: 9000000000000000000 * 20 is out of the range of an int"]),
    (
      "step: 1, mode: $(prompt)",
      ["6:62: 'mode' takes one of plain, karras, not 'a cat'; the value is written at g.yaml:2:109"]
    ),
  ])
  func badValues(_ with: String, _ problems: [String]) {
    #expect(files(with, params: params).problems() == problems.map { "g.yaml:" + $0 })
  }

  @Test func aCommaThatCutsATextIsExplained() {
    #expect(
      files("text: a cat, on a mat, asleep", node: "Text").problems() == [
        "g.yaml:6:63: 'Text' has no parameter 'on a mat'; a comma ends a text in braces; quote it: text: \"a cat, on a mat, asleep\""
      ])
  }

  @Test func aNarrowPortRefusesWideInts() {
    #expect(
      files("text: x, skip: 9223372036854775808", node: "Text").problems() == [
        "g.yaml:6:65: 'skip' takes 1 to 9223372036854775807, not 9223372036854775808"
      ])
    #expect(
      ToyFiles("stepgraph: 1\nnodes: {a: {node: Start, with: {seed: -1}}}").problems() == [
        "g.yaml:2:39: 'seed' takes 0 or more, not -1"
      ])
  }

  // MARK: Settings

  @Test func settingsTakeThePlaceOfDefaults() throws {
    let graph = try files("step: $(steps)", params: params).set("steps", "3").set("steps", "4").set("prompt", "$(x)")
      .resolve()
    #expect(graph.nodes.last?.parameters.values["step"] == .int(4))
    #expect(graph.parameters.map(\.text) == ["4", "7.5", "$(x)", "true", "karras", "d", "2"])
  }

  @Test(arguments: [
    ("steps", "abc", ["--set steps=abc: 'steps' takes an int, not 'abc'"]),
    ("stepz", "3", ["--set stepz=3: the workflow has no param 'stepz'; did you mean 'steps'?"]),
    (
      "banana", "3",
      ["--set banana=3: the workflow has no param 'banana'; its params are steps, cfg, prompt, on, mode, dir, min"]
    ),
    ("cfg", "random", ["--set cfg=random: 'cfg' takes a number, not 'random'"]),
    (
      "mode", "other",
      ["g.yaml:6:62: 'mode' takes one of plain, karras, not 'other'; the value is written at --set mode=other"]
    ),
    ("steps", "5000", ["g.yaml:6:53: 'step' takes 0 to 999, not 5000; the value is written at --set steps=5000"]),
  ])
  func badSettings(_ name: String, _ text: String, _ problems: [String]) {
    #expect(
      files("step: $(steps), mode: $(mode)", params: params).set(name, text).problems()
        == problems.map {
          $0.replacing("6:62", with: "6:69")
        })
  }

  @Test func aSettingKeepsToTheParamsBounds() {
    #expect(
      files("step: $(n)", params: "n: {type: int, default: 5, min: 1, max: 10}").set("n", "0").problems() == [
        "--set n=0: 'n' takes 1 to 10, not 0"
      ])
  }

  @Test func aSeedIsDrawnOnceAndRecorded() throws {
    var toy = files(
      "step: $(steps)", params: "steps: {type: int, default: 11, min: 10, max: 12}, other: {type: int, default: 3}"
    )
    .set("steps", "random")
    toy.drawn = 5
    let graph = try toy.resolve()
    #expect(graph.nodes.last?.parameters.values["step"] == .int(12))
    #expect(graph.parameters.map(\.text) == ["12", "3"])
    #expect(graph.parameters.map(\.isDrawn) == [true, false])
    #expect(graph.workflow.contains("default: 12"))
  }
}
