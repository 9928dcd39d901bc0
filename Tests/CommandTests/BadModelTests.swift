import Foundation
import Safetensors
import Tensors
import Testing

/// Files of models that cannot be used: the whole message, exit code 2, and nothing left behind.
struct BadModelTests {
  private static let graph = """
    stepgraph: 1
    nodes:
      model: {node: LoadModel, with: {path: model.safetensors}}
      x: {node: TextEncode, in: {clip: model.clip}, with: {text: x}}
      z: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 64, height: 64, seed: 1}}
      s: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 2}}
      eps: {node: UNetPredict, in: {unet: model.unet, latent: z, conditioning: x, schedule: s}, with: {step: 0}}
      out: {node: SaveTensor, in: {tensor: eps}, with: {path: out.safetensors}}
    """

  private func message(_ bytes: Data, name: String = "model.safetensors") throws -> String {
    let stepgraph = try Stepgraph()
    try bytes.write(to: stepgraph.folder.file(name))
    try stepgraph.folder.write(Self.graph.replacing("model.safetensors", with: name), to: "graph.yaml")
    let result = try stepgraph.failure(["run", "graph.yaml", "--quiet"])
    #expect(result.status == 2)
    let model = try stepgraph("model", name)
    #expect(model.status == 2)
    let lines = result.errors.split(separator: "\n").map(String.init)
      .filter { !$0.hasPrefix("  ") || $0.contains(" =  ") }
    let start = "graph.yaml:3:41: error: node 'model' (LoadModel): \(name): "
    #expect(lines[0].hasPrefix(start), "\(result.errors)")
    return ([String(lines[0].dropFirst(start.count))] + lines.dropFirst()).joined(separator: "\n")
  }

  @Test(arguments: [
    (
      "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n",
      "no safetensors file: it is a Git LFS pointer to a file of 3 bytes that was not fetched; 'git lfs pull' fetches it"
    ),
    (
      "\n<!DOCTYPE html><html></html>",
      "no safetensors file: it is an HTML page, perhaps a server's error message"
    ),
    ("GGUF\u{3}", "truncated: the file ends at byte 5, within the version"),
    ("Entry not found", "no safetensors file: it is text that begins with 'Entry not found'"),
    (
      "PK\u{3}\u{4}....",
      "no safetensors file: it is a zip archive"
    ),
    ("", "no safetensors file: it is empty"),
  ])
  func whatIsNoSafetensorsFile(_ contents: String, _ expected: String) throws {
    #expect(try message(Data(contents.utf8)) == expected)
  }

  @Test(arguments: [".ckpt", ".pt", ".bin"])
  func pickledFilesAreNotOpened(_ ending: String) throws {
    #expect(
      try message(Data([0x80, 2]), name: "model\(ending)")
        == "a \(ending) file can run code when it is read, and is not opened; convert it to safetensors, or "
        + "download the model in that format")
  }

  @Test func aCutDownload() throws {
    let bytes = try SeededModel.named("sd1").file()
    #expect(try message(bytes.prefix(bytes.count / 2)).hasPrefix("truncated: tensor '"))
  }

  @Test func tensorsOfAWrongShapeMissingAndUnknown() throws {
    let model = try SeededModel.named("sd1")
    let bytes = model.file { tensors in
      for index in tensors.indices {
        switch tensors[index].name {
        case "model.diffusion_model.out.2.bias": tensors[index].tensor = .zeros([7])
        case "model.diffusion_model.time_embed.2.bias": tensors[index].name = "model_ema.decay"
        default: break
        }
      }
    }
    #expect(
      try message(bytes) == """
        the weights do not fit the model's config
            =   missing: 1
            =     'model.diffusion_model.time_embed.2.bias' [128]
            =   misshapen: 1
            =     'model.diffusion_model.out.2.bias' is [7], expected [4]
        """)
    let unknown = model.file { $0.append(("model.diffusion_model.extra.weight", .zeros([2, 3]))) }
    #expect(
      try message(unknown) == """
        has tensors that belong to no part of the model
            =   unknown: 1
            =     'model.diffusion_model.extra.weight' [2, 3]
        """)
  }

  @Test func aScaleThatNothingUses() throws {
    let bytes = try SeededModel.named("sd1").file {
      $0.append(("model.diffusion_model.out.0.scale_weight", .zeros([1])))
      $0.append(("model.diffusion_model.scaled_fp8", .zeros([2])))
    }
    // A norm's weight may be scaled too; this one is.
    let stepgraph = try Stepgraph()
    try bytes.write(to: stepgraph.folder.file("model.safetensors"))
    #expect(try stepgraph("model", "model.safetensors").status == 0)
    let stray = try SeededModel.named("sd1").file {
      $0.append(("model.diffusion_model.out.1.scale_weight", .zeros([1])))
    }
    #expect(try message(stray).contains("'model.diffusion_model.out.1.scale_weight' [1]"))
  }

  @Test(arguments: [
    ("double_blocks.0.img_attn.qkv.weight", "seems to be a relative of FLUX, which is not supported"),
    ("lora_unet_mid_block_attentions_0.lora_up.weight", "seems to be a LoRA, which is not supported"),
    ("shared.weight", "seems to be a T5 text encoder of another version, which is not supported"),
    ("nothing", "is no model of a known family; its tensors are\n    =   unknown: 1\n    =     'nothing' [1]"),
  ])
  func otherFamilies(_ tensor: String, _ expected: String) throws {
    var writer = SafetensorsWriter()
    writer.add(tensor, .zeros([1]))
    #expect(try message(Data(writer.bytes())) == expected)
  }

  /// A text encoder of SDXL cannot serve a UNet of Stable Diffusion 1.
  @Test func aPartOfAnotherFamily() throws {
    let stepgraph = try Stepgraph()
    try SeededModel.named("sd1").file().write(to: stepgraph.folder.file("model.safetensors"))
    try SeededModel.named("sdxl").file().write(to: stepgraph.folder.file("sdxl.safetensors"))
    try stepgraph.folder.write(
      Self.graph.replacing("nodes:", with: "nodes:\n  other: {node: LoadTextEncoder, with: {path: sdxl.safetensors}}")
        .replacing("clip: model.clip", with: "clip: other.clip"), to: "graph.yaml")
    let result = try stepgraph.failure(["run", "graph.yaml", "--quiet"])
    #expect(result.status == 2)
    #expect(
      result.errors.hasPrefix(
        "graph.yaml:8:76: error: node 'eps' (UNetPredict): the text's states are 192 wide; Stable Diffusion 1.x takes "
          + "them 64 wide\n"), "\(result.errors)")
    // A file without the part that is asked for.
    try stepgraph.folder.write(
      """
      stepgraph: 1
      nodes:
        v: {node: LoadVAE, with: {path: t.safetensors}}
        z: {node: EmptyLatent, in: {vae: v}}
        save: {node: SaveTensor, in: {tensor: z}, with: {path: z.safetensors}}
      """, to: "v.yaml")
    var writer = SafetensorsWriter()
    for entry in try SeededModel.named("sd1").tensors where entry.name.hasPrefix("cond_stage_model.transformer.") {
      writer.add(String(entry.name.dropFirst("cond_stage_model.transformer.".count)), entry.tensor, as: .f16)
    }
    try Data(writer.bytes()).write(to: stepgraph.folder.file("t.safetensors"))
    let absent = try stepgraph.failure(["plan", "v.yaml"])
    #expect(absent.status == 2)
    #expect(absent.errors.contains("t.safetensors: the model has no 'vae'"), "\(absent.errors)")
  }
}
