import Foundation
import Safetensors
import StepgraphNodes
import TestSupport
import Testing

/// `run --preview`: pictures of what forms, with no part in the run.
struct PreviewTests {
  private static let graph = Repository.graphs.appending(path: "txt2img.yaml").path
  private static let settings = ["model=\(Repository.demoModel)", "steps=4", "width=32", "height=24"]

  private func decoded(
    _ stepgraph: Stepgraph, _ name: String
  ) throws -> (pixels: [UInt8], width: Int, height: Int) {
    try PNG.decode(Array(stepgraph.folder.contents(name)))
  }

  private func pixels(_ stepgraph: Stepgraph, _ name: String) throws -> [UInt8] { try decoded(stepgraph, name).pixels }

  /// A tiny TAESD of `Fixtures/vaes`, of 8 channels in place of 16, as the demo model's latents have.
  private func writeSmallAutoencoder(to file: URL) throws {
    struct Contents: Decodable { let tensors: [SeededTensor] }
    let data = try Data(contentsOf: Repository.fixtures.appending(path: "vaes/taef1.json"))
    var writer = SafetensorsWriter()
    for entry in try JSONDecoder().decode(Contents.self, from: data).tensors {
      let shape = entry.shape.map { $0 == 16 ? 8 : $0 }
      writer.add(entry.name, SeededTensor(entry.name, shape, scale: 0.3).tensor, as: .f16)
    }
    try Data(writer.bytes()).write(to: file)
  }

  @Test func aFileShowsTheLatestStep() throws {
    let stepgraph = try Stepgraph()
    let events = try stepgraph.run(Self.graph, Self.settings, "--preview", "now.png")
    let previews = events.filter { $0.event == "preview" }
    #expect(!previews.isEmpty && previews.count <= 4)
    #expect(previews.allSatisfy { $0.path == "now.png" && $0.type == "DDIMStep" })
    #expect(previews.last?.node == "sample[3]/next")
    #expect(events.last?.event == "done")
    // The last step's x_0 is nearly the picture: the schedule ends a little above no noise.
    let (shown, drawn) = (try pixels(stepgraph, "now.png"), try pixels(stepgraph, "out.png"))
    var difference = 0
    for (a, b) in zip(shown, drawn) { difference += abs(Int(a) - Int(b)) }
    #expect(shown.count == drawn.count && difference < 8 * shown.count)
    #expect(stepgraph.folder.names.filter { !$0.hasPrefix(".") } == ["now.png", "out.png"])
    // The run has the keys and the bits that it has without.
    let whole = try stepgraph.folder.contents("out.png")
    let again = try stepgraph.run(Self.graph, Self.settings)
    #expect(again.executed.isEmpty)
    let other = try Stepgraph()
    _ = try other.run(Self.graph, Self.settings)
    #expect(try other.folder.contents("out.png") == whole)
  }

  @Test(arguments: ["steps/", "steps"]) func aFolderShowsEveryStep(_ folder: String) throws {
    let stepgraph = try Stepgraph()
    let events = try stepgraph.run(Self.graph, Self.settings + ["batch=3"], "--preview", folder)
    let names = (0..<4).map { "steps/sample-\($0).next.png" }
    #expect(events.filter { $0.event == "preview" }.compactMap(\.path) == names)
    #expect(stepgraph.folder.names.filter { $0.hasPrefix("steps/") } == names)
    // Three pictures of 32x24, two beside each other.
    let size = try decoded(stepgraph, names[3])
    #expect(size.width == 64 && size.height == 48)
  }

  @Test func aSmallAutoencoderShowsLatents() throws {
    let stepgraph = try Stepgraph()
    try writeSmallAutoencoder(to: stepgraph.folder.file("small.safetensors"))
    // One step, whose x_0 is what the graph gives.
    let drawn =
      try String(contentsOfFile: Self.graph, encoding: .utf8)
      .replacing("yield: {latent: next.latent}", with: "yield: {latent: next.denoised}")
      + "  save: {node: SaveLatent, in: {latent: sample.latent}, with: {path: latent.safetensors}}\n"
    try stepgraph.folder.write(drawn, to: "drawn.yaml")
    let settings = ["model=\(Repository.demoModel)", "steps=1", "width=32", "height=24"]
    _ = try stepgraph.run("drawn.yaml", settings, "--preview", "own.png")
    _ = try stepgraph.run(
      "drawn.yaml", settings + ["seed=7"], "--preview", "now.png", "--preview-vae", "small.safetensors")
    // As a VAE of its own it decodes the same latent to the same picture.
    try stepgraph.folder.write(
      """
      stepgraph: 1
      nodes:
        vae: {node: LoadVAE, with: {path: small.safetensors}}
        latent: {node: LoadLatent, with: {path: latent.safetensors}}
        image: {node: Decode, in: {vae: vae, latent: latent}}
        png: {node: SavePNG, in: {image: image}, with: {path: small.png}}

      """, to: "small.yaml")
    _ = try stepgraph.run("small.yaml")
    #expect(try pixels(stepgraph, "now.png") == pixels(stepgraph, "small.png"))
    #expect(try pixels(stepgraph, "now.png") != pixels(stepgraph, "out.png"))
    _ = try stepgraph.run("drawn.yaml", settings)
    #expect(try pixels(stepgraph, "own.png") == pixels(stepgraph, "out.png"))
  }

  @Test func largePicturesAreShownInTheirColours() throws {
    let stepgraph = try Stepgraph()
    let events = try stepgraph.run(
      Self.graph, ["model=\(Repository.demoModel)", "steps=2", "width=264", "height=256"], "--preview", "now.png")
    #expect(events.contains { $0.event == "preview" })
    let size = try decoded(stepgraph, "now.png")
    #expect(size.width == 264 && size.height == 256)
  }

  @Test func whatCannotBeShownIsTold() throws {
    let stepgraph = try Stepgraph()
    func refusal(_ arguments: String...) throws -> CommandResult {
      try stepgraph.failure(
        ["run", Self.graph] + Self.settings.flatMap { ["--set", $0] } + arguments)
    }
    let ending = try refusal("--preview", "now.jpg")
    #expect(ending.status == 2 && ending.errors.hasPrefix("error: --preview: "), "\(ending.errors)")
    let missing = try refusal("--preview", "now.png", "--preview-vae", "nowhere")
    #expect(
      missing.status == 2 && missing.errors == "error: --preview-vae: nowhere: there is no such file or folder\n",
      "\(missing.errors)")
    let noVAE = try refusal("--preview", "now.png", "--preview-vae", "\(Repository.demoModel)/unet")
    #expect(noVAE.status == 2 && noVAE.errors.contains("the model has no 'vae'"), "\(noVAE.errors)")
    #expect(try refusal("--preview-vae", "nowhere").status == 64)
    // A run without a step, and a file that may not be replaced: the run ends well, with a word.
    try stepgraph.folder.write("notes", to: "notes.png")
    for (preview, graph, reason) in [
      (
        "now.png",
        "stepgraph: 1\nnodes:\n  e: {node: EmptyLatent}\n  s: {node: SaveLatent, in: {latent: e}, with: {path: e.safetensors}}\n",
        "no step ran"
      ),
      ("notes.png", nil, "'notes.png' exists and is no PNG file; it is left as it is"),
    ] as [(String, String?, String)] {
      if let graph { try stepgraph.folder.write(graph, to: "graph.yaml") }
      let settings = graph == nil ? Self.settings.flatMap { ["--set", $0] } : []
      let result = try stepgraph.call(
        ["run", graph == nil ? Self.graph : "graph.yaml", "--preview", preview] + settings)
      #expect(result.status == 0 && result.errors.contains("warning: --preview: \(reason)"), "\(result.errors)")
    }
    #expect(try String(decoding: stepgraph.folder.contents("notes.png"), as: UTF8.self) == "notes")
  }
}
