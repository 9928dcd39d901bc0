import GraphEngine
import TestSupport
import Testing

private let workflow = """
  stepgraph: 1
  x-a: &a {step: 1}
  params:
    model: {type: path, default: ../models/a}
    steps: {type: int, default: 3, min: 1, max: 5}
    last: {type: int, default: $(steps)}
    cfg: {type: float, default: 7.5}
    mode: {type: choice, options: [plain, karras], default: karras}
    out: {type: path, default: out.png}
  inputs: {more: {type: history, optional: true}}
  nodes:
    model: {node: Load, with: {path: $(model)}}
    text: {node: Text, in: {clip: model.clip}, with: {text: "$(cfg) of $(steps)", skip: 2}}
    start: {node: Start, in: {model: model.unet}, with: {seed: $(2*steps-1)}, cache: memory}
    once: {node: Step, in: {latent: start, history: inputs.more}, with: *a}
    sample:
      loop: {from: 1, to: $(steps), index: i}
      carry: {x: once.latent, h: none}
      nodes:
        sub: {graph: a.yaml, in: {latent: carry.x}, with: {steps: $(i+1), scale: $(cfg)}}
        next: {node: Step, in: {latent: sub, history: carry.h}, with: {step: $(i), mode: $(mode)}}
        shot: {node: Decode, in: {latent: next.latent}}
        save: {node: Save, in: {image: shot}, with: {path: steps/$(i).png}}
      yield: {x: next.latent, h: next.history}
    image: {node: Decode, in: {latent: sample.x}}
    grid: {node: Grid, in: {images: [image, image]}, with: {labels: [$(mode), b], order: [1, "$(min(steps, 4)*2)"]}}
    png: {node: Save, in: {image: grid}, with: {path: $(out)}}
  outputs: {image: image, history: sample.h}
  sweep: {matrix: {cfg: [1, 2.5], mode: [plain, karras]}, exclude: [{cfg: 1, mode: plain}]}
  """

private let subgraph = """
  stepgraph: 1
  inputs: {latent: {type: latent}}
  params: {steps: {type: int}, scale: {type: float, default: 1}}
  nodes:
    loop:
      loop: {times: $(steps), index: k}
      carry: {latent: inputs.latent}
      nodes: {next: {node: Step, in: {latent: carry.latent}, with: {step: $(k), scale: $(scale)}}}
      yield: {latent: next.latent}
  outputs: {latent: loop.latent}
  """

struct MutationTests {
  /// Cuts a text into words and single other characters.
  private func tokens(_ text: String) -> [String] {
    var tokens: [String] = []
    var isWord = false
    for character in text {
      let continues = character.isLetter || character.isNumber || character == "_"
      if continues, isWord { tokens[tokens.count - 1].append(character) } else { tokens.append(String(character)) }
      isWord = continues
    }
    return tokens
  }

  private func mutated(_ text: String, _ random: inout SplitMix64) -> String {
    let extra = [
      "none", "carry", "inputs", "$(", ")", "*a", "&a", "<<", "-1", "0", "7.5", "''", "\u{0}", "é", "\t", "- ",
    ]
    var tokens = tokens(text)
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: 0..<tokens.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: tokens.remove(at: place)
      case 1: tokens[place] = tokens.randomElement(using: &random) ?? ""
      case 2: tokens.insert(extra.randomElement(using: &random) ?? "", at: place)
      case 3: tokens.swapAt(place, Int.random(in: 0..<tokens.count, using: &random))
      default: tokens.removeSubrange(place..<min(place + Int.random(in: 1...20, using: &random), tokens.count))
      }
      if tokens.isEmpty { return "" }
    }
    return tokens.joined()
  }

  @Test func damagedFilesGiveProblemsOrGraphsThatHold() throws {
    var random = SplitMix64(state: 2)
    var graphs = 0
    for _ in 0..<2500 {
      let changesSubgraph = Int.random(in: 0..<4, using: &random) == 0
      let files = ToyFiles([
        "g.yaml": changesSubgraph ? workflow : mutated(workflow, &random),
        "a.yaml": changesSubgraph ? mutated(subgraph, &random) : subgraph,
      ])
      guard let graph = try? files.resolve() else {
        #expect(!files.problems().isEmpty)
        continue
      }
      graphs += 1
      for (index, node) in graph.nodes.enumerated() {
        #expect(node.inputs.joined().allSatisfy { $0.node < index })
        #expect(node.declaration.parameters.allSatisfy { node.parameters.values[$0.name] != nil })
        #expect(zip(node.declaration.inputs, node.inputs).allSatisfy { $0.arity.isOptional || !$1.isEmpty })
      }
      let again = try ToyFiles(graph.workflow).resolve()
      #expect(again.outline == graph.outline)
      #expect(again.targets == graph.targets)
    }
    #expect(graphs > 50, "only \(graphs) of the damaged files were sound")
  }

  @Test func damagedBytesGiveProblems() {
    var random = SplitMix64(state: 3)
    for _ in 0..<1000 {
      var bytes = Array(workflow.utf8)
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        if Bool.random(using: &random) {
          bytes[place] = UInt8.random(in: 0...255, using: &random)
        } else {
          bytes.removeSubrange(place..<min(place + Int.random(in: 1...30, using: &random), bytes.count))
        }
        if bytes.isEmpty { break }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      _ = ToyFiles(["g.yaml": text, "a.yaml": subgraph]).problems()
    }
  }
}
