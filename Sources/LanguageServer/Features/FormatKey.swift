/// What the keys of the format are for, in a sentence each.
enum FormatKey {
  /// - Parameter owner: what has the key, as messages call it.
  static func help(_ key: String, of owner: String) -> String? { special["\(owner).\(key)"] ?? general[key] }

  private static let general = [
    "stepgraph": "The version of the format: 1.",
    "description": "What this is for, to people.",
    "params": "Values that a run can set, each with a type and mostly a default.",
    "inputs": "Wires that a calling file gives; a file with inputs is a subgraph.",
    "nodes": "Nodes, loops and calls of subgraphs, by name. Their order says nothing: wires do.",
    "outputs": "What comes out of the workflow, by name: a wire each.",
    "sweep": "Several values of params, run as one matrix.",
    "node": "The type of the node.",
    "in": "Wires into ports: `node`, `node.port`, `carry.name`, `inputs.name`.",
    "with": "Literals for parameters; `$(name)` stands for a param, a loop's index, or a calculation.",
    "if": "Whether the node is there: a `$(...)` that is true or false; where it is false, `else` stands in for it.",
    "else": "What stands in for the node where it, or an optional input that it needs, is left out: a wire, or `none`.",
    "cache": "Where results are kept: `disk`, `memory` or `none`.",
    "loop": "How often the nodes below run: `{times: N, index: i}`, or `{from: A, to: B, index: i}` without B itself.",
    "carry": "What each iteration gets from the one before, with the wire that the first one gets.",
    "yield": "What the next iteration gets, and what comes out after the last.",
    "collect": "What comes out as a list, with one item of every iteration.",
    "graph": "A subgraph: a file, a graph of the program such as `<samplers/euler.yaml>`, or a workflow in place.",
    "times": "How often the loop runs.",
    "from": "The first value of the index.",
    "to": "The value of the index that is not reached.",
    "index": "The name of the loop's index inside `$(...)`.",
    "type": "The type.",
    "default": "The value where none is given; it may name the params above it.",
    "min": "The least value.",
    "max": "The greatest value.",
    "options": "What a choice is one of.",
    "optional": "Whether the input may be left out.",
    "formerly": "What the input was called before; calls may go on to call it so.",
    "matrix": "The params to sweep, each with its values.",
    "exclude": "Points of the matrix to leave out.",
  ]

  private static let special = [
    "a param.type": "`string`, `int`, `float`, `bool`, `path` or `choice`; in brackets a list.",
    "an input.type": "The type of wire that the input takes; in brackets a list of wires.",
    "an input.default": "The input whose wire stands in when this one is left out.",
  ]
}
