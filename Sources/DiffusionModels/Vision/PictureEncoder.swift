import Safetensors
import Tensors
import Weights

/// CLIP's or SigLIP's encoder of pictures, as ComfyUI 0.8.0 runs it: norms have eps 1e-5 in both.
package struct PictureEncoder: Sendable {
  package let config: PictureEncoderConfig
  private let patchEmbedding: Conv2d
  private let classEmbedding: Tensor?
  private let positionEmbedding: Tensor
  private let preNorm: LayerNorm?
  private let layers: [PictureEncoderLayer]
  private let postNorm: LayerNorm
  private let projection: Linear?

  /// What a picture comes to.
  package struct Encoding: Sendable {
    /// The states of all tokens, [n, t, d]: of SigLIP after the last norm.
    package let states: Tensor
    /// A vector for the whole picture, [n, p], of CLIP.
    package let pooled: Tensor?
    /// The states after the 20th, 11th and 2nd layer from the end, as far as there are so many, [3 n, t, d].
    package let deep: Tensor
  }

  /// Opens a safetensors file.
  ///
  /// Throws `ModelError` or `WeightFileError` for one that is no such encoder, or whose weights do not fit.
  package init(path: String, precision: Precision = .f32, warn: (String) -> Void = { _ in }) throws {
    let file = try openTensorFile(path: path)
    let config = try PictureEncoderConfig(file)
    self = try WeightStore(file, places: Self.places).load(precision: precision, warn: warn) {
      try Self($0, config)
    }
  }

  /// Accounts for every weight of a file without reading one.
  ///
  /// Throws as opening does, but for what only reading shows.
  package static func survey(path: String) throws {
    let file = try openTensorFile(path: path)
    let config = try PictureEncoderConfig(file)
    try WeightStore(file, places: places).survey { try Self($0, config) }
  }

  /// SigLIP's head, which pools, and the other half of a pair with a text encoder are of no use here.
  private static func places(_ name: String) -> [WeightPlace] {
    let isOther =
      name.hasPrefix("vision_model.head.") || name.hasPrefix("text_") || name.hasPrefix("logit_")
      || name.hasSuffix("position_ids")
    return isOther ? [] : [WeightPlace(name)]
  }

  private init(_ weights: WeightScope, _ config: PictureEncoderConfig) throws {
    self.config = config
    let width = config.hiddenSize
    let model = weights.scope("vision_model")
    let embeddings = model.scope("embeddings")
    patchEmbedding = try embeddings.conv(
      "patch_embedding", inputs: 3, outputs: width, kernel: config.patchSize, stride: config.patchSize, padding: 0,
      hasBias: config.kind == .siglip)
    classEmbedding = config.kind == .clip ? try embeddings.tensor("class_embedding", [width]) : nil
    positionEmbedding = try embeddings.tensor("position_embedding.weight", [config.tokenCount, width])
    preNorm = config.kind == .clip ? try model.layerNorm("pre_layrnorm", channels: width) : nil
    layers = try (0..<config.layerCount).map { try PictureEncoderLayer(model.scope("encoder.layers", $0), config) }
    postNorm = try model.layerNorm("post_layernorm", channels: width)
    projection = try config.projectionSize.map {
      try weights.linear("visual_projection", inputs: width, outputs: $0, bias: false)
    }
  }

  /// Pictures [n, 3, h, w] in -1...1, of any size.
  ///
  /// They are made as large as the encoder's by a cubic filter: the shorter side, and the middle of the picture is seen, or with
  /// `isStretched` both sides.
  package func callAsFunction(_ pictures: Tensor, isStretched: Bool) -> Encoding {
    let tokens = patchEmbedding(prepared(pictures, isStretched: isStretched).channelsLast())
    let (count, width) = (tokens.shape[0], config.hiddenSize)
    var x = tokens.reshaped([count, config.patchCount, width])
    if let classEmbedding {
      let first = classEmbedding.reshaped([1, width])
      x = Tensor(
        concatenating: (0..<count).map { index in
          Tensor(concatenating: [first, x.sample(index).reshaped([config.patchCount, width])])
            .reshaped([1, config.tokenCount, width])
        })
    }
    x = x + positionEmbedding.reshaped([1, config.tokenCount, width]).repeated(count)
    if let preNorm { x = preNorm(x) }
    let depths = [20, 11, 2].map { max(1, layers.count + 1 - $0) }
    var after: [Int: Tensor] = [:]
    for (index, layer) in layers.enumerated() {
      x = layer(x)
      if depths.contains(index + 1) { after[index + 1] = x }
    }
    let deep = Tensor(concatenating: depths.compactMap { after[$0] })
    if config.kind == .siglip { return Encoding(states: postNorm(x), pooled: nil, deep: deep) }
    let classes = Tensor(
      concatenating: (0..<count).map { x.sample($0).reshaped([config.tokenCount, width]).samples(0..<1) })
    let pooled = postNorm(classes)
    return Encoding(states: x, pooled: projection?(pooled) ?? pooled, deep: deep)
  }

  /// As the encoder sees them, [n, 3, size, size], normalised.
  private func prepared(_ pictures: Tensor, isStretched: Bool) -> Tensor {
    let (height, width, size) = (pictures.shape[2], pictures.shape[3], config.imageSize)
    var seen = pictures
    if height != size || width != size {
      let scale = Double(size) / Double(min(height, width))
      func side(_ length: Int) -> Int {
        isStretched ? size : max(size, Int((Double(length) * scale).rounded(.toNearestOrEven)))
      }
      // What overshoots between the axes counts, as in torch's interpolate.
      let wide = -Float.greatestFiniteMagnitude...Float.greatestFiniteMagnitude
      seen = pictures.resizedPicture(height: side(height), width: side(width), .bicubic, in: wide)
      seen = seen.region(
        top: (seen.shape[2] - size) / 2, left: (seen.shape[3] - size) / 2, height: size, width: size
      ).clamped(to: -1...1)
    }
    let (mean, deviation) = (config.mean, config.deviation)
    return Tensor(shape: seen.shape) { target in
      seen.withUnsafeBufferPointer { source in
        for index in source.indices {
          let channel = index / (size * size) % 3
          let level = Double(((source[index] + 1) / 2 * 255).rounded(.toNearestOrEven)) / 255
          target[index] = Float((level - mean[channel]) / deviation[channel])
        }
      }
    }
  }
}

/// One transformer layer, as transformers' CLIPEncoderLayer.
private struct PictureEncoderLayer: Sendable {
  let layerNorm1, layerNorm2: LayerNorm
  let selfAttention: MultiHeadAttention
  let fc1, fc2: Linear
  let activation: Activation

  init(_ weights: WeightScope, _ config: PictureEncoderConfig) throws {
    let width = config.hiddenSize
    layerNorm1 = try weights.layerNorm("layer_norm1", channels: width)
    selfAttention = try MultiHeadAttention(
      weights.scope("self_attn"), names: .clip, channels: width, contextSize: width, headCount: config.headCount,
      bias: true)
    layerNorm2 = try weights.layerNorm("layer_norm2", channels: width)
    fc1 = try weights.linear("mlp.fc1", inputs: width, outputs: config.intermediateSize)
    fc2 = try weights.linear("mlp.fc2", inputs: config.intermediateSize, outputs: width)
    activation = config.activation
  }

  /// [n, tokens, d] -> [n, tokens, d]; each token sees all.
  func callAsFunction(_ x: Tensor) -> Tensor {
    let x = selfAttention(layerNorm1(x), residual: x)
    return fc2(fc1(layerNorm2(x), activation: activation), residual: x)
  }
}
