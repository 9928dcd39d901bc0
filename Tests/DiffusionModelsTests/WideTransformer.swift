import Foundation
import Safetensors
import Tensors
import TestSupport

import DiffusionModels

/// A transformer of a family as wide as blocks of 256 numbers are, its layers few, with the weights of no reference: in a GGUF
/// file that quantises them, and with the same numbers in f32.
struct WideTransformer {
  /// Who made a GGUF file.
  enum Maker: CaseIterable {
    /// stable-diffusion.cpp's converter: no metadata, a prefix, norms in blocks like matrices.
    case stableDiffusionCPP
    /// city96's: an architecture, no prefix, norms and biases in f32.
    case city96
  }

  private struct Layers: Decodable { let tensors: [SeededTensor] }

  /// In the authors' layout.
  let tensors: [SeededTensor]
  private let architecture: String

  /// The layers of a transformer of `Tests/Fixtures/transformers`, `width` numbers in heads of `head`, made `heads` of 128.
  init(_ name: String, width: Int, head: Int, heads: Int, architecture: String) throws {
    self.architecture = architecture
    let file = URL(fileURLWithPath: "\(Fixture.folder)/transformers/\(name).json")
    let layers = try JSONDecoder().decode(Layers.self, from: Data(contentsOf: file)).tensors
    tensors = layers.map { entry in
      let (name, wide) = (entry.name, 128 * heads)
      let shape = entry.shape.enumerated().map { axis, size in
        // What the time becomes is 256 wide, whatever the model.
        if axis == 1, name.contains("_in.in_layer") { return size == 24 || size == 40 ? size : 256 }
        if axis == 1 && name.contains("adaLN") || axis == 0 && name.contains("t_embedder.mlp.2") {
          return min(wide, 256)
        }
        if name.contains("norm.") || name.contains("_norm.weight"), size == head { return 128 }
        if size.isMultiple(of: width) { return size / width * wide }
        if name.contains("feed_forward"), size == 128 { return wide / 3 * 8 }
        // Of the text's states.
        return size == 40 ? 256 : size
      }
      let scale = 1 / Double(shape.last ?? 1).squareRoot()
      return SeededTensor(name, shape, scale: scale, offset: name.contains("norm") ? 1 : 0)
    }
  }

  /// A GGUF file with what can be in blocks of `format` in such blocks, the rest in f16, and safetensors of the same numbers in
  /// f32.
  func files(_ format: WeightFormat, by maker: Maker) -> (gguf: Data, safetensors: Data) {
    var (narrow, wide) = (GGUFWriter(), SafetensorsWriter())
    if maker == .city96 {
      narrow.set("general.architecture", architecture)
      narrow.set("general.quantization_version", 2)
    }
    let prefix = maker == .city96 ? "" : "model.diffusion_model."
    for entry in tensors {
      let (name, shape, count) = ("\(prefix)\(entry.name)", entry.shape, entry.shape.reduce(1, *))
      let isVector = shape.count == 1 || shape[0] == 1
      let isNorm = isVector && (name.hasSuffix("norm.weight") || name.hasSuffix("norm.scale"))
      let isInBlocks = isNorm ? maker == .stableDiffusionCPP : !isVector
      guard isInBlocks, shape.last?.isMultiple(of: format.blockSize) == true else {
        let values = entry.tensor.values
        if isVector { narrow.addF32(name, shape, values) } else { narrow.addF16(name, shape, values) }
        wide.add(entry.name, entry.tensor, as: isVector ? .f32 : .f16)
        continue
      }
      let largest = isNorm ? 1 : 1.7 / Float(shape.last ?? 1).squareRoot()
      let (bytes, values) = NarrowNumbers.anyBlocks(format, count: count, largest: largest, seed: entry.name)
      narrow.add(name, format.name, shape, bytes)
      wide.add(entry.name, Tensor(shape: shape, values: values))
    }
    return (narrow.bytes(), Data(wide.bytes()))
  }
}
