import Foundation
import StepgraphNodes
import Testing

/// LoRA files through the command: what runs after a change, and messages.
struct LoRACommandTests {
  private static let folder = Repository.fixtures.appending(path: "lora")
  private static let graph = Repository.graphs.appending(path: "lora.yaml").path

  private func settings(_ file: String = "kohya", model: String = "sd1-tiny") -> [String] {
    [
      "model=\(Repository.fixtures.appending(path: "\(model)/model").path)",
      "lora=\(Self.folder.appending(path: "\(file).safetensors").path)", "steps=2",
    ]
  }

  @Test func aStrengthRunsWhatDependsOnIt() throws {
    let stepgraph = try Stepgraph()
    let first = try stepgraph.run(Self.graph, settings())
    #expect(first.executed.isSuperset(of: ["positive", "negative", "start", "schedule", "image"]))
    #expect(try stepgraph.run(Self.graph, settings()).executed == [])

    let steps = Set((0..<2).flatMap { step in ["eps_n", "eps_p", "eps", "next"].map { "sample[\(step)]/\($0)" } })
    let stronger = try stepgraph.run(Self.graph, settings() + ["strength=0.6"])
    #expect(stronger.executed == steps.union(["image"]))
    #expect(Set(stronger.loaded) == ["unet", "vae"])

    // The first step's latent is the old one, and the negative prompt is another text.
    let text = try stepgraph.run(Self.graph, settings() + ["clip_strength=-0.5"])
    #expect(text.executed == steps.union(["positive", "negative", "image"]))
    #expect(Set(text.loaded) == ["clip", "unet", "vae"])

    #expect(try stepgraph.run(Self.graph, settings() + ["strength=0.6"]).executed == [])
  }

  @Test func anotherFileRunsWhatItChanges() throws {
    let stepgraph = try Stepgraph()
    _ = try stepgraph.run(Self.graph, settings("locon-tucker"))
    // Neither changes the text encoder.
    let other = try stepgraph.run(Self.graph, settings("loha-tucker"))
    #expect(!other.executed.contains("positive") && other.executed.contains("sample[0]/eps_p"))
  }

  @Test func strengthZeroIsTheModel() throws {
    let stepgraph = try Stepgraph()
    _ = try stepgraph.run(Self.graph, settings() + ["strength=0", "clip_strength=0", "out=changed.png"])
    let plain = Repository.graphs.appending(path: "txt2img-cfg.yaml").path
    _ = try stepgraph.run(plain, settings().filter { !$0.hasPrefix("lora") } + ["out=plain.png"])
    #expect(try Self.pixels(stepgraph, "changed.png") == Self.pixels(stepgraph, "plain.png"))
  }

  private static func pixels(_ stepgraph: Stepgraph, _ name: String) throws -> [UInt8] {
    try PNG.decode(Array(stepgraph.folder.contents(name))).pixels
  }

  // MARK: Bad files

  private func problem(_ settings: [String]) throws -> String {
    let stepgraph = try Stepgraph()
    let result = try stepgraph.failure(["run", Self.graph, "--quiet"] + settings.flatMap { ["--set", $0] })
    #expect(result.status == 2)
    return result.errors.replacing(Repository.root.path + "/", with: "")
  }

  @Test func aFileForAnotherFamily() throws {
    let message = try problem(settings("for-sdxl"))
    #expect(
      message.contains(
        "for-sdxl.safetensors: does not fit the model, Stable Diffusion 1.x; the file seems made for SDXL\n"))
    #expect(message.contains("modules without a layer: 1\n") && message.contains("modules of another size: 1\n"))
  }

  @Test func filesThatAreNone() throws {
    let stepgraph = try Stepgraph()
    let (cut, page) = (stepgraph.folder.file("cut.safetensors"), stepgraph.folder.file("page.safetensors"))
    let bytes = try Data(contentsOf: Self.folder.appending(path: "kohya.safetensors"))
    try bytes.prefix(bytes.count - 100).write(to: cut)
    try Data("<html>".utf8).write(to: page)
    let others = settings().filter { !$0.hasPrefix("lora") }
    #expect(try problem(others + ["lora=\(cut.path)"]).contains("truncated: tensor '"))
    #expect(try problem(others + ["lora=\(page.path)"]).contains("it is an HTML page"))
    let model = Repository.fixtures.appending(path: "sd1-tiny/model/vae/diffusion_pytorch_model.safetensors").path
    #expect(try problem(others + ["lora=\(model)"]).contains("is no LoRA but a model, or a part of one\n"))
  }
}
