import Foundation
import Safetensors
import Tensors
import TestSupport

import DiffusionModels

/// A transformer of `Tests/Fixtures/transformers`: its config, its weights made anew from their names, and what diffusers
/// computed with them.
struct TinyTransformer: Decodable {
  struct Case: Decodable {
    let time: Double
    let guidance: Double?
    let references: Int
  }

  private struct Part: Decodable {
    let name: String
    let rows: Int

    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      name = try list.decode(String.self)
      rows = try list.decode(Int.self)
    }
  }

  let config: [String: JSONValue]
  let cases: [Case]
  /// In the authors' layout.
  let tensors: [SeededTensor]
  /// The tensors of diffusers' layout that each of the authors' joins.
  private let layout: [String: [Part]]

  /// `folder` is `transformers`, or `vaes` with autoencoders likewise.
  static func named(_ name: String, in folder: String = "transformers") throws -> TinyTransformer {
    let file = URL(fileURLWithPath: "\(Fixture.folder)/\(folder)/\(name).json")
    return try JSONDecoder().decode(TinyTransformer.self, from: Data(contentsOf: file))
  }

  static func reference(_ name: String, in folder: String = "transformers") throws -> Fixture {
    try Fixture(referencePath: "\(Fixture.folder)/\(folder)/\(name).safetensors")
  }

  /// The tensors as diffusers saves them.
  var diffusersTensors: [(name: String, tensor: Tensor)] {
    let isZImage = config["_class_name"] == .string("ZImageTransformer2DModel")
    return tensors.flatMap { entry in
      var tensor = entry.tensor
      if !isZImage, entry.name.contains("adaLN") {
        // The authors have shift and scale in the other order.
        let half = tensor.shape[0] / 2
        tensor = Tensor(concatenating: [tensor.samples(half..<2 * half), tensor.samples(0..<half)])
      }
      var first = 0
      return (layout[entry.name] ?? []).map { part in
        defer { first += part.rows }
        return (part.name, tensor.samples(first..<first + part.rows))
      }
    }
  }

  /// A file of tensors.
  static func file(_ tensors: [(name: String, tensor: Tensor)], as type: DType = .f16) -> [UInt8] {
    var writer = SafetensorsWriter()
    for (name, tensor) in tensors { writer.add(name, tensor, as: type) }
    return writer.bytes()
  }

  /// A config file.
  static func json(_ config: [String: JSONValue]) -> [UInt8] {
    func text(_ value: JSONValue) -> String {
      switch value {
      case .array(let values): "[" + values.map(text).joined(separator: ", ") + "]"
      default: "\(value)"
      }
    }
    return Array(("{" + config.map { "\"\($0)\": \(text($1))" }.joined(separator: ", ") + "}").utf8)
  }

  func denoiser(precision: Precision = .f32) throws -> any Denoiser {
    let bytes = Self.file(diffusersTensors)
    let file = ConfigFile(path: "config.json", values: config)
    return try bytes.withUnsafeBytes { bytes in
      let store = try WeightStore(SafetensorsReader(borrowing: bytes, source: "tiny")) { [WeightPlace($0)] }
      switch config["_class_name"] {
      case .string("FluxTransformer2DModel"):
        let config = try FluxConfig(file)
        return try store.load(precision: precision) { try FluxTransformer2DModel($0, config) }
      case .string("Flux2Transformer2DModel"):
        let config = try Flux2Config(file)
        return try store.load(precision: precision) { try Flux2Transformer2DModel($0, config) }
      default:
        let config = try ZImageConfig(file)
        return try store.load(precision: precision) { try ZImageTransformer2DModel($0, config) }
      }
    }
  }
}
