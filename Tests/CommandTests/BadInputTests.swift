import Foundation
import Safetensors
import Tensors
import Testing

/// Bad input: the whole message, the exit code, and nothing half-written.
struct BadInputTests {
  /// A graph file, what the call adds, and what it must say.
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    let graph: String
    var settings: [String] = []
    let status: Int32
    let message: String

    init(_ description: String, _ nodes: String, _ settings: [String] = [], status: Int32, _ message: String) {
      testDescription = description
      let params = "params: {model: {type: path, default: model}, n: {type: int, default: 2, max: 9}}"
      graph = "stepgraph: 1\n\(params)\nnodes:\n\(nodes)"
      self.settings = settings
      self.status = status
      self.message = message
    }
  }

  static let graphs = [
    Case(
      "several problems at once",
      """
        model: {node: LoadModel, with: {path: $(model)}}
        a: {node: TextEncod, in: {clip: model.clip}, with: {text: x}}
        b: {node: TextEncode, in: {clip: modle.clip}, with: {text: x, txt: y}}
        c: {node: TextEncode, in: {clip: model.clp}, with: {}}
      """, status: 2,
      """
      graph.yaml:5:13: error: there is no node type 'TextEncod'
        5 |   a: {node: TextEncod, in: {clip: model.clip}, with: {text: x}}
          |             ^
          = did you mean 'TextEncode'?
      graph.yaml:6:36: error: there is no node 'modle'
        6 |   b: {node: TextEncode, in: {clip: modle.clip}, with: {text: x, txt: y}}
          |                                    ^
          = did you mean 'model'?
      graph.yaml:6:65: error: 'TextEncode' has no parameter 'txt'
        6 |   b: {node: TextEncode, in: {clip: modle.clip}, with: {text: x, txt: y}}
          |                                                                 ^
          = its parameters are text, text_2, syntax, embeddings, empty, clip_skip, tokens, least_tokens, original_width, original_height, crop_left, crop_top, target_width, target_height, aesthetic_score
      graph.yaml:7:3: error: 'c' needs the parameter 'text' (string)
        7 |   c: {node: TextEncode, in: {clip: model.clp}, with: {}}
          |   ^
      graph.yaml:7:36: error: 'model' has no output 'clp'
        7 |   c: {node: TextEncode, in: {clip: model.clp}, with: {}}
          |                                    ^
          = did you mean 'clip'?

      """),
    Case(
      "wrong types and ranges", "  e: {node: EmptyLatent, with: {width: abc, height: 0, batch: 1.5}}", status: 2,
      """
      graph.yaml:4:40: error: 'width' takes an int, not 'abc'
        4 |   e: {node: EmptyLatent, with: {width: abc, height: 0, batch: 1.5}}
          |                                        ^
      graph.yaml:4:53: error: 'height' takes 1 to 16384, not 0
        4 |   e: {node: EmptyLatent, with: {width: abc, height: 0, batch: 1.5}}
          |                                                     ^
      graph.yaml:4:63: error: 'batch' takes an int, not '1.5'
        4 |   e: {node: EmptyLatent, with: {width: abc, height: 0, batch: 1.5}}
          |                                                               ^

      """),
    Case(
      "a cycle",
      """
        h: {node: CFGCombine, in: {uncond: i, positive: i}}
        i: {node: CFGCombine, in: {uncond: h, positive: h}}
      """, status: 2,
      """
      graph.yaml:4:38: error: the wires make a cycle: h -> i -> h
        4 |   h: {node: CFGCombine, in: {uncond: i, positive: i}}
          |                                      ^

      """),
    Case(
      "incompatible shapes",
      """
        model: {node: LoadModel, with: {path: $(model)}}
        d: {node: TextEncode, in: {clip: model.clip}, with: {text: x}}
        f: {node: Decode, in: {vae: model.vae, latent: d}}
      """, status: 2,
      """
      graph.yaml:6:50: error: 'latent' takes latent [n, c, h, w], but 'd' is conditioning [n, t, d]
        6 |   f: {node: Decode, in: {vae: model.vae, latent: d}}
          |                                                  ^

      """),
    Case(
      "two sinks on one path",
      """
        e: {node: EmptyLatent}
        s: {node: SaveTensor, in: {tensor: e}, with: {path: a.safetensors}}
        t: {node: SaveTensor, in: {tensor: e}, with: {path: ./a.safetensors}}
      """, status: 2,
      """
      graph.yaml:6:55: error: 's' and 't' write one file, 'a.safetensors'
        6 |   t: {node: SaveTensor, in: {tensor: e}, with: {path: ./a.safetensors}}
          |                                                       ^
          = the other one is at graph.yaml:5:55

      """),
    Case(
      "a path that leaves the working directory",
      """
        e: {node: EmptyLatent}
        s: {node: SaveTensor, in: {tensor: e}, with: {path: ../a.safetensors}}
      """, status: 2,
      """
      graph.yaml:5:55: error: '../a.safetensors' leaves the working directory
        5 |   s: {node: SaveTensor, in: {tensor: e}, with: {path: ../a.safetensors}}
          |                                                       ^
          = a file writes inside the working directory only; a path given with --set may lead anywhere

      """),
    Case(
      "settings", "  e: {node: EmptyLatent, with: {batch: $(n)}}", ["m=1", "n=10"], status: 2,
      """
      --set m=1: error: the workflow has no param 'm'
        = its params are model, n
      --set n=10: error: 'n' takes at most 9, not 10

      """),
    Case(
      "a width that the VAE cannot do",
      """
        model: {node: LoadModel, with: {path: $(model)}}
        e: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 61, height: 64}}
        s: {node: SaveTensor, in: {tensor: e}, with: {path: a.safetensors}}
      """, status: 1,
      """
      graph.yaml:5:62: error: node 'e' (EmptyLatent): width is 61, which is not a multiple of the VAE's factor 8
        5 |   e: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 61, height: 64}}
          |                                                              ^
          = the nearest sizes are 56 and 64

      """),
    Case(
      "a picture that is none",
      """
        p: {node: LoadImage, with: {path: graph.yaml}}
        s: {node: SavePNG, in: {image: p}, with: {path: a.png}}
      """, status: 1,
      """
      graph.yaml:4:37: error: node 'p' (LoadImage): 'graph.yaml': neither a PNG nor a JPEG file: it is text that begins with 'stepgraph: 1'
        4 |   p: {node: LoadImage, with: {path: graph.yaml}}
          |                                     ^

      """),
    Case(
      "a step beyond the schedule",
      """
        model: {node: LoadModel, with: {path: $(model)}}
        n: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 4}}
        e: {node: EmptyLatent}
        a: {node: AddNoise, in: {latent: e, schedule: n}, with: {step: 4}}
        s: {node: SaveTensor, in: {tensor: a}, with: {path: a.safetensors}}
      """, status: 2,
      """
      graph.yaml:7:66: error: node 'a' (AddNoise): step is 4, but 'n' has the steps 0 to 3
        7 |   a: {node: AddNoise, in: {latent: e, schedule: n}, with: {step: 4}}
          |                                                                  ^

      """),
    Case(
      "an end that a convention lacks",
      """
        model: {node: LoadModel, with: {path: $(model)}}
        n: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 4, convention: heun, end: sigma_min}}
        e: {node: EmptyLatent}
        a: {node: AddNoise, in: {latent: e, schedule: n}}
        s: {node: SaveTensor, in: {tensor: a}, with: {path: a.safetensors}}
      """, status: 2,
      """
      graph.yaml:5:92: error: node 'n' (NoiseSchedule): end sigma_min is not for the convention heun; it ends at zero always
        5 |   n: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 4, convention: heun, end: sigma_min}}
          |                                                                                            ^

      """),
    Case(
      "timesteps that do not fall",
      """
        model: {node: LoadModel, with: {path: $(model)}}
        n: {node: NoiseSchedule, in: {unet: model.unet}, with: {timesteps: [900, 500, 500]}}
        e: {node: EmptyLatent}
        a: {node: AddNoise, in: {latent: e, schedule: n}}
        s: {node: SaveTensor, in: {tensor: a}, with: {path: a.safetensors}}
      """, status: 2,
      """
      graph.yaml:5:70: error: node 'n' (NoiseSchedule): timesteps has 500 after 500; each must be less than the one before
        5 |   n: {node: NoiseSchedule, in: {unet: model.unet}, with: {timesteps: [900, 500, 500]}}
          |                                                                      ^

      """),
    Case(
      "more steps than a model was distilled with",
      """
        model: {node: LoadModel, with: {path: $(model)}}
        n: {node: NoiseSchedule, in: {unet: model.unet}, with: {convention: lcm, steps: 51}}
        e: {node: EmptyLatent}
        a: {node: AddNoise, in: {latent: e, schedule: n}}
        s: {node: SaveTensor, in: {tensor: a}, with: {path: a.safetensors}}
      """, status: 2,
      """
      graph.yaml:5:83: error: node 'n' (NoiseSchedule): 51 steps; 1 to 50 were expected, the original steps
        5 |   n: {node: NoiseSchedule, in: {unet: model.unet}, with: {convention: lcm, steps: 51}}
          |                                                                                   ^

      """),
    Case(
      "a latent at another level",
      """
        model: {node: LoadModel, with: {path: $(model)}}
        n: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 4}}
        c: {node: TextEncode, in: {clip: model.clip}, with: {text: x}}
        e: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 64, height: 64}}
        u: {node: UNetPredict, in: {unet: model.unet, latent: e, conditioning: c, schedule: n}, with: {step: 1}}
        s: {node: SaveTensor, in: {tensor: u}, with: {path: a.safetensors}}
      """, status: 2,
      """
      graph.yaml:8:57: error: node 'u' (UNetPredict): the latent is at level 1, clean, but step 1 of 'n' (ddim, 4 steps) starts at level 0.274999
        8 |   u: {node: UNetPredict, in: {unet: model.unet, latent: e, conditioning: c, schedule: n}, with: {step: 1}}
          |                                                         ^
          = levels go from 0, pure noise, to 1, clean
          = AddNoise, step 1, brings a clean latent to this level

      """),
    Case(
      "a conditioning that the model does not take",
      """
        model: {node: LoadModel, with: {path: $(model)}}
        n: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 4}}
        wide: {node: LoadTensor, with: {path: wide.safetensors}}
        e: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 64, height: 64, seed: 1}}
        u: {node: UNetPredict, in: {unet: model.unet, latent: e, conditioning: wide, schedule: n}, with: {step: 0}}
        s: {node: SaveTensor, in: {tensor: u}, with: {path: a.safetensors}}
      """, status: 1,
      """
      graph.yaml:8:74: error: node 'u' (UNetPredict): the conditioning is [1, 77, 40]; the UNet takes [1, t, 32]
        8 |   u: {node: UNetPredict, in: {unet: model.unet, latent: e, conditioning: wide, schedule: n}, with: {step: 0}}
          |                                                                          ^

      """),
  ]

  @Test(arguments: graphs)
  func graphsAreRefused(_ wrong: Case) throws {
    let stepgraph = try Stepgraph()
    try stepgraph.copyModel()
    var wide = SafetensorsWriter()
    wide.add("tensor", Tensor(repeating: 0.5, shape: [1, 77, 40]))
    try Data(wide.bytes()).write(to: stepgraph.folder.file("wide.safetensors"))
    try stepgraph.folder.write(wrong.graph + "\n", to: "graph.yaml")
    let arguments = ["run", "graph.yaml", "--quiet"] + wrong.settings.flatMap { ["--set", $0] }
    let result = try stepgraph.failure(arguments)
    #expect(result.errors == wrong.message)
    #expect(result.output == "")
    #expect(result.status == wrong.status)
  }

  @Test func filesThatAreNoWorkflow() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write("nodes: [\n", to: "broken.yaml")
    var result = try stepgraph.failure(["run", "nowhere.yaml"])
    #expect(result.errors == "error: cannot read 'nowhere.yaml': there is no such file\n")
    #expect(result.status == 2)
    result = try stepgraph.failure(["validate", "broken.yaml"])
    let notYAML = "broken.yaml:2:1: error: this is not valid YAML: did not find expected node content\n"
    #expect(result.errors.hasPrefix(notYAML))
    #expect(result.status == 2)
    result = try stepgraph.failure(["run"])
    #expect(result.errors.hasPrefix("Error: Missing expected argument '<graph>'"))
    #expect(result.status == 64)
    result = try stepgraph.failure(["extract", "broken.yaml", "-o", "again.yaml"])
    #expect(result.errors == "error: 'broken.yaml': not a PNG file: it is text that begins with 'nodes: ['\n")
    #expect(result.status == 1)
  }
}
