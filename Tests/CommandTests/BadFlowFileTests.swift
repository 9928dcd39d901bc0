import Foundation
import Safetensors
import Tensors
import TestSupport
import Testing

/// Files and folders of flow models that cannot be used: the whole message when a run is planned, exit code 2, and nothing left
/// behind.
struct BadFlowFileTests {
  private struct Tiny: Decodable { let tensors: [SeededTensor] }

  private let stepgraph: Stepgraph
  /// A tiny FLUX.1 in its authors' names.
  private let tensors: [SeededTensor]

  init() throws {
    stepgraph = try Stepgraph()
    let json = try Data(contentsOf: Repository.fixtures.appending(path: "transformers/flux.json"))
    tensors = try JSONDecoder().decode(Tiny.self, from: json).tensors
  }

  // MARK: - Asking

  /// The message about a file or folder that a node of this type is to load.
  private func problem(_ path: String, node: String = "LoadDenoiser", more: String = "") throws -> String {
    let rest =
      switch node {
      case "LoadDenoiser": "z: {node: EmptyLatent, in: {denoiser: a.denoiser}, with: {width: 64, height: 64, seed: 1}}"
      case "LoadVAE": "z: {node: EmptyLatent, in: {vae: a.vae}, with: {width: 64, height: 64, seed: 1}}"
      default: "z: {node: TextEncode, in: {clip: a.clip}, with: {text: a}}"
      }
    try stepgraph.folder.write(
      """
      stepgraph: 1
      nodes:
        a: {node: \(node), with: {path: \(path)\(more)}}
        \(rest)
        out: {node: SaveTensor, in: {tensor: z}, with: {path: out.safetensors}}
      """, to: "graph.yaml")
    let result = try stepgraph.failure(["run", "graph.yaml", "--quiet"])
    #expect(result.status == 2, "\(path): \(result.errors)")
    #expect(!stepgraph.folder.exists("out.safetensors"))
    let lines = result.errors.split(separator: "\n").map(String.init)
      .filter { !$0.hasPrefix("  ") || $0.contains(" =  ") }
    let message = lines.joined(separator: "\n")
    let start = "error: node 'a' (\(node)): "
    #expect(message.hasPrefix("graph.yaml:3:"), "\(result.errors)")
    guard let range = message.firstRange(of: start) else { return message }
    return String(message[range.upperBound...])
  }

  private func write(_ bytes: some Sequence<UInt8>, _ name: String) throws {
    let file = stepgraph.folder.file(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }

  private func gguf(architecture: String? = "flux", _ change: (inout GGUFWriter) -> Void = { _ in }) -> Data {
    var writer = GGUFWriter()
    if let architecture { writer.set("general.architecture", architecture) }
    for entry in tensors { writer.addF16(entry.name, entry.shape, entry.tensor.values) }
    change(&writer)
    return writer.bytes()
  }

  private static func other(_ architecture: String, _ names: [String]) -> Data {
    var writer = GGUFWriter()
    writer.set("general.architecture", architecture)
    for name in names { writer.addF16(name, [2, 2], [0, 0, 0, 0]) }
    return writer.bytes()
  }

  // MARK: - GGUF

  @Test func aGGUFFileCutAnywhere() throws {
    let whole = gguf()
    let header = try #require(whole.firstRange(of: Data("x_embedder".utf8))?.lowerBound ?? whole.indices.last)
    for count in [0, 3, 5, 9, 23, 40, 70, 200, 2000, min(header, whole.count / 2), whole.count - 65, whole.count - 33] {
      try write(whole.prefix(count), "cut.gguf")
      let message = try problem("cut.gguf")
      let expected =
        count < 4 ? "cut.gguf: no GGUF file: it " : "cut.gguf: truncated"
      #expect(message.hasPrefix(expected) && !message.contains("\n"), "\(count): \(message)")
    }
  }

  @Test(arguments: [
    (
      "llama", ["token_embd.weight", "blk.0.attn_q.weight"],
      """
      a.gguf: is no model of a known family, its architecture is 'llama'; its tensors are
          =   unknown: 2
          =     'blk.0.attn_q.weight' [2, 2]
          =     'token_embd.weight' [2, 2]
      """
    ),
    ("qwen_image", ["txt_norm.weight", "img_in.weight"], "a.gguf: seems to be Qwen-Image, which is not supported"),
    (
      "sd3", ["joint_blocks.0.x_block.attn.qkv.weight"],
      "a.gguf: seems to be Stable Diffusion 3, which is not supported"
    ),
  ]) func anotherArchitecture(_ architecture: String, _ names: [String], _ expected: String) throws {
    try write(Self.other(architecture, names), "a.gguf")
    for node in ["LoadDenoiser", "LoadTextEncoder", "LoadVAE"] {
      #expect(try problem("a.gguf", node: node) == expected, "\(node)")
    }
  }

  @Test func typesAndOrdersThatCannotBeRead() throws {
    let bytes = gguf()
    // Behind the name, how many dimensions there are and their sizes.
    let name = Data("double_blocks.0.img_attn.qkv.weight".utf8)
    let type = try #require(bytes.firstRange(of: name)).upperBound + 4 + 2 * 8
    let readable =
      "F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, BF16"
    for (number, called) in [(39, "39, MXFP4"), (34, "34, TQ1_0"), (99, "99")] {
      var changed = bytes
      changed[type] = UInt8(number)
      try write(changed, "a.gguf")
      #expect(
        try problem("a.gguf")
          == "a.gguf: tensor 'double_blocks.0.img_attn.qkv.weight': is of type \(called), which is not supported; "
          + "supported are \(readable)")
    }
    var big = bytes
    big.replaceSubrange(4..<8, with: [0, 0, 0, 3])
    try write(big, "a.gguf")
    #expect(
      try problem("a.gguf")
        == "a.gguf: is a GGUF file with the bytes of numbers in big-endian order; little-endian was expected")
    big.replaceSubrange(4..<8, with: [1, 0, 0, 0])
    try write(big, "a.gguf")
    #expect(try problem("a.gguf") == "a.gguf: is of version 1 of GGUF; 2 or 3 was expected")
  }

  @Test(arguments: ["a.gguf", "a.safetensors"]) func downloadsThatWentWrong(_ name: String) throws {
    let kind = name.hasSuffix("gguf") ? "GGUF" : "safetensors"
    for (text, nature) in [
      (
        "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 23802932552\n",
        "a Git LFS pointer to a file of 23802932552 bytes that was not fetched; 'git lfs pull' fetches it"
      ), ("<!DOCTYPE html><html></html>", "an HTML page, perhaps a server's error message"),
    ] {
      try write(text.utf8, name)
      for node in ["LoadDenoiser", "LoadTextEncoder", "LoadVAE"] {
        #expect(try problem(name, node: node) == "\(name): no \(kind) file: it is \(nature)")
      }
    }
  }

  @Test(arguments: ["ckpt", "pt", "pth", "bin"]) func pickledPartsAreNotOpened(_ ending: String) throws {
    try write([0x80, 2, 0x7D], "a.\(ending)")
    for node in ["LoadDenoiser", "LoadTextEncoder", "LoadVAE"] {
      #expect(
        try problem("a.\(ending)", node: node)
          == "a.\(ending): a .\(ending) file can run code when it is read, and is not opened; convert it to safetensors, or "
          + "download the model in that format")
    }
  }

  // MARK: - Weights

  @Test func joinedTensorsAreToldInTheirOwnShape() throws {
    var writer = SafetensorsWriter()
    for entry in tensors {
      let isQuery = entry.name == "double_blocks.0.img_attn.qkv.weight"
      writer.add(entry.name, isQuery ? .zeros([145, 48]) : entry.tensor, as: .f16)
    }
    try write(writer.bytes(), "a.safetensors")
    #expect(
      try problem("a.safetensors") == """
        a.safetensors: the weights do not fit the model's config
            =   misshapen: 1
            =     'double_blocks.0.img_attn.qkv.weight' is [145, 48], expected [144, 48]
        """)
  }

  @Test func partsThatAFileDoesNotHave() throws {
    try write(gguf(architecture: nil), "flux.gguf")
    let found = "it has a denoiser (FLUX.1 schnell)"
    #expect(try problem("flux.gguf", node: "LoadVAE") == "flux.gguf: the model has no 'vae'; \(found)")
    #expect(
      try problem("flux.gguf", node: "LoadTextEncoder") == "flux.gguf: the model has no 'text_encoder'; \(found)")
    try SeededTextEncoders("flux").file("text_encoder").write(to: stepgraph.folder.file("clip.safetensors"))
    #expect(
      try problem("clip.safetensors") == "clip.safetensors: the model has no 'unet'; it has a text encoder (CLIP)")
    try SeededTextEncoders("z-image").file("text_encoder").write(to: stepgraph.folder.file("qwen.safetensors"))
    #expect(
      try problem("clip.safetensors", node: "LoadTextEncoder", more: ", path_2: qwen.safetensors")
        == "clip.safetensors: the text encoders are CLIP and Qwen3; no family here has these together")
  }

  // MARK: - Shards

  /// A model's folder with its transformer in two shards, and the shards' names.
  private func shards(_ map: ([String], [String]) -> [String: String]) throws {
    try TinyPipeline("flux-schnell").writeParts(to: stepgraph.folder.file("model"))
    let whole = stepgraph.folder.file("model/transformer/diffusion_pytorch_model.safetensors")
    let file = try SafetensorsReader(path: whole.path)
    let (names, half) = (file.names, file.names.count / 2)
    for (place, part) in [names[..<half], names[half...]].enumerated() {
      var writer = SafetensorsWriter()
      for name in part { writer.add(name, try file.tensor(name), as: .f16) }
      try write(writer.bytes(), Self.shard(place))
    }
    try FileManager.default.removeItem(at: whole)
    let index = try JSONSerialization.data(
      withJSONObject: ["weight_map": map(Array(names[..<half]), Array(names[half...]))])
    try write(index, "model/transformer/diffusion_pytorch_model.safetensors.index.json")
  }

  private static func shard(_ place: Int) -> String {
    "model/transformer/diffusion_pytorch_model-0000\(place + 1)-of-00002.safetensors"
  }

  private static func homes(_ names: [String], _ place: Int) -> [(String, String)] {
    names.map { ($0, String(shard(place).split(separator: "/")[2])) }
  }

  @Test func shardsThatAreCutMissingOrLeftOut() throws {
    func all(_ first: [String], _ second: [String]) -> [String: String] {
      Dictionary(uniqueKeysWithValues: Self.homes(first, 0) + Self.homes(second, 1))
    }
    try shards(all)
    let second = try stepgraph.folder.contents(Self.shard(1))
    try write(second.prefix(second.count - 100), Self.shard(1))
    #expect(try problem("model").hasPrefix("\(Self.shard(1)): truncated: tensor '"))
    try write("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 9\n".utf8, Self.shard(1))
    #expect(try problem("model").hasPrefix("\(Self.shard(1)): no safetensors file: it is a Git LFS pointer"))
    try FileManager.default.removeItem(at: stepgraph.folder.file(Self.shard(1)))
    #expect(try problem("model") == "cannot read '\(Self.shard(1))': no such file or directory")

    try shards { first, _ in Dictionary(uniqueKeysWithValues: Self.homes(first, 0)) }
    #expect(
      try problem("model").hasPrefix("\(Self.shard(0)): the weights do not fit the model's config\n    =   missing: "))
    try shards { first, second in
      all(first, second).merging([first[0]: String(Self.shard(1).split(separator: "/")[2])]) { $1 }
    }
    let lost = try problem("model")
    #expect(
      lost.contains(
        "; the index puts it into \(Self.shard(1)), which has none of that name, though \(Self.shard(0)) has"),
      "\(lost)")
    let index = "model/transformer/diffusion_pytorch_model.safetensors.index.json"
    try write("<!DOCTYPE html><html></html>".utf8, index)
    #expect(try problem("model") == "\(index): malformed index: it is an HTML page, perhaps a server's error message")
    let config = "model/transformer/config.json"
    try write("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 9\n".utf8, config)
    #expect(
      try problem("model")
        == "\(config): is not valid JSON: it is a Git LFS pointer to a file of 9 bytes that was not fetched; 'git lfs pull' "
        + "fetches it")
  }
}
