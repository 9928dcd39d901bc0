import Foundation
import StepgraphNodes
import Testing

/// `stepgraph import`: what it reads, where it writes, and how it ends.
struct ImportCommandTests {
  static let prompt = """
    {"1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
    "2": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
    "3": {"class_type": "VAEDecode", "inputs": {"samples": ["2", 0], "vae": ["1", 2]}},
    "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}}}
    """
  static let refused = """
    {"1": {"class_type": "LatentFlip", "inputs": {}, "_meta": {"title": "Mirror"}},
    "2": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
    "3": {"class_type": "VAEDecode", "inputs": {"samples": ["1", 0], "vae": ["2", 2]}},
    "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}}}
    """

  /// A PNG with texts as ComfyUI and A1111 write them.
  private func png(_ texts: [(String, String)]) throws -> Data {
    let plain = try PNG.encode(pixels: [1, 2, 3], width: 1, height: 1)
    var chunks: [UInt8] = []
    for (keyword, text) in texts {
      let data = Array("\(keyword)\0\(text)".utf8)
      let length = [24, 16, 8, 0].map { UInt8(data.count >> $0 & 0xFF) }
      // Its checksum is not looked at.
      chunks += length + Array("tEXt".utf8) + data + [0, 0, 0, 0]
    }
    return Data(plain[..<33] + chunks + plain[33...])
  }

  @Test func aWorkflowIsWrittenWhereItIsAskedFor() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(Self.prompt, to: "a.json")
    let printed = try stepgraph("import", "a.json")
    #expect(printed.status == 0 && printed.errors == "")
    #expect(printed.output.hasPrefix("stepgraph: 1\ndescription: \"Imported from a.json, a workflow of ComfyUI.\"\n"))
    let written = try stepgraph("import", "a.json", "-o", "graphs/a.yaml")
    #expect(written.status == 0 && written.errors == "graphs/a.yaml\n")
    #expect(String(decoding: try stepgraph.folder.contents("graphs/a.yaml"), as: UTF8.self) == printed.output)
    let refusal = try stepgraph.failure(["import", "a.json", "-o", "a.json"])
    #expect(refusal.status == 2)
    #expect(refusal.errors == "error: 'a.json' would hold a workflow, which is no .json; end the name in .yaml\n")
  }

  @Test func modelsAreFoundByComfyUIsRules() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(
      Self.prompt.replacing("a.safetensors", with: "sub\\\\a.safetensors"), to: "a.json")
    let other = stepgraph.folder.file("elsewhere/checks/sub")
    try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      at: stepgraph.folder.file("comfy/models"), withIntermediateDirectories: true)
    try Data([0]).write(to: other.appending(path: "a.safetensors"))
    try stepgraph.folder.write(
      "mine:\n  base_path: ../elsewhere\n  checkpoints: |\n    nothing\n    checks\n",
      to: "comfy/extra_model_paths.yaml")
    #expect(try stepgraph("import", "a.json").output.contains("default: checkpoints/sub/a.safetensors}"))
    for folder in ["comfy", "comfy/models"] {
      let result = try stepgraph("import", "a.json", "--models", folder, "-o", "graphs/a.yaml")
      #expect(result.status == 0, "\(result.errors)")
      let text = String(decoding: try stepgraph.folder.contents("graphs/a.yaml"), as: UTF8.self)
      #expect(text.contains("default: \"../elsewhere/checks/sub/a.safetensors\"}"), "\(text)")
    }
  }

  @Test func whatCannotBeSaidIsToldAndNothingIsWritten() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(Self.refused, to: "a.json")
    let result = try stepgraph.failure(["import", "a.json", "-o", "a.yaml"])
    #expect(result.status == 2)
    #expect(
      result.errors == """
        a.json:1:2: error: 'Mirror' (LatentFlip, node 1): latents are not turned here
          1 | {"1": {"class_type": "LatentFlip", "inputs": {}, "_meta": {"title": "Mirror"}},
            |  ^
        error: nothing was written, as this is not all of the workflow
          = --partial writes the rest

        """)
    let partial = try stepgraph("import", "a.json", "-o", "a.yaml", "--partial")
    #expect(partial.status == 0)
    #expect(partial.errors.hasPrefix("a.yaml\na.json:1:2: warning: 'Mirror' (LatentFlip, node 1)"))
    let text = String(decoding: try stepgraph.folder.contents("a.yaml"), as: UTF8.self)
    #expect(text.contains("# Left out: 'Mirror' (LatentFlip, node 1): latents are not turned here\n"))
    #expect(text.contains("{node: LoadModel") && !text.contains("Decode"))
    let json = try stepgraph("import", "a.json", "--json")
    #expect(json.status == 2)
    #expect(json.output.contains("\"title\" : \"Mirror\"") && !json.output.contains("\"workflow\""))
  }

  @Test func picturesCarryWorkflows() throws {
    let stepgraph = try Stepgraph()
    let page = #"{"nodes": [{"id": 1, "type": "Note", "widgets_values": ["Mind the gap"]}], "links": []}"#
    try png([("prompt", Self.prompt), ("workflow", page)]).write(to: stepgraph.folder.file("both.png"))
    let both = try stepgraph("import", "both.png")
    #expect(both.status == 0 && both.output.contains("# Mind the gap\n") && both.output.contains("node: SavePNG"))
    let settings = "a cat\nSteps: 3, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 64x64"
    try png([("parameters", settings)]).write(to: stepgraph.folder.file("settings.png"))
    let result = try stepgraph("import", "settings.png")
    #expect(result.status == 0 && result.output.contains("sampler: euler_ancestral"))
    try stepgraph.folder.write(settings, to: "settings.txt")
    #expect(
      try stepgraph("import", "settings.txt").output
        == result.output.replacing("settings.png", with: "settings.txt"))
  }

  @Test func otherFilesAreToldWhatTheyAre() throws {
    let stepgraph = try Stepgraph()
    try png([]).write(to: stepgraph.folder.file("plain.png"))
    try stepgraph.folder.write("stepgraph: 1\n", to: "ours.yaml")
    for (file, message) in [
      ("plain.png", "error: 'plain.png' holds no workflow of ComfyUI, and no settings of A1111\n"),
      (
        "ours.yaml",
        "error: 'ours.yaml' is no workflow of ComfyUI, and no settings of A1111: it is text that begins with 'stepgraph: 1'\n"
      ),
      ("none.json", "error: 'none.json' cannot be read: No such file or directory\n"),
    ] {
      let result = try stepgraph.failure(["import", file])
      #expect(result.status == 2)
      #expect(result.errors == message)
    }
  }

  @Test func runPointsToImport() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(Self.prompt, to: "a.json")
    let result = try stepgraph.failure(["run", "a.json"])
    #expect(result.errors.hasSuffix("= 'stepgraph import' makes a workflow of it that can be run\n"))
  }
}
