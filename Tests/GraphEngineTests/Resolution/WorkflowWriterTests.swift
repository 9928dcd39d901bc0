import Foundation
import GraphEngine
import Testing

/// Texts that a careless writer of YAML would lose.
private let nastyTexts = [
  "", " ", " a", "a ", "no", "Yes", "~", "null", "7", "-1.5", "1e3", "0x10", "true", "a: b", "a #b", "#a", "- a", "? a",
  "a, b", "{a}", "[a]", "*a", "&a", "!a", "|", ">", "%a", "@a", "`a`", "'a'", "\"a\"", "a\\nb", "a\nb", "\n", "a\n",
  "\ta", "a\tb", "a\r\nb", "a\u{0}b", "\u{7}", "\u{85}", "\u{2028}", "\u{FEFF}a", "a\u{FFFE}", "苹果 🍎", "é", "e\u{301}",
  "$(prompt)", "$$(prompt)", "$", "$$", "$(", "---", "...", "=", "<<", "a  b", String(repeating: "long ", count: 300),
]

private func absolute(_ graph: ResolvedGraph) -> [[String]] {
  graph.nodes.map { node in
    node.declaration.parameters.map { parameter in
      switch node.parameters.values[parameter.name] {
      case .path(let path)?: path.hasPrefix("/") ? path : URL(filePath: "/home/user/" + path).standardized.path
      case let value?: "\(value)"
      case nil: "missing"
      }
    }
  }
}

/// Writes the resolved workflow into the working directory, resolves that, and compares.
private func expectSame(_ files: ToyFiles, _ path: String, _ comment: Comment) throws -> String {
  let first = try files.resolve(path)
  let again = ToyFiles(["again.yaml": first.workflow])
  let second = try again.resolve("again.yaml")
  #expect(first.nodes.map(\.address) == second.nodes.map(\.address), comment)
  #expect(first.nodes.map(\.inputs) == second.nodes.map(\.inputs), comment)
  #expect(first.nodes.map(\.cache) == second.nodes.map(\.cache), comment)
  #expect(first.nodes.map(\.declaration.info.type) == second.nodes.map(\.declaration.info.type), comment)
  #expect(absolute(first) == absolute(second), comment)
  #expect(first.targets == second.targets, comment)
  #expect(first.outputs == second.outputs, comment)
  #expect(second.workflow == first.workflow, comment)
  #expect(second.warnings.isEmpty, comment)
  return first.workflow
}

struct WorkflowWriterTests {
  private static let main = """
    stepgraph: 1
    description: "A test: everything."
    x-anchors: {step: &step {step: 1}}
    params:
      model: {type: path, default: ../models/a, description: The model.}
      prompt: {type: string, default: "a cat, $$(asleep)"}
      seed: {type: int, default: 18446744073709551615, min: 0, max: 18446744073709551615}
      steps: {type: int, default: 3, min: 1}
      cfg: {type: float, default: 7.50, max: 20}
      clip: {type: bool, default: true}
      mode: {type: choice, options: [plain, karras, "no"], default: karras}
      out: {type: path, default: results/out.png}
      folder: {type: path, default: pics}
      method: {type: path, default: ./solvers/a.yaml}
      last: {type: int, default: "$(max(steps, 4)*2)"}
      title: {type: string, default: "$(prompt), $(cfg)"}
      data: {type: path, default: $(folder)/more}
      table: {type: path, default: "$(mode).bin"}
      shot: {type: path, default: $(out)-2.png}
    nodes:
      model: {node: Load, with: {path: $(model)}}
      text: {node: Text, in: {clip: model.clip}, with: {text: "$(prompt): $(cfg) of $(steps), $(clip)", skip: 2}}
      start: {node: Start, in: {model: model.unet}, with: {seed: $(seed)}, cache: memory}
      once: {node: Step, in: {latent: start}, with: *step}
      read: {node: Read, with: {path: "../data/x.bin"}}
      data: {node: Read, with: {path: "$(data)/x.bin"}}
      table: {node: Read, with: {path: $(table)}}
      sample: {graph: $(method), in: {latent: once.latent}, with: {scale: $(cfg), steps: $(2*steps-1), file: ../data/y}}
      later:
        loop: {from: 1, to: $(steps), index: i}
        carry: {x: sample, h: none}
        nodes:
          next: {node: Step, in: {latent: carry.x, history: carry.h}, with: {step: $(i), mode: $(mode), clip: $(clip)}}
          picture: {node: Decode, in: {latent: next.latent}}
          shot: {node: Save, in: {image: picture}, with: {path: "steps/$(i).png"}}
          pic: {node: Read, with: {path: "$(folder)/$(i)-$(mode).bin"}}
          raw: {node: Read, with: {path: "$(mode)/$(i).bin"}}
        yield: {x: next.latent, h: next.history}
      image: {node: Decode, in: {latent: later.x}}
      grid: {node: Grid, in: {images: [image, image]}, with: {labels: [$(title), "a, b", "no"], order: [1, $(steps)], sizes: [7.50, "$(cfg)", 1e3]}}
      second: {node: Save, in: {image: grid}, with: {path: $(shot)}}
      png: {node: Save, in: {image: grid}, with: {path: $(out)}}
    outputs: {image: image, history: later.h}
    """

  private static let solver = """
    stepgraph: 1
    inputs: {latent: {type: latent}, history: {type: history, optional: true}}
    params:
      steps: {type: int, default: 2}
      scale: {type: float, default: 1}
      file: {type: path, default: own.bin}
      table: {type: path, default: ../table.bin}
    nodes:
      a: {node: Read, with: {path: $(file)}}
      b: {node: Read, with: {path: $(table)}}
      c: {node: Read, with: {path: c.bin}}
      sample:
        loop: {times: $(steps), index: k}
        carry: {latent: inputs.latent, history: inputs.history}
        nodes:
          inner: {graph: ../inner.yaml, in: {latent: carry.latent, history: carry.history}, with: {k: $(k), scale: $(scale)}}
        yield: {latent: inner.latent, history: inner.history}
    outputs: {latent: sample.latent}
    """

  private static let inner = """
    stepgraph: 1
    inputs: {latent: {type: latent}, history: {type: history, optional: true}}
    params: {k: {type: int}, scale: {type: float}}
    nodes:
      x: {node: Step, in: {latent: inputs.latent, history: inputs.history}, with: {step: $(k), scale: $(scale)}}
      r: {node: Read, with: {path: "data/$(k).bin"}}
    outputs: {latent: x.latent, history: x.history}
    """

  private func files(in folder: String) -> ToyFiles {
    ToyFiles([
      folder + "g.yaml": Self.main, folder + "solvers/a.yaml": Self.solver, folder + "inner.yaml": Self.inner,
    ])
  }

  @Test(arguments: ["", "Graphs/", "deep/er/", "/home/user/Graphs/", "/srv/graphs/", "../other/"])
  func whatIsWrittenMeansTheSame(_ folder: String) throws {
    let text = try expectSame(files(in: folder), folder + "g.yaml", "\(folder)")
    #expect(!text.contains("\"/") && !text.contains(" /"), "an absolute path in \(text)")
    #expect(!text.contains("x-anchors"))
  }

  @Test func settingsAreWrittenDown() throws {
    let toy = files(in: "Graphs/").set("seed", "random").set("prompt", "x: $(steps)").set("model", "/data/models/b")
      .set("steps", "5").set("cfg", "9").set("clip", "false").set("mode", "plain")
    let text = try expectSame(toy, "Graphs/g.yaml", "settings")
    #expect(text.contains("seed: {type: int, default: 0, min: 0, max: 18446744073709551615}"))
    #expect(text.contains("prompt: {type: string, default: \"x: $$(steps)\"}"))
    #expect(text.contains("model: {type: path, default: \"../../data/models/b\", description: The model.}"))
    #expect(text.contains("cfg: {type: float, default: 9, max: 20}"))
    #expect(text.contains("last: {type: int, default: \"$(max(steps, 4)*2)\"}"))
    #expect(text.contains("title: {type: string, default: \"$(prompt), $(cfg)\"}"))
    #expect(text.contains("table: {type: path, default: Graphs/$(mode).bin}"))
    let set = try expectSame(toy.set("last", "7").set("data", "/data/more"), "Graphs/g.yaml", "settings of derived")
    #expect(set.contains("last: {type: int, default: 7}"))
    #expect(set.contains("data: {type: path, default: \"../../data/more\"}"))
  }

  @Test func anOutputOutsideOfTheWorkingDirectoryKeepsItsName() throws {
    let graph = try files(in: "").set("out", "/tmp/pictures/cat.png").resolve()
    #expect(graph.workflow.contains("out: {type: path, default: cat.png}"))
    #expect(try ToyFiles(graph.workflow).resolve().nodes.last?.parameters.values["path"] == .path("cat.png"))
  }

  @Test(arguments: nastyTexts)
  func textsStayWhatTheyAre(_ text: String) throws {
    let asParam = ToyFiles(
      """
      stepgraph: 1
      params: {prompt: {type: string, default: x}, kind: {type: choice, options: ["no", x], default: "no"}}
      nodes:
        model: {node: Load, with: {path: m}}
        text: {node: Text, in: {clip: model.clip}, with: {text: $(prompt)}}
      outputs: {x: text}
      """
    ).set("prompt", text)
    _ = try expectSame(asParam, "g.yaml", "\(text)")
    #expect(try asParam.resolve().nodes.last?.parameters.values["text"] == .string(text))

    // In its place, with every character written as an escape.
    let escaped = text.replacing("$(", with: "$$(").unicodeScalars.map { scalar in
      "\\U" + String(repeating: "0", count: 8 - String(scalar.value, radix: 16).count) + String(scalar.value, radix: 16)
    }.joined()
    let inPlace = ToyFiles(
      """
      stepgraph: 1
      nodes:
        model: {node: Load, with: {path: m}}
        text: {node: Text, in: {clip: model.clip}, with: {text: "\(escaped)"}}
      outputs: {x: text}
      """)
    _ = try expectSame(inPlace, "g.yaml", "\(text)")
    #expect(try inPlace.resolve().nodes.last?.parameters.values["text"] == .string(text))
  }

  @Test func theFileIsReadable() throws {
    let text = try ToyFiles([
      "Graphs/g.yaml": """
      stepgraph: 1
      params: {steps: {type: int, default: 2}}
      nodes:
        start: {node: Start, with: {width: 64}}
        s: {graph: a.yaml, in: {x: start}}
        sample:
          loop: {times: $(steps), index: i}
          carry: {latent: s}
          nodes: {next: {node: Step, in: {latent: carry.latent}, with: {step: $(i)}}}
          yield: {latent: next.latent}
      outputs: {x: sample}
      """,
      "Graphs/a.yaml":
        "stepgraph: 1\ninputs: {x: {type: latent}}\nnodes: {r: {node: Read, with: {path: r}}}\noutputs: {x: inputs.x}",
    ]).resolve("Graphs/g.yaml").workflow
    #expect(
      text == """
        stepgraph: 1
        params:
          steps: {type: int, default: 2}
        nodes:
          start: {node: Start, with: {width: 64}}
          s:
            graph:
              inputs:
                x: {type: latent}
              nodes:
                r: {node: Read, with: {path: Graphs/r}}
              outputs: {x: inputs.x}
            in: {x: start}
          sample:
            loop: {times: $(steps), index: i}
            carry: {latent: s}
            nodes:
              next: {node: Step, in: {latent: carry.latent}, with: {step: $(i)}}
            yield: {latent: next.latent}
        outputs: {x: sample}

        """)
  }
}
