import Foundation
import Safetensors
import Tensors
import TestSupport
import Testing

import DiffusionModels

/// FLUX.1's T5 in the files that people have: narrow numbers, a tokenizer of its own, changes in kohya's names.
@Suite final class T5FilesTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  private let family: SeededTextEncoders
  private let clip: String
  private static let prompt = "a photo of \u{FB01}sh, e\u{301}to <extra_id_0>"

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    family = try SeededTextEncoders("flux")
    clip = folder.appending(path: "clip_l.safetensors").path
    try family.file("text_encoder").write(to: URL(filePath: clip))
  }
  deinit { try? FileManager.default.removeItem(at: folder) }

  private func write(_ bytes: Data, _ name: String) throws -> String {
    let path = folder.appending(path: name)
    try bytes.write(to: path)
    return path.path
  }

  private func states(_ model: Model) throws -> Tensor {
    let encoders = try model.textEncoders()
    let prompt = try Prompt(Self.prompt, syntax: .plain)
    return try encoders.encode(encoders.tokens(of: [prompt, prompt], TokenizingOptions(length: 40)), clipSkip: 0).states
  }

  private func states(t5 path: String) throws -> Tensor { try states(Model(path: clip, secondPath: path)) }

  private var tensors: [(name: String, tensor: Tensor)] { family.tensors(of: "text_encoder_2") }

  private func vocabulary(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: "\(Fixture.folder)/fuzz/vocabulary/\(name)")))
  }

  /// With a scale for each matrix, as ComfyUI's files have it under either name, or with none, norms included.
  @Test(arguments: [nil, "scale_weight", "weight_scale"]) func eightBits(_ suffix: String?) throws {
    var (narrow, wide) = (SafetensorsWriter(), SafetensorsWriter())
    for (index, (name, tensor)) in tensors.enumerated() {
      guard suffix == nil || name.contains("Attention.") && !name.contains("bias") || name.contains("Dense") else {
        narrow.add(name, tensor, as: .f16)
        wide.add(name, tensor, as: .f16)
        continue
      }
      let scale = suffix == nil ? 1 : (tensor.values.map(abs).max() ?? 1) / 448 * Float(1 + index % 3)
      let (bytes, values) = NarrowNumbers.f8e4m3(tensor.values, scale: scale)
      narrow.add(name, .f8e4m3, shape: tensor.shape, bytes: bytes)
      wide.add(name, Tensor(shape: tensor.shape, values: values))
      guard let suffix else { continue }
      let layer = name.dropLast("weight".count)
      narrow.add("\(layer)\(suffix)", Tensor(shape: [1], values: [scale]))
      narrow.add("\(layer)\(suffix == "scale_weight" ? "scale_input" : "input_scale")", Tensor(shape: [1], values: [3]))
    }
    if suffix != nil { narrow.add("scaled_fp8", .f8e4m3, shape: [2], bytes: [0, 0]) }
    let expected = try states(t5: write(Data(wide.bytes()), "wide.safetensors"))
    #expect(try states(t5: write(Data(narrow.bytes()), "narrow.safetensors")) == expected)
    #expect(expected != (try states(t5: write(family.file("text_encoder_2"), "plain.safetensors"))))
    // A scale of no layer of the encoder.
    guard let suffix else { return }
    narrow.add("encoder.final_layer_norm.other.\(suffix)", Tensor(shape: [1], values: [2]))
    let path = try write(Data(narrow.bytes()), "stray.safetensors")
    #expect { try self.states(t5: path) } throws: { "\($0)".contains("encoder.final_layer_norm.other.\(suffix)") }
  }

  /// A SentencePiece model among the tensors, as ComfyUI saves it, is the tokenizer: as in a folder that has it.
  @Test func aTokenizerAmongTheTensors() throws {
    let piece = try vocabulary("mapped.model")
    var writer = SafetensorsWriter()
    for (name, tensor) in tensors { writer.add(name, tensor, as: .f16) }
    let plain = try states(t5: write(Data(writer.bytes()), "plain.safetensors"))
    writer.add("spiece_model", .u8, shape: [piece.count], bytes: piece)
    let own = try states(t5: write(Data(writer.bytes()), "own.safetensors"))
    #expect(own != plain)
    try family.writeFolder(to: folder.appending(path: "model"))
    let file = folder.appending(path: "model/tokenizer_2/spiece.model")
    try FileManager.default.removeItem(at: file)
    try Data(piece).write(to: file)
    #expect(try own == states(Model(path: folder.appending(path: "model").path)))

    var cut = SafetensorsWriter()
    for (name, tensor) in tensors { cut.add(name, tensor, as: .f16) }
    cut.add("spiece_model", .u8, shape: [40], bytes: Array(piece.prefix(40)))
    let path = try write(Data(cut.bytes()), "cut.safetensors")
    #expect(throws: ModelError("\(path): 'spiece_model': is no SentencePiece model, or a part of one")) {
      try self.states(t5: path)
    }
  }

  /// A GGUF file brings its own tokenizer, which is not the program's, and blocks of 8 bits.
  @Test func ggufWithItsTokenizer() throws {
    let names = [
      "SelfAttention.q": "attn_q", "SelfAttention.k": "attn_k", "SelfAttention.v": "attn_v",
      "SelfAttention.o": "attn_o",
      "0.layer_norm": "attn_norm", "1.layer_norm": "ffn_norm", "wi_0": "ffn_gate", "wi_1": "ffn_up", "wo": "ffn_down",
      "relative_attention_bias": "attn_rel_b",
    ]
    var (gguf, wide) = (GGUFWriter(), SafetensorsWriter())
    gguf.set("general.architecture", "t5encoder")
    let pieces = [
      "<pad>", "</s>", "<unk>", "▁", "a", "▁a", "ph", "o", "to", "<0x41>", "é", "日本", "<extra_id_0>",
    ]
    gguf.set("tokenizer.ggml.model", "t5")
    gguf.set("tokenizer.ggml.tokens", pieces)
    gguf.set("tokenizer.ggml.scores", [0, 0, 0, -2, -3.5, -4, -5, -5, -6, -9, -7, -8, 0] as [Float])
    gguf.set("tokenizer.ggml.token_type", [3, 3, 2, 1, 1, 1, 1, 1, 1, 6, 1, 1, 4] as [Int32])
    gguf.set("tokenizer.ggml.eos_token_id", 1)
    gguf.set("tokenizer.ggml.padding_token_id", 0)
    gguf.set("tokenizer.ggml.unknown_token_id", 2)
    for (name, tensor) in tensors {
      let ending = names.first { name.hasSuffix("\($0.key).weight") }?.value
      let ours =
        switch name {
        case "shared.weight": "token_embd.weight"
        case "encoder.final_layer_norm.weight": "enc.output_norm.weight"
        default: "enc.blk.\(name.split(separator: ".")[2]).\(ending ?? "").weight"
        }
      if tensor.shape.count == 2, tensor.shape[1].isMultiple(of: 32) {
        let (bytes, values) = NarrowNumbers.eightBitBlocks(tensor.values)
        gguf.add(ours, "Q8_0", tensor.shape, bytes)
        wide.add(name, Tensor(shape: tensor.shape, values: values))
      } else {
        gguf.addF32(ours, tensor.shape, tensor.values)
        wide.add(name, tensor)
      }
    }
    let path = try write(gguf.bytes(), "t5.gguf")
    let found = try states(t5: path)
    // The program's own vocabulary makes other tokens of the text; the file's, from a tokenizer.json, the same.
    let wideFile = try write(Data(wide.bytes()), "wide.safetensors")
    #expect(try found != states(t5: wideFile))
    let model = folder.appending(path: "model")
    try family.writeFolder(to: model)
    try FileManager.default.removeItem(at: model.appending(path: "tokenizer_2"))
    try FileManager.default.createDirectory(
      at: model.appending(path: "tokenizer_2"), withIntermediateDirectories: true)
    try Data(vocabulary("unigram.json")).write(to: model.appending(path: "tokenizer_2/tokenizer.json"))
    try Data(wide.bytes()).write(to: model.appending(path: "text_encoder_2/model.safetensors"))
    let text = try Prompt("a photo to é", syntax: .plain)
    let both = try [Model(path: clip, secondPath: path), Model(path: model.path)].map { model in
      let encoders = try model.textEncoders()
      return try encoders.encode(encoders.tokens(of: [text, text], TokenizingOptions(length: 20)), clipSkip: 0).states
    }
    #expect(both[0] == both[1])
  }

  /// T5's keys in kohya's files for FLUX.1, which diffusers drops, and in diffusers' own names.
  @Test func changesInKohyasAndDiffusersNames() throws {
    let layers = [
      "encoder.block.0.layer.0.SelfAttention.q", "encoder.block.1.layer.0.SelfAttention.o",
      "encoder.block.0.layer.1.DenseReluDense.wi_1", "encoder.block.1.layer.1.DenseReluDense.wo",
    ]
    var (kohya, diffusers, merged) = (SafetensorsWriter(), SafetensorsWriter(), SafetensorsWriter())
    for (name, tensor) in tensors {
      let layer = String(name.dropLast(".weight".count))
      guard let index = layers.firstIndex(of: layer) else {
        merged.add(name, tensor)
        continue
      }
      let (rank, alpha) = (2 + index, Float([1, 4, 3, 2][index]))
      let down = SeededTensor("\(name).down", [rank, tensor.shape[1]], scale: 0.5).tensor
      let up = SeededTensor("\(name).up", [tensor.shape[0], rank], scale: 0.5).tensor
      let underscored = "lora_te3_\(layer.replacing(".", with: "_"))"
      kohya.add("\(underscored).lora_down.weight", down)
      kohya.add("\(underscored).lora_up.weight", up)
      kohya.add("\(underscored).alpha", Tensor(shape: [1], values: [alpha]))
      diffusers.add("text_encoder_2.\(layer).lora_A.weight", down)
      diffusers.add("text_encoder_2.\(layer).lora_B.weight", (alpha / Float(rank)) * up)
      let sums = (0..<tensor.count).map { place -> Float in
        let (row, column) = place.quotientAndRemainder(dividingBy: tensor.shape[1])
        let change = (0..<rank).reduce(0.0) {
          $0 + Double(up.values[row * rank + $1]) * Double(down.values[$1 * tensor.shape[1] + column])
        }
        return Float(Double(tensor.values[place]) + 0.6 * Double(alpha) / Double(rank) * change)
      }
      merged.add(name, Tensor(shape: tensor.shape, values: sums))
    }
    let t5 = try write(family.file("text_encoder_2"), "t5.safetensors")
    let expected = try states(t5: write(Data(merged.bytes()), "merged.safetensors"))
    for (name, writer) in [("kohya", kohya), ("diffusers", diffusers)] {
      let file = try LoRAFile(path: write(Data(writer.bytes()), "\(name).safetensors"))
      #expect(file.changesText && !file.changesDenoiser)
      let model = try Model(path: clip, secondPath: t5).patched(with: LoRAPatch(file, strength: 0.6))
      try model.checkPatches(of: .clip)
      expectClose(try states(model), expected, within: 1e-6, name)
    }
  }
}
