import Tensors
import Weights

/// What an encoder of pictures is, by the names and shapes of its weights.
///
/// Names are transformers': CLIPVisionModelWithProjection, whose pictures have a class token (Radford and others 2021), or
/// SiglipVisionModel (Zhai and others 2023), which has none.
package struct PictureEncoderConfig: Sendable, Equatable {
  package enum Kind: Sendable, Equatable { case clip, siglip }

  package let kind: Kind
  /// A side of the pictures that it sees, in pixels.
  package let imageSize: Int
  /// A side of what becomes one token.
  package let patchSize: Int
  package let hiddenSize: Int
  package let intermediateSize: Int
  package let headCount: Int
  package let layerCount: Int
  /// Of the vector for a whole picture; nil where none is projected.
  package let projectionSize: Int?
  let activation: Activation

  /// Patches, and the class token where there is one.
  package var tokenCount: Int { patchCount + (kind == .clip ? 1 : 0) }
  var patchCount: Int { (imageSize / patchSize) * (imageSize / patchSize) }

  /// Of red, green and blue, in 0...1.
  var mean: [Double] { kind == .clip ? [0.48145466, 0.4578275, 0.40821073] : [0.5, 0.5, 0.5] }
  var deviation: [Double] { kind == .clip ? [0.26862954, 0.26130258, 0.27577711] : [0.5, 0.5, 0.5] }

  static let prefix = "vision_model."

  /// Reads names and shapes.
  ///
  /// Throws `ModelError` for a file that is no such encoder.
  package init(_ file: any TensorFile) throws {
    func shape(_ name: String, _ axes: Int) throws -> [Int] {
      guard let shape = file.info(Self.prefix + name)?.shape, shape.count == axes, !shape.contains(0) else {
        throw ModelError(
          "\(file.source): no encoder of pictures: '\(Self.prefix)\(name)' of transformers' CLIP or SigLIP is missing")
      }
      return shape
    }
    let patches = try shape("embeddings.patch_embedding.weight", 4)
    let positions = try shape("embeddings.position_embedding.weight", 2)
    (hiddenSize, patchSize) = (patches[0], patches[3])
    intermediateSize = try shape("encoder.layers.0.mlp.fc1.weight", 2)[0]
    kind = file.info(Self.prefix + "embeddings.class_embedding") == nil ? .siglip : .clip
    let side = Int(Double(positions[0] - (kind == .clip ? 1 : 0)).squareRoot().rounded())
    imageSize = side * patches[3]
    layerCount =
      (0..<1024).first { file.info("\(Self.prefix)encoder.layers.\($0).layer_norm1.weight") == nil } ?? 1024
    projectionSize = file.info("visual_projection.weight")?.shape.first
    // Published widths have 16 heads but for 768's 12; no shape tells.
    headCount =
      patches[0] == 768 ? 12 : patches[0].isMultiple(of: 16) && patches[0] >= 1024 ? 16 : max(1, patches[0] / 32)
    // OpenAI's models have the quick one.
    activation = kind == .siglip ? .geluTanh : patches[0] <= 1024 ? .quickGELU : .gelu
    guard patches[1] == 3, patches[2] == patches[3], positions[1] == hiddenSize,
      positions[0] == side * side + (kind == .clip ? 1 : 0), hiddenSize.isMultiple(of: headCount)
    else {
      throw ModelError(
        "\(file.source): patches are \(patches) and positions \(positions), which are no encoder of square pictures")
    }
  }
}
