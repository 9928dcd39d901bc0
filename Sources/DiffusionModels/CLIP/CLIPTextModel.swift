import Safetensors
import Tensors

/// CLIP's text encoder, as transformers' CLIPTextModel: token ids to one vector a token.
package struct CLIPTextModel: Sendable {
  package let config: CLIPTextConfig
  private let tokenEmbedding: TokenEmbedding
  private let positionEmbedding: Tensor  // [positions, d]
  private let layers: [CLIPEncoderLayer]
  private let finalLayerNorm: LayerNorm
  private let textProjection: Linear?

  init(_ weights: WeightScope, _ config: CLIPTextConfig) throws {
    self.config = config
    let embeddings = weights.scope("embeddings")
    tokenEmbedding = TokenEmbedding(
      try embeddings.table("token_embedding.weight", [config.vocabSize, config.hiddenSize]))
    positionEmbedding = try embeddings.tensor("position_embedding.weight", [config.maxPositions, config.hiddenSize])
    layers = try (0..<config.layerCount).map { try CLIPEncoderLayer(weights.scope("encoder.layers", $0), config) }
    finalLayerNorm = try weights.layerNorm("final_layer_norm", channels: config.hiddenSize, eps: config.layerNormEps)
    textProjection = try config.projectionSize.map {
      try weights.linear("text_projection", inputs: config.hiddenSize, outputs: $0, bias: false)
    }
  }

  /// The last hidden state of each text: rows of token ids -> [n, tokens, d].
  ///
  /// `clipSkip` leaves out that many of the last layers, the final norm still applied, as `clip_skip` of diffusers'
  /// StableDiffusionPipeline. Throws `ModelError` for ids outside the vocabulary or rows of unequal or excessive length, and
  /// what reading the file throws.
  package func callAsFunction(_ ids: [[Int]], clipSkip: Int = 0) throws -> Tensor {
    try self(tokens: ids.map { $0.map(TextToken.id) }, clipSkip: clipSkip)
  }

  /// As with ids, where a vector [d] may stand for what a token's id stands for.
  package func callAsFunction(tokens: [[TextToken]], clipSkip: Int = 0) throws -> Tensor {
    guard (0...layers.count).contains(clipSkip) else {
      throw ModelError("clip_skip is \(clipSkip); the text encoder has \(layers.count) layers to skip")
    }
    var hidden = try embed(tokens)  // [n, tokens, d]
    for layer in layers.dropLast(clipSkip) { hidden = layer(hidden) }
    return finalLayerNorm(hidden)
  }

  /// The hidden states as SDXL takes them, after all layers but the last `skipping` and without the final norm: [n, tokens, d];
  /// and a vector for each whole text, the last state at `endIndices` projected: [n, p], of a model that has a projection.
  ///
  /// Throws as above.
  package func states(
    tokens: [[TextToken]], skipping: Int, endIndices: [Int]
  ) throws -> (hidden: Tensor, pooled: Tensor?) {
    guard (0...layers.count).contains(skipping) else {
      throw ModelError("\(skipping) layers are to be left out; the text encoder has \(layers.count)")
    }
    var hidden = try embed(tokens)  // [n, tokens, d]
    for layer in layers.dropLast(skipping) { hidden = layer(hidden) }
    guard let textProjection else { return (hidden, nil) }
    var last = hidden
    for layer in layers.suffix(skipping) { last = layer(last) }
    let (length, width) = (last.shape[1], last.shape[2])
    let ends = last.reshaped([tokens.count * length, width])
    let rows = Tensor(concatenating: endIndices.enumerated().map { ends.sample($0 * length + $1) })
    return (hidden, textProjection(finalLayerNorm(rows.reshaped([tokens.count, width]))))
  }

  /// Token and position embeddings, summed.
  private func embed(_ texts: [[TextToken]]) throws -> Tensor {
    let width = config.hiddenSize
    let length = texts.first?.count ?? 0
    guard length > 0, length <= config.maxPositions, texts.allSatisfy({ $0.count == length }) else {
      throw ModelError(
        "texts of \(texts.map(\.count)) tokens; 1 to \(config.maxPositions) were expected, the same for all")
    }
    let positions = positionEmbedding.samples(0..<length).reshaped([1, length, width])
    return try tokenEmbedding(texts) + positions.repeated(texts.count)
  }
}

/// One transformer layer of the text encoder, as transformers' CLIPEncoderLayer.
private struct CLIPEncoderLayer: Sendable {
  let layerNorm1, layerNorm2: LayerNorm
  let selfAttention: MultiHeadAttention
  let fc1, fc2: Linear
  let activation: Activation

  init(_ weights: WeightScope, _ config: CLIPTextConfig) throws {
    let width = config.hiddenSize
    layerNorm1 = try weights.layerNorm("layer_norm1", channels: width, eps: config.layerNormEps)
    selfAttention = try MultiHeadAttention(
      weights.scope("self_attn"), names: .clip, channels: width, contextSize: width, headCount: config.headCount,
      bias: true, isCausal: true)
    layerNorm2 = try weights.layerNorm("layer_norm2", channels: width, eps: config.layerNormEps)
    fc1 = try weights.linear("mlp.fc1", inputs: width, outputs: config.intermediateSize)
    fc2 = try weights.linear("mlp.fc2", inputs: config.intermediateSize, outputs: width)
    activation = config.activation
  }

  /// [n, tokens, d] -> [n, tokens, d]; each token sees itself and those before it.
  func callAsFunction(_ x: Tensor) -> Tensor {
    let x = selfAttention(layerNorm1(x), residual: x)
    return fc2(fc1(layerNorm2(x), activation: activation), residual: x)
  }
}
