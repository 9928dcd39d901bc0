import Foundation
import LanguageServer
import Testing

struct CompletionTests {
  /// A workflow with a line of nodes, and where the cursor is: `|>`.
  private func complete(
    _ nodes: String, client: Client? = nil, uri: String = "file:///nowhere/g.yaml"
  ) throws -> [JSONValue] {
    let client = try client ?? Client()
    let text = """
      stepgraph: 1
      params:
        steps: {type: int, default: 4}
        prompt: {type: string, default: x}
        file: {type: path, default: m}
      nodes:
        model: {node: LoadModel, with: {path: $(file)}}
        text: {node: TextEncode, in: {clip: model.clip}, with: {text: $(prompt)}}
        schedule: {node: NoiseSchedule, in: {unet: model.unet}}
        start: {node: EmptyLatent, in: {vae: model.vae}}
      \(nodes)
        last: {node: SaveLatent, in: {latent: start}, with: {path: a.safetensors}}

      """
    let place = client.openAtCursor(uri, text)
    return try client.request("textDocument/completion", place)["items"]?.items ?? []
  }

  private func labels(_ items: [JSONValue]) -> [String] {
    items.sorted { ($0["sortText"]?.string ?? "") < ($1["sortText"]?.string ?? "") }
      .compactMap { $0["label"]?.string }
  }

  @Test func nodeTypesComeWithWhatTheyNeed() throws {
    let items = try complete("  image: {node: De|>}")
    let decode = try #require(items.first { $0["label"]?.string == "Decode" })
    #expect(decode["textEdit"]?["newText"]?.string == "Decode, in: {vae: $1, latent: $2}")
    #expect(decode["documentation"]?["value"]?.string?.isEmpty == false)
    #expect(decode["textEdit"]?["range"]?["start"]?["character"]?.int == 16)
    // In a block each on a line of its own, and alone where the rest is there.
    let block = try complete("  image:\n    node: De|>")
    let inBlock = try #require(block.first { $0["label"]?.string == "Decode" })
    #expect(inBlock["textEdit"]?["newText"]?.string == "Decode\nin: {vae: $1, latent: $2}")
    let full = try complete("  image: {node: De|>, in: {latent: start}}")
    #expect(full.first { $0["label"]?.string == "Decode" }?["textEdit"]?["newText"]?.string == "Decode")
    let plain = try complete("  image: {node: De|>}", client: Client(snippets: false))
    #expect(plain.first { $0["label"]?.string == "Decode" }?["textEdit"]?["newText"]?.string == "Decode")
  }

  @Test func portsAndParametersThatAreFree() throws {
    #expect(try labels(complete("  image: {node: Decode, in: {vae: model.vae, |>}}")) == ["latent"])
    #expect(try labels(complete("  image: {node: Decode, in: {|>}}")).prefix(2) == ["vae", "latent"])
    let parameters = try labels(complete("  e: {node: EmptyLatent, with: {width: 8, |>he: 3}}"))
    #expect(parameters.contains("height") && parameters.contains("seed") && !parameters.contains("width"))
    let block = try labels(complete("  image:\n    node: Decode\n    in:\n      vae: model.vae\n      |>"))
    #expect(block == ["latent"])
  }

  @Test func theFirstWordOfABlock() throws {
    #expect(try labels(complete("  image:\n    node: Decode\n    in:\n      |>")).prefix(2) == ["vae", "latent"])
    let width = try complete("  e:\n    node: EmptyLatent\n    with:\n      wi|>")
    #expect(width.map { $0["textEdit"]?["newText"]?.string } == ["width: $1"])
    #expect(try labels(complete("  e:\n    no|>")) == ["node"])
  }

  @Test func afterADollar() throws {
    let names = try complete("  e: {node: EmptyLatent, with: {width: $|>}}")
    #expect(names.first { $0["label"]?.string == "(steps)" }?["textEdit"]?["newText"]?.string == "(steps)")
  }

  @Test func wiresByType() throws {
    #expect(try labels(complete("  image: {node: Decode, in: {latent: |>}}")) == ["start"])
    #expect(try labels(complete("  image: {node: Decode, in: {vae: mod|>")).contains("model.vae"))
    let vae = try labels(complete("  image: {node: Decode, in: {vae: |>"))
    #expect(vae.contains("model.vae") && !vae.contains("start") && !vae.contains("model.clip"))
    let loop = """
        sample:
          loop: {times: $(steps), index: i}
          carry: {latent: start}
          nodes:
            eps: {node: UNetPredict, in: {unet: model.unet, latent: |>, conditioning: text, schedule: schedule}}
            next: {node: DDIMStep, in: {latent: carry.latent, noise: eps, schedule: schedule}, with: {step: $(i)}}
          yield: {latent: next.latent}
      """
    let carried = try labels(complete(loop))
    #expect(carried.first == "carry.latent")
    #expect(carried.contains("start") && carried.contains("next.latent") && !carried.contains("text"))
    #expect(!carried.contains("sample.latent") && !carried.contains("eps"))
  }

  @Test func valuesNamesAndOptions() throws {
    let names = try labels(complete("  e: {node: EmptyLatent, with: {width: $(|>}}"))
    #expect(names.contains("steps") && names.contains("floor"))
    let open = try complete("  e: {node: EmptyLatent, with: {width: $(st|>)}}")
    #expect(open.first { $0["label"]?.string == "steps" }?["textEdit"]?["newText"]?.string == "steps")
    let values = try labels(complete("  e: {node: EmptyLatent, with: {width: |>}}"))
    #expect(values.contains("$(steps)") && !values.contains("$(file)"))
    let conventions = try labels(complete("  n: {node: NoiseSchedule, in: {unet: model.unet}, with: {convention: |>}}"))
    #expect(conventions.contains("heun") && conventions.contains("lcm"))
    #expect(try labels(complete("  e: {node: EmptyLatent, cache: |>}")) == ["disk", "memory", "none"])
    #expect(
      try labels(complete("  e: {node: EmptyLatent, |>}")) == ["if", "in", "with", "else", "cache", "description"])
    #expect(try labels(complete("  e: {|>}")) == ["node", "loop", "graph", "description"])
    let loop = "  s:\n    loop: {times: 3, |>}\n    nodes:\n      a: {node: EmptyLatent}"
    #expect(try labels(complete(loop)) == ["from", "to", "index"])
  }

  @Test func filesAndGraphs() throws {
    let folder = try Folder()
    try folder.write("stepgraph: 1\n", to: "parts/one.yaml")
    try folder.write("x", to: "weights.safetensors")
    let uri = folder.uri("g.yaml")
    let graphs = try labels(complete("  s: {graph: |>}", uri: uri))
    #expect(graphs.contains("parts/") && graphs.contains("<samplers/euler.yaml>"))
    #expect(!graphs.contains("weights.safetensors"))
    #expect(try labels(complete("  s: {graph: parts/|>}", uri: uri)).contains("parts/one.yaml"))
    let models = try labels(complete("  m: {node: LoadVAE, with: {path: |>}}", uri: uri))
    #expect(models.contains("weights.safetensors"))
    // Subgraphs are asked for what they take.
    try folder.write(
      "stepgraph: 1\ninputs: {x: {type: latent}, y: {type: image, optional: true}}\nparams: {n: {type: int}}\nnodes: {}\n",
      to: "parts/one.yaml")
    #expect(try labels(complete("  s: {graph: parts/one.yaml, in: {|>}}", uri: uri)) == ["x", "y"])
    #expect(try labels(complete("  s: {graph: parts/one.yaml, with: {|>}}", uri: uri)) == ["n"])
    #expect(try labels(complete("  s: {graph: parts/one.yaml, in: {x: |>}}", uri: uri)).contains("start"))
  }

  @Test func nothingInComments() throws {
    #expect(try complete("  e: {node: EmptyLatent}  # see |>").isEmpty)
  }
}
