import GraphEngine
import Testing

struct WorkflowSchemaTests {
  private static let good = """
    stepgraph: 1
    description: Every part of the format.
    x-notes: {anything: [1, 2]}
    params:
      seed: {type: int, default: 42, min: 0}
      steps: {type: int, default: "20", min: 1, max: 1000, description: How many.}
      cfg: {type: float, default: 7.5}
      last: {type: int, default: $(steps)}
      flag: {type: bool, default: true}
      prompt: {type: string, default: no}
      number: {type: string, default: 7}
      scales: {type: [float], default: [7, 5.5, 3], max: 20}
      modes: {type: [choice], options: [plain, karras], default: [plain]}
      empty: {type: string, default: }
      mode: {type: choice, options: [plain, karras], default: karras}
      out: {type: path, default: out.png}
    inputs:
      more: {type: latent, optional: true}
      pictures: {type: [image]}
    nodes:
      model: {node: Load, with: {path: m}}
      text: {node: Text, in: {clip: model.clip}, with: {text: $(prompt), skip: 2}}
      start: {node: Start, with: {width: 64, seed: $(seed)}, cache: none}
      plain: {node: Start}
      told: {node: Start, description: Why it is there., x-note: {color: red}}
      sample:
        loop: {times: $(steps), index: i}
        carry: {latent: start, history: none}
        nodes:
          next: {node: Step, in: {latent: carry.latent, history: carry.history}, with: {step: $(i), scale: 7, mode: $(mode), clip: false}}
        yield: {latent: next.latent, history: next.history}
        collect: {latents: next.latent}
        description: All steps.
      later:
        loop: {from: 3, to: 5}
        nodes: {a: {node: Start}}
      sub: {graph: ./a.yaml, in: {latent: start}, with: {steps: 3, name: x, scales: [1, 2]}, description: A call.}
      lists: {graph: ./b.yaml, in: {images: [image, sample.latents, "sample[-1]/next.latent", "a/b[3]/c"]}}
      whole: {node: Grid, in: {images: image}, with: {sizes: $(scales)}}
      inline: {graph: {inputs: {x: {type: image}}, nodes: {a: {node: Start}}, outputs: {a: a}}, in: {x: image}}
      image: {node: Decode, in: {latent: sample.latent}}
      grid: {node: Grid, in: {images: [image, image]}, with: {labels: [a, no, 7, $(prompt)], sizes: [1, "2.5", $(cfg)], order: [0, "$(min(steps, 9))"]}}
      single: {node: Grid, in: {images: image}}
      png: {node: Save, in: {image: image}, with: {path: $(out)}}
    outputs: {image: image, latent: sample.latent}
    sweep: {matrix: {steps: 1..4, cfg: 7, scales: [[1, 2], [3]], seed: [1, 2, 3], prompt: [a cat, no]}, exclude: [{seed: 1, prompt: no}]}
    """

  private func accepts(_ text: String) throws -> Bool {
    try SchemaChecker(ToyFiles.catalog.schema).accepts(try editorValue(text))
  }

  @Test func aWorkflowPasses() throws { #expect(try accepts(Self.good)) }

  @Test(arguments: [
    ("stepgraph: 1", "stepgraph: 2"), ("stepgraph: 1", "description: x"), ("params:", "parms:"),
    ("description: E", "sweep: E"), ("nodes:\n  model", "nodez:\n  model"),
    ("type: int, default: 42", "type: integer, default: 42"), ("{type: int, default: 42", "{default: 42"),
    ("default: 42", "default: x"), ("default: 42", "defualt: 42"), ("default: 42", "default: 42, options: [a]"),
    ("default: 7.5", "default: high"), ("default: true", "default: yes"),
    ("default: no}", "default: no, min: 1}"), ("default: no}", "default: a cat, on a mat}"),
    ("options: [plain, karras], ", ""), ("options: [plain, karras]", "options: []"),
    ("type: latent, optional", "type: latnet, optional"), ("optional: true", "optional: maybe"),
    ("{type: latent, optional: true}", "{optional: true}"),
    ("seed: {type: int", "a-b: {type: int"), ("seed: {type: int", "inputs: {type: int"),
    ("  plain: {node: Start}", "  carry: {node: Start}"), ("  plain: {node: Start}", "  1a: {node: Start}"),
    ("  plain: {node: Start}", "  plain: Start"), ("  plain: {node: Start}", "  plain: {}"),
    ("  plain: {node: Start}", "  plain: {nod: Start}"), ("node: Decode", "node: Decoed"),
    ("  plain: {node: Start}", "  plain: {node: Start, loop: {times: 1}, nodes: {a: {node: Start}}}"),
    ("cache: none", "cache: disc"), ("{latent: sample.latent}}\n  grid", "{latnt: sample.latent}}\n  grid"),
    ("in: {latent: sample.latent}}\n  grid", "in: {}}\n  grid"),
    (", in: {latent: sample.latent}}\n  grid", "}\n  grid"),
    ("{latent: sample.latent}}\n  grid", "{latent: a red apple}}\n  grid"),
    ("{latent: sample.latent}}\n  grid", "{latent: $(x)}}\n  grid"),
    ("{latent: sample.latent}}\n  grid", "{latent: none}}\n  grid"),
    ("{latent: sample.latent}}\n  grid", "{latent: [start]}}\n  grid"), ("images: [image, image]", "images: []"),
    ("width: 64", "width: 7"), ("width: 64", "width: 1000"), ("width: 64", "width: 64.5"), ("width: 64", "width: wide"),
    ("width: 64", "widht: 64"), ("seed: $(seed)", "seed: -1"), ("scale: 7", "scale: x"), ("scale: 7", "scale: -1"),
    ("mode: $(mode)", "mode: karas"), ("clip: false", "clip: no"), ("step: $(i), ", ""), ("skip: 2", "skip: 0"),
    ("labels: [", "lables: ["), ("sizes: [1, ", "sizes: [-1, "), ("sizes: [1, ", "sizes: [high, "),
    ("sizes: [1, ", "sizes: [[1], "), ("order: [0, ", "order: [0.5, "), ("order: [0, ", "order: [10, "),
    ("labels: [a, no, 7, $(prompt)]", "labels: a"), ("labels: [a, no, 7, $(prompt)]", "modes: [frame]"),
    ("with: {path: m}", "with: {}"), (", with: {path: m}", ""), ("with: {path: m}", "with: {path: [m]}"),
    ("times: $(steps)", "times: -1"), ("times: $(steps)", "tims: 3"), ("times: $(steps)", "times: 3, from: 1"),
    ("from: 3, to: 5", "from: 3"), ("index: i", "index: a-b"), ("    yield:", "    yields:"),
    ("carry: {latent: start", "carry: {latent: 5"), ("graph: ./a.yaml", "graph: []"),
    ("steps: 3, name: x", "steps: {a: 3}"), ("default: [7, 5.5, 3]", "default: 7"),
    ("default: [7, 5.5, 3]", "default: [x]"),
    ("type: [float]", "type: [flaot]"), ("type: [float]", "type: []"), ("type: [image]", "type: [imge]"),
    ("type: [float], default: [7, 5.5, 3], max: 20", "type: [string], default: [7, 5.5, 3], max: 20"),
    ("options: [plain, karras], default: [plain]", "default: [plain]"), ("collect:", "colect:"),
    ("collect: {latents: next.latent}", "collect: [next.latent]"), ("description: Why it is there.", "describe: x"),
    ("\"a/b[3]/c\"", "\"a/b[x]/c\""), ("\"a/b[3]/c\"", "\"a//c\""), ("\"a/b[3]/c\"", "\"a[1\""),
    ("matrix: {steps: 1..4, cfg: 7, scales: [[1, 2], [3]], seed: [1, 2, 3], prompt: [a cat, no]}", "matrix: {}"),
    ("matrix: {", "matrx: {"),
    ("[1, 2, 3]", "[]"), ("[1, 2, 3]", "{a: 1}"), ("[1, 2, 3]", "[{a: 1}]"), ("exclude: [", "exclude: [1, "),
    ("exclude: [{seed: 1, prompt: no}]", "exclude: {seed: 1}"), ("exclude: [{seed: 1, prompt: no}]", "exclude: [{}]"),
    ("outputs: {image: image", "outputs: {image: [image]"), ("outputs: {a: a}}", "outptus: {a: a}}"),
  ])
  func badInputFails(_ text: String, _ replacement: String) throws {
    let bad = Self.good.replacing(text, with: replacement, maxReplacements: 1)
    #expect(bad != Self.good)
    #expect(try !accepts(bad))
  }
}
