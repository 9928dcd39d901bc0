import DiffusionModels
import Foundation
import GraphEngine
import Safetensors
import Tensors

/// What a denoiser is told of the picture: the text encoders' hidden states [n, t, d] and, of families that have them, a
/// vector for the whole text and sizes.
///
/// Several can be one: then the predictions for all of its `parts` are averaged. In the cache it is one safetensors file:
/// `tensor` with the states, `pooled`, and the sizes as JSON in the metadata; those of further parts end in `.1` and so on.
package struct Conditioning: TensorValue {
  package static let wireType = WireType("conditioning", shape: ["n", "t", "d"])
  package typealias Forecast = ConditioningForecast

  package var tensor: Tensor
  /// [n, p], of SDXL.
  package var pooled: Tensor?
  package var sizes: PictureSizes
  /// The parts after the first, each of one part.
  private var others: [Conditioning] = []

  package init(_ tensor: Tensor, pooled: Tensor? = nil, sizes: PictureSizes = PictureSizes()) {
    (self.tensor, self.pooled, self.sizes) = (tensor, pooled, sizes)
  }

  /// One whose predictions are the means of those of `parts`, one or more.
  package init(averaging parts: [Conditioning]) {
    self = parts[0].first
    others = parts.enumerated().flatMap { index, part in index == 0 ? part.others : part.parts }
  }

  /// What is predicted with, each of one part.
  package var parts: [Conditioning] { [first] + others }

  private var first: Conditioning { Conditioning(tensor, pooled: pooled, sizes: sizes) }

  init(tensor: Tensor, metadata: [String: String]) { self.init(tensor, sizes: Self.sizes(metadata["sizes"])) }

  /// States that were computed with keep the vector that was computed with them.
  package static func converting(_ other: any WireValue) throws -> Conditioning {
    var conditioning = try converted(other)
    if let plain = other as? PlainTensor { conditioning.pooled = plain.pooled }
    return conditioning
  }

  /// Nothing where no size is told.
  var metadata: [String: String] { Self.json(sizes).map { ["sizes": $0] } ?? [:] }
  var isOneTensor: Bool { others.isEmpty }

  package var byteCount: Int {
    parts.reduce(0) { $0 + ($1.tensor.count + ($1.pooled?.count ?? 0)) * MemoryLayout<Float>.size }
  }
  package var isFinite: Bool { parts.allSatisfy { $0.tensor.isFinite && $0.pooled?.isFinite ?? true } }

  package func encoded() throws -> [UInt8] {
    var metadata: [String: String] = [:]
    for (index, part) in parts.enumerated() { metadata[Self.name("sizes", index)] = Self.json(part.sizes) }
    var file = SafetensorsWriter(metadata: metadata)
    for (index, part) in parts.enumerated() {
      file.add(Self.name("tensor", index), part.tensor)
      if let pooled = part.pooled { file.add(Self.name("pooled", index), pooled) }
    }
    return file.bytes()
  }

  package init(decoding bytes: UnsafeRawBufferPointer) throws {
    try self.init(reading: SafetensorsReader(borrowing: bytes, source: "a cached conditioning"))
  }

  /// What `encoded` wrote; throws `WeightFileError` for a file that lacks the states.
  init(reading file: SafetensorsReader) throws {
    func part(_ index: Int) throws -> Conditioning {
      let pooled = Self.name("pooled", index)
      return Conditioning(
        try file.tensor(Self.name("tensor", index)), pooled: file.info(pooled) == nil ? nil : try file.tensor(pooled),
        sizes: Self.sizes(file.metadata[Self.name("sizes", index)]))
    }
    var parts = [try part(0)]
    while file.info(Self.name("tensor", parts.count)) != nil { parts.append(try part(parts.count)) }
    self.init(averaging: parts)
  }

  /// What a part has is called in a file.
  private static func name(_ name: String, _ part: Int) -> String { part == 0 ? name : "\(name).\(part)" }

  private static func json(_ sizes: PictureSizes) -> String? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard sizes != PictureSizes(), let json = try? encoder.encode(sizes) else { return nil }
    return String(decoding: json, as: UTF8.self)
  }

  private static func sizes(_ json: String?) -> PictureSizes {
    json.flatMap { try? JSONDecoder().decode(PictureSizes.self, from: Data($0.utf8)) } ?? PictureSizes()
  }
}
