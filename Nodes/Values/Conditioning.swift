import DiffusionModels
import Foundation
import GraphEngine
import Safetensors
import Tensors

/// What a denoiser is told of the picture: the text encoders' hidden states [n, t, d] and, of families that have them, a
/// vector for the whole text and sizes.
///
/// In the cache it is one safetensors file: `tensor` with the states, `pooled`, and the sizes as JSON in the metadata.
package struct Conditioning: TensorValue {
  package static let wireType = WireType("conditioning", shape: ["n", "t", "d"])

  package var tensor: Tensor
  /// [n, p], of SDXL.
  package var pooled: Tensor?
  package var sizes: PictureSizes

  package init(_ tensor: Tensor, pooled: Tensor? = nil, sizes: PictureSizes = PictureSizes()) {
    (self.tensor, self.pooled, self.sizes) = (tensor, pooled, sizes)
  }

  init(tensor: Tensor, metadata: [String: String]) { self.init(tensor, sizes: Self.sizes(metadata)) }

  /// Nothing where no size is told.
  var metadata: [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard sizes != PictureSizes(), let json = try? encoder.encode(sizes) else { return [:] }
    return ["sizes": String(decoding: json, as: UTF8.self)]
  }

  private static func sizes(_ metadata: [String: String]) -> PictureSizes {
    metadata["sizes"].flatMap { try? JSONDecoder().decode(PictureSizes.self, from: Data($0.utf8)) } ?? PictureSizes()
  }

  package var byteCount: Int { (tensor.count + (pooled?.count ?? 0)) * MemoryLayout<Float>.size }
  package var isFinite: Bool { tensor.isFinite && pooled?.isFinite ?? true }

  package func encoded() throws -> [UInt8] {
    var file = SafetensorsWriter(metadata: metadata)
    file.add("tensor", tensor)
    if let pooled { file.add("pooled", pooled) }
    return file.bytes()
  }

  package init(decoding bytes: UnsafeRawBufferPointer) throws {
    let file = try SafetensorsReader(borrowing: bytes, source: "a cached conditioning")
    self.init(
      try file.tensor("tensor"), pooled: file.info("pooled") == nil ? nil : try file.tensor("pooled"),
      sizes: Self.sizes(file.metadata))
  }
}
