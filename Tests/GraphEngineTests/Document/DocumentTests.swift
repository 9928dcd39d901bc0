import GraphEngine
import Testing

/// Problems of a workflow with one sound node, the given `params` and whatever follows.
private func problems(params: String = "", nodes: String = "start: {node: Start}", more: String = "") -> [String] {
  ToyFiles("stepgraph: 1\nparams: {\(params)}\nnodes:\n  \(nodes)\n\(more)").problems()
}

struct DocumentTests {
  @Test(arguments: [
    ("- a\n", ["1:1: a workflow takes a mapping, not a list"]),
    ("nodes: {a: {node: Start}}\n", ["1:1: the key 'stepgraph' is missing; a workflow starts with 'stepgraph: 1'"]),
    (
      "stepgrpah: 1\nnodes: {a: {node: Start}}\n",
      ["1:1: a workflow has no key 'stepgrpah'; did you mean 'stepgraph'?"]
    ),
    ("stepgraph: 2\nbeyond: 1\n", ["1:12: 'stepgraph' takes the format version 1, not '2'"]),
    ("stepgraph: [1]\n", ["1:12: 'stepgraph' takes the format version 1, not a list"]),
    ("stepgraph: 1\n", ["1:1: a workflow needs 'nodes'"]),
    ("stepgraph: 1\nnodes:\n", ["2:1: a workflow needs 'nodes'"]),
    ("stepgraph: 1\nnodes: [a]\n", ["2:8: 'nodes' takes a mapping, not a list"]),
    ("stepgraph: 1\nnodez: {a: {node: Start}}\n", ["2:1: a workflow has no key 'nodez'; did you mean 'nodes'?"]),
    (
      "stepgraph: 1\nbanana: 1\nnodes: {a: {node: Start}}\n",
      [
        "2:1: a workflow has no key 'banana'; its keys are stepgraph, description, params, inputs, nodes, outputs, sweep"
      ]
    ),
    ("stepgraph: 1\nnodes: {a: {node: Start}}\nx-notes: {anything: [1]}\n", []),
    (
      "stepgraph: 1\nnodes: {a: {node: Start}, a: {node: Start}}\n",
      ["2:27: the key 'a' is written twice; first at g.yaml:2:9"]
    ),
    (
      "stepgraph: 1\nnodes: {a: {node: Start}\n",
      [
        "3:1: this is not valid YAML: did not find expected ',' or '}'; while parsing a flow mapping that starts at "
          + "g.yaml:2:8; a bracket or brace is not closed, or a text with one of ',[]{}' in it needs quotes"
      ]
    ),
  ])
  func topLevel(_ text: String, _ problems: [String]) {
    #expect(ToyFiles(text).problems() == problems.map { "g.yaml:" + $0 })
  }

  @Test func aMissingFileSaysSo() {
    #expect(ToyFiles([:]).problems("none.yaml") == ["cannot read 'none.yaml': there is no such file"])
  }

  @Test(arguments: [
    ("d: {nod: Start}", ["4:7: a node has no key 'nod'; did you mean 'node'?"]),
    (
      "d: {node: Start}\n  e: {node: Step, inn: {latent: d}, with: {step: 1}}",
      ["5:19: a node has no key 'inn'; did you mean 'in'?"]
    ),
    ("d: {in: {}}", ["4:3: 'd' needs one of the keys 'node', 'loop' and 'graph'"]),
    ("d: {carry: {}, nodes: {}}", ["4:3: 'd' needs one of the keys 'node', 'loop' and 'graph'"]),
    ("d: {node: Start, loop: {times: 1}}", ["4:20: 'd' has 'node' and 'loop', but only one can be"]),
    ("d: Start", ["4:6: the node 'd' takes a mapping, not a text"]),
    ("d: {node: [Start]}", ["4:13: 'node' takes a text or a number, not a list"]),
    ("carry: {node: Start}", ["4:3: 'carry' is reserved and can't name a node"]),
    (
      "1a: {node: Start}",
      ["4:3: '1a' can't name a node: a name starts with one of a-z, A-Z and '_', and has letters, digits, '_' and '-'"]
    ),
    ("fine-name: {node: Start}", []),
    (
      "d: {node: Start, cache: disc}",
      ["4:27: 'cache' takes one of none, memory, disk, not 'disc'; did you mean 'disk'?"]
    ),
    ("d: {node: Start, with: {width: [1]}}", ["4:34: 'width' takes a text or a number, not a list"]),
    ("d: {node: Start, with: 7}", ["4:26: 'with' takes a mapping, not a text"]),
  ])
  func members(_ nodes: String, _ expected: [String]) {
    #expect(problems(nodes: nodes) == expected.map { "g.yaml:" + $0 })
  }

  @Test(arguments: [
    (
      "a: {type: integer, default: 1}",
      ["2:20: there is no param type 'integer'; types are string, int, float, bool, path, choice"]
    ),
    ("a: {type: flaot, default: 1}", ["2:20: there is no param type 'flaot'; did you mean 'float'?"]),
    (
      "a: {default: 1}", ["2:10: the param 'a' has no type; types are string, int, float, bool, path, choice"]
    ),
    ("a: {type: int, default: x}", ["2:34: 'a' takes an int, not 'x'"]),
    ("a: {type: int, default: 5, max: 4}", ["2:34: 'a' takes at most 4, not 5"]),
    ("a: {type: float, default: 5, min: 5.5, max: 6}", ["2:36: 'a' takes 5.5 to 6, not 5"]),
    ("a: {type: choice, default: x}", ["2:20: a choice needs 'options', a list of texts"]),
    ("a: {type: choice, options: [], default: x}", ["2:37: 'options' takes a list of texts, not an empty list"]),
    (
      "a: {type: choice, options: [bear, cat], default: bera}",
      ["2:59: 'a' takes one of bear, cat, not 'bera'; did you mean 'bear'?"]
    ),
    ("a: {type: string, default: x, min: 1}", ["2:45: only an int or a float has 'min'"]),
    ("a: {type: int, default: 4, min: 5, max: 3}", ["2:34: 'a' takes 5 to 3, not 4", "2:42: 'min' is above 'max'"]),
    ("a: {type: float, default: 1, min: x}", ["2:44: 'min' takes a number, not 'x'"]),
    (
      "a: {type: int, default: 1, options: [1]}", ["2:46: only a choice has 'options'; write 'type: choice'"]
    ),
    ("a: {type: string, default: $(b)}", ["2:39: there is no param 'b'"]),
    (
      "steps: {type: int, default: 1}, b: {type: int, default: $(stpes)}",
      ["2:68: there is no param 'stpes'; did you mean 'steps'?"]
    ),
    ("a: {type: int, default: $(1+a)}", ["2:38: the default of 'a' names itself"]),
    (
      "a: {type: int, default: $(b)}, b: {type: int, default: $(a)}",
      ["2:36: the default of 'a' names 'b', which is declared after it; a default sees the params above it"]
    ),
    (
      "a: {type: int, default: 1}, b: {type: int, default: $(a), min: 2}",
      ["2:62: 'b' takes 2 or more, not 1; the value is written at g.yaml:2:34"]
    ),
    (
      "a: {type: string, default: x}, b: {type: int, default: $(a)}",
      ["2:65: 'b' takes an int, but 'a' is a string"]
    ),
    ("a: {type: string, default: $$(b)}", []),
    ("a: 5", ["2:13: a param takes a mapping, not a text"]),
    (
      "a-b: {type: int, default: 1}",
      ["2:10: 'a-b' can't name a param: a name starts with one of a-z, A-Z and '_', and has letters, digits and '_'"]
    ),
    (
      "a: {type: string, default: a cat, on a mat, asleep}",
      [
        "2:44: a param has no key 'on a mat'; a comma ends a text in braces; quote it: default: \"a cat, on a mat, asleep\""
      ]
    ),
    (
      "a: {type: string, defualt: x}",
      ["2:28: a param has no key 'defualt'; did you mean 'default'?"]
    ),
    ("a: {type: int}", ["2:10: the param 'a' has no default; give it a value with --set a=..."]),
  ])
  func params(_ params: String, _ expected: [String]) {
    #expect(problems(params: params) == expected.map { "g.yaml:" + $0 })
  }

  @Test func aBrokenDefinitionIsNotReportedWhereItIsUsed() {
    let text = """
      stepgraph: 1
      params: {a: {type: integer}, b: 5}
      nodes:
        start: {node: Strat}
        next: {node: Step, in: {latent: start.x}, with: {step: $(a), scale: $(b+1)}}
        broken: 7
        image: {node: Decode, in: {latent: broken.latent}}
      """
    #expect(
      ToyFiles(text).problems() == [
        "g.yaml:2:20: there is no param type 'integer'; types are string, int, float, bool, path, choice",
        "g.yaml:2:33: a param takes a mapping, not a text",
        "g.yaml:4:17: there is no node type 'Strat'; did you mean 'Start'?",
        "g.yaml:6:11: the node 'broken' takes a mapping, not a text",
      ])
  }
}
