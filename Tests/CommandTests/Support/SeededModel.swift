import Foundation
import Safetensors
import Tensors
import TestSupport
import Testing

/// A tiny model of `Tests/Fixtures/families`, made anew from its names: as a single file in the original layout, and as the
/// folder that diffusers would save of it.
struct SeededModel: Decodable {
  struct Run: Decodable {
    let name: String
    let steps: Int
    let cfg: Double
    let seed: UInt64
    let width: Int
    let height: Int
    /// Left out of SDXL's runs without a negative prompt.
    let negative: String?
    let sizes: [String: Int]?
    let changeAt: Int?

    enum CodingKeys: String, CodingKey {
      case name, steps, cfg, seed, width, height, negative, sizes
      case changeAt = "change_at"
    }
  }

  /// A tensor of the folder, and the tensor of the single file that it is or is a part of.
  private struct FolderEntry: Decodable {
    let part: String
    let name: String
    let place: Int
    let view: String

    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      part = try list.decode(String.self)
      name = try list.decode(String.self)
      place = try list.decode(Int.self)
      view = try list.decode(String.self)
    }

    func view(of tensor: Tensor) -> Tensor {
      switch view {
      case "matrix": return tensor.reshaped(Array(tensor.shape.prefix(2)))
      case "transposed":
        let (rows, columns) = (tensor.shape[0], tensor.shape[1])
        let values = tensor.values
        return Tensor(
          shape: [columns, rows], values: (0..<columns * rows).map { values[$0 % rows * columns + $0 / rows] })
      case "whole": return tensor
      default:
        let (part, count) = (Int(view.suffix(1)) ?? 0, tensor.shape[0] / 3)
        return tensor.samples(part * count..<(part + 1) * count)
      }
    }
  }

  let tensors: [SeededTensor]
  private let folder: [FolderEntry]
  private let configs: [String: JSONText]
  let prompt: String
  let negative: String
  let runs: [Run]

  /// JSON that is written as it was read, but for spaces.
  private struct JSONText: Decodable {
    let value: Any

    init(from decoder: any Decoder) throws {
      if let object = try? decoder.container(keyedBy: Key.self) {
        value = try Dictionary(
          uniqueKeysWithValues: object.allKeys.map { ($0.stringValue, try object.decode(Self.self, forKey: $0).value) })
        return
      }
      if var list = try? decoder.unkeyedContainer() {
        var values: [Any] = []
        while !list.isAtEnd { values.append(try list.decode(Self.self).value) }
        value = values
        return
      }
      let single = try decoder.singleValueContainer()
      if single.decodeNil() {
        value = NSNull()
      } else if let flag = try? single.decode(Bool.self) {
        value = flag
      } else if let number = try? single.decode(Int.self) {
        value = number
      } else if let number = try? single.decode(Double.self) {
        value = number
      } else {
        value = try single.decode(String.self)
      }
    }

    private struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init?(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }
  }

  static func named(_ name: String) throws -> SeededModel {
    let file = Repository.fixtures.appending(path: "families/\(name).json")
    return try JSONDecoder().decode(SeededModel.self, from: Data(contentsOf: file))
  }

  static func reference(_ name: String) throws -> SafetensorsReader {
    try SafetensorsReader(path: Repository.fixtures.appending(path: "families/\(name).safetensors").path)
  }

  /// The bytes of the single file.
  func file(
    as type: DType = .f16, metadata: [String: String] = [:],
    changing: (inout [(name: String, tensor: Tensor)]) -> Void = { _ in }
  ) -> Data {
    var all = tensors.map { (name: $0.name, tensor: $0.tensor) }
    changing(&all)
    var writer = SafetensorsWriter(metadata: metadata)
    for (name, tensor) in all { writer.add(name, tensor, as: type) }
    return Data(writer.bytes())
  }

  /// Writes the folder, with CLIP's own tokenizers.
  func writeFolder(to path: URL) throws {
    let files = FileManager.default
    var writers: [String: SafetensorsWriter] = [:]
    for entry in folder {
      writers[entry.part, default: SafetensorsWriter()].add(
        entry.name, entry.view(of: tensors[entry.place].tensor), as: .f16)
    }
    for (name, config) in configs {
      let file = path.appending(path: name)
      try files.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try JSONSerialization.data(withJSONObject: config.value).write(to: file)
    }
    for (part, writer) in writers {
      let isText = part.hasPrefix("text")
      let stem = isText ? "model" : "diffusion_pytorch_model"
      try Data(writer.bytes()).write(to: path.appending(path: "\(part)/\(stem).safetensors"))
      guard isText else { continue }
      let tokenizer = path.appending(path: part.replacing("text_encoder", with: "tokenizer"))
      try files.copyItem(at: Repository.fixtures.appending(path: "tokenizer/clip"), to: tokenizer)
      let config = configs["\(part)/config.json"]?.value as? [String: Any]
      guard config?["hidden_act"] as? String == "gelu" else { continue }
      // OpenCLIP's text is padded with token 0.
      let tokens = tokenizer.appending(path: "tokenizer_config.json")
      let text = try String(contentsOf: tokens, encoding: .utf8)
      try text.replacing("\"pad_token\": \"<|endoftext|>\"", with: "\"pad_token\": \"!\"")
        .write(to: tokens, atomically: false, encoding: .utf8)
    }
  }
}
