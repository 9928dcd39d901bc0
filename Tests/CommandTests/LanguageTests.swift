import Foundation
import StepgraphNodes
import Testing

/// What is said of the faults that people make in workflow files: the whole message, and the exit code.
struct LanguageTests {
  private static let head = """
    stepgraph: 1
    params: {steps: {type: int, default: 4}, scales: {type: [float], default: [7, 5, 3]}, home: {type: path, default: x}}
    nodes:
      model: {node: LoadModel, with: {path: model}}
      start: {node: EmptyLatent, with: {width: 64, height: 64, seed: 1}}

    """

  /// Lines from 6 on, and what is said of them after `w.yaml:`.
  @Test(arguments: [
    (
      "  t: {node: TextEncode, in: {clip: model.clip}, with: {text: a cat: asleep}}",
      """
      6:67: error: this is not valid YAML: did not find expected ',' or '}'
        6 |   t: {node: TextEncode, in: {clip: model.clip}, with: {text: a cat: asleep}}
          |                                                                   ^
          = while parsing a flow mapping that starts at w.yaml:6:55
          = a text with ': ' in it needs quotes
      """
    ),
    (
      "  t:\n    node: TextEncode\n    in: {clip: model.clip}\n    with:\n      text: a cat: asleep",
      """
      10:18: error: this is not valid YAML: mapping values are not allowed in this context
        10 |       text: a cat: asleep
           |                  ^
           = a text with ': ' in it needs quotes
      """
    ),
    (
      "  t: {node: TextEncode, in: {clip: model.clip}, with: {text: cat #1}}",
      """
      7:1: error: this is not valid YAML: did not find expected ',' or '}'
        7 | 
          | ^
          = while parsing a flow mapping that starts at w.yaml:6:55
          = what follows ' #' is a comment; a text with ' #' in it needs quotes
      """
    ),
    (
      "  t:\n    node: TextEncode\n    in: {clip: model.clip}\n    with:\n      text: [red] cat",
      """
      10:19: error: this is not valid YAML: did not find expected key
        10 |       text: [red] cat
           |                   ^
           = while parsing a block mapping that starts at w.yaml:10:7
           = indent the keys of a mapping alike; a text that starts with a quote, '[' or '{' needs quotes around all of it
      """
    ),
    (
      "  t:\n    node: TextEncode\n    in: {clip: model.clip}\n    with:\n      text: - a cat",
      """
      10:13: error: this is not valid YAML: block sequence entries are not allowed in this context
        10 |       text: - a cat
           |             ^
           = a text that starts with '- ' needs quotes
      """
    ),
    (
      "  t:\n    node: TextEncode\n    in: {clip: model.clip}\n    with:\n      text: >cat",
      """
      10:14: error: this is not valid YAML: did not find expected comment or line break
        10 |       text: >cat
           |              ^
           = while scanning a block scalar that starts at w.yaml:10:13
           = a text that starts with '|' or '>' needs quotes
      """
    ),
    (
      "  t:\n    node: TextEncode\n    in: {clip: model.clip}\n    with:\n      text: !cat",
      """
      10:13: error: the tag '!cat' is not supported
        10 |       text: !cat
           |             ^
           = types are declared by ports and params, so no tag is needed
           = a text that starts with '!' needs quotes
      """
    ),
    (
      #"  t: {node: TextEncode, in: {clip: model.clip}, with: {text: "C:\models"}}"#,
      #"""
      6:65: error: this is not valid YAML: found unknown escape character
        6 |   t: {node: TextEncode, in: {clip: model.clip}, with: {text: "C:\models"}}
          |                                                                 ^
          = while parsing a quoted scalar that starts at w.yaml:6:62
          = in double quotes a backslash is written twice; single quotes take it as it is
      """#
    ),
    (
      "  t: {node: TextEncode, in: {clip: model.clip}, with: {text:cat}}",
      """
      6:3: error: 't' needs the parameter 'text' (string)
        6 |   t: {node: TextEncode, in: {clip: model.clip}, with: {text:cat}}
          |   ^
      w.yaml:6:56: error: 'TextEncode' has no parameter 'text:cat'
        6 |   t: {node: TextEncode, in: {clip: model.clip}, with: {text:cat}}
          |                                                        ^
          = a blank is missing after the colon: 'text: cat'
      """
    ),
    (
      "  t: {node:TextEncode, in: {clip: model.clip}}",
      """
      6:3: error: 't' needs one of the keys 'node', 'loop' and 'graph'
        6 |   t: {node:TextEncode, in: {clip: model.clip}}
          |   ^
          = a blank is missing after the colon: 'node: TextEncode'
      """
    ),
    (
      "  t: {type: TextEncode, in: {clip: model.clip}, with: {text: cat}}",
      """
      6:7: error: a node has no key 'type'
        6 |   t: {type: TextEncode, in: {clip: model.clip}, with: {text: cat}}
          |       ^
          = 'node' is its name here
      """
    ),
    (
      "  t: {class_type: TextEncode, inputs: {clip: model.clip}, params: {text: cat}}",
      """
      6:7: error: a node has no key 'class_type'
        6 |   t: {class_type: TextEncode, inputs: {clip: model.clip}, params: {text: cat}}
          |       ^
          = 'node' is its name here
      w.yaml:6:31: error: a node has no key 'inputs'
        6 |   t: {class_type: TextEncode, inputs: {clip: model.clip}, params: {text: cat}}
          |                               ^
          = 'in' is its name here
      w.yaml:6:59: error: a node has no key 'params'
        6 |   t: {class_type: TextEncode, inputs: {clip: model.clip}, params: {text: cat}}
          |                                                           ^
          = 'with' is its name here
      """
    ),
    (
      "  t: {node: LoadModel, with: {path: ~/models/sd15}}",
      """
      6:37: error: '~/models/sd15' holds '~', which only a shell replaces
        6 |   t: {node: LoadModel, with: {path: ~/models/sd15}}
          |                                     ^
          = a file means the same whoever runs it: write a path relative to the file, or give it with --set, where the shell replaces it
      """
    ),
    (
      "  t: {node: LoadModel, with: {path: $HOME/models/sd15}}",
      """
      6:37: error: '$HOME/models/sd15' holds '$HOME', which only a shell replaces
        6 |   t: {node: LoadModel, with: {path: $HOME/models/sd15}}
          |                                     ^
          = a file means the same whoever runs it: write a path relative to the file, or give it with --set, where the shell replaces it
      """
    ),
    (
      "  t: {graph: \"${HOME}/x.yaml\"}",
      """
      6:14: error: '${HOME}/x.yaml' holds '${HOME}', which only a shell replaces
        6 |   t: {graph: "${HOME}/x.yaml"}
          |              ^
          = a file means the same whoever runs it: write a path relative to the file, or give it with --set, where the shell replaces it
      """
    ),
    (
      "  a: {node: AddNoise, in: {latent: start, schedule: n}, with: {step: $(8/(steps-4))}}\n  n: {node: NoiseSchedule, in: {unet: model.unet}}",
      """
      6:70: error: 'step' takes an int, but '8/(steps-4)' is a float
        6 |   a: {node: AddNoise, in: {latent: start, schedule: n}, with: {step: $(8/(steps-4))}}
          |                                                                      ^
          = 'floor(...)', 'ceil(...)' and 'round(...)' make an int of it
      """
    ),
    (
      "  a: {node: SaveTensor, in: {tensor: start}, with: {path: out-$(8/(steps-4):.2).safetensors}}",
      """
      6:63: error: 8 / 0 is a division by zero
        6 |   a: {node: SaveTensor, in: {tensor: start}, with: {path: out-$(8/(steps-4):.2).safetensors}}
          |                                                               ^
      """
    ),
    (
      "  l:\n    loop: {times: $(steps), index: i}\n    nodes: {a: {node: DDIMStep, in: {latent: start, noise: start, schedule: n}, with: {step: $(i), eta: \"$(scales[i])\"}}}\n  n: {node: NoiseSchedule, in: {unet: model.unet}}",
      """
      8:60: error: 'noise' takes noise [n, c, h, w], but 'start' is latent [n, c, h, w]
        8 |     nodes: {a: {node: DDIMStep, in: {latent: start, noise: start, schedule: n}, with: {step: $(i), eta: "$(scales[i])"}}}
          |                                                            ^
      w.yaml:8:105: error: 'eta' takes 0 to 1, not 7
        8 |     nodes: {a: {node: DDIMStep, in: {latent: start, noise: start, schedule: n}, with: {step: $(i), eta: "$(scales[i])"}}}
          |                                                                                                         ^
          = in l[0]/a
      """
    ),
    (
      "  a: {node: SaveTensor, in: {tensor: start}, with: {path: \"$(sqrt(steps-5):.2)\"}}",
      """
      6:60: error: sqrt(-1) is no number
        6 |   a: {node: SaveTensor, in: {tensor: start}, with: {path: "$(sqrt(steps-5):.2)"}}
          |                                                            ^
      """
    ),
    (
      "  a: {node: SaveTensor, in: {tensor: start}, with: {path: \"out-$(scales[steps])\"}}",
      """
      6:64: error: the list has no item 4
        6 |   a: {node: SaveTensor, in: {tensor: start}, with: {path: "out-$(scales[steps])"}}
          |                                                                ^
          = it has 3 items, 0 to 2; -1 is the last one
      """
    ),
  ])
  func faultsAreExplained(_ lines: String, _ message: String) throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(Self.head + lines + "\n", to: "w.yaml")
    let result = try stepgraph.failure(["run", "w.yaml"])
    #expect(result.errors == "w.yaml:\(message)\n")
    #expect(result.output == "")
    #expect(result.status == 2)
  }

  @Test func aCommentThatLooksLikeTextIsAskedAbout() throws {
    let stepgraph = try Stepgraph()
    let lines =
      "  t:\n    node: TextEncode\n    in: {clip: model.clip}\n    with:\n      text: cat #1 of 3  # a comment"
    try stepgraph.folder.write(Self.head + lines + "\n", to: "w.yaml")
    let result = try stepgraph("validate", "w.yaml")
    #expect(
      result.errors == """
        w.yaml:10:17: warning: what follows ' #' is a comment, and not part of the text
          10 |       text: cat #1 of 3  # a comment
             |                 ^
             = quote the text if it is: "cat #1 of 3"

        """)
    #expect(result.status == 0 && result.output == "w.yaml: valid\n")
  }

  @Test func aPathThatNoShellReplacedIsTakenAsItIs() throws {
    let stepgraph = try Stepgraph()
    let graph = """
      stepgraph: 1
      params: {out: {type: path, default: a.safetensors}}
      nodes:
        start: {node: EmptyLatent, with: {width: 64, height: 64, seed: 1}}
        save: {node: SaveTensor, in: {tensor: start}, with: {path: $(out)}}
      """
    try stepgraph.folder.write(graph, to: "w.yaml")
    let result = try stepgraph("run", "w.yaml", "--quiet", "--set", "out=~/a.safetensors")
    #expect(
      result.errors == """
        --set out=~/a.safetensors: warning: the shell did not replace '~', so that 'out' is taken as it is
          = shells leave what is in quotes alone, and some of them what follows a '='

        """)
    #expect(result.status == 0)
    #expect(stepgraph.folder.exists("~/a.safetensors"))
  }

  @Test(arguments: [
    (
      #"{"3": {"class_type": "KSampler", "inputs": {"seed": 1, "model": ["4", 0], "text": "\ud83d\ude00"}}}"#,
      "this is a workflow of ComfyUI, in its API format"
    ),
    (
      "\n" + #"{"last_node_id": 9, "nodes": [{"id": 1, "type": "KSampler"}], "links": [], "version": 0.4}"#,
      "this is a workflow of ComfyUI"
    ),
  ])
  func workflowsOfComfyUIAreKnown(_ text: String, _ message: String) throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(text, to: "comfy.json")
    for command in ["run", "validate", "plan"] {
      let result = try stepgraph.failure([command, "comfy.json"])
      #expect(result.errors.hasPrefix("comfy.json:1:1: error: \(message)\n"))
      #expect(result.errors.hasSuffix("= 'stepgraph import' makes a workflow of it that can be run\n"))
      #expect(result.status == 2)
    }
  }
}
