import Safetensors
import Tensors

/// T5's encoder, version 1.1, as transformers' T5EncoderModel: token ids to one vector a token.
///
/// Raffel et al. 2020, with the gated feed-forward layers of Shazeer 2020. Attention is not scaled, nothing has a bias, and
/// what tokens know of their places is what the first layer's table adds to the scores of all layers.
package struct T5EncoderModel: Sendable {
  package let config: T5EncoderConfig
  private let embedding: TokenEmbedding
  private let relativeBias: Tensor  // [buckets, heads]
  private let blocks: [T5Block]
  private let finalLayerNorm: RMSNorm

  static let mostTokens = TokenizingOptions.mostTokens

  package init(_ weights: WeightScope, _ config: T5EncoderConfig) throws {
    self.config = config
    embedding = TokenEmbedding(try weights.table("shared.weight", [config.vocabSize, config.hiddenSize]))
    relativeBias = try weights.tensor(
      "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", [config.bucketCount, config.headCount])
    blocks = try (0..<config.layerCount).map { try T5Block(weights.scope("encoder.block", $0), config) }
    // A whole T5 also writes.
    for beginning in ["decoder.", "lm_head.", "encoder.embed_tokens."] { weights.leaveOut(beginning) }
    finalLayerNorm = try weights.rmsNorm(
      "encoder.final_layer_norm", channels: config.hiddenSize, eps: config.normEps)
  }

  /// The last hidden state of each text, each token seeing all: rows of ids, as many in each -> [n, tokens, d].
  ///
  /// Throws `ModelError` for ids outside the vocabulary or rows of unequal length, and what reading the file throws.
  package func callAsFunction(_ ids: [[Int]]) throws -> Tensor {
    try self(tokens: ids.map { $0.map(TextToken.id) })
  }

  package func callAsFunction(tokens texts: [[TextToken]]) throws -> Tensor {
    let length = texts.first?.count ?? 0
    guard length > 0, length <= Self.mostTokens, texts.allSatisfy({ $0.count == length }) else {
      throw ModelError(
        "texts of \(texts.map(\.count)) tokens; 1 to \(Self.mostTokens) were expected, the same for all")
    }
    let bias = T5RelativePositions(bucketCount: config.bucketCount, maxDistance: config.maxDistance)
      .distanceBias(relativeBias, tokens: length)
    var hidden = try embedding(texts)  // [n, tokens, d]
    for block in blocks { hidden = block(hidden, distanceBias: bias) }
    return finalLayerNorm(hidden)
  }
}

/// One layer, as transformers' T5Block without a decoder.
private struct T5Block: Sendable {
  private let attentionNorm, feedForwardNorm: RMSNorm
  private let query, key, value, out: Linear
  private let feedForwardIn: GatedLinear
  private let feedForwardOut: Linear
  private let headCount: Int
  private let precision: Precision

  init(_ weights: WeightScope, _ config: T5EncoderConfig) throws {
    let (width, inner) = (config.hiddenSize, config.headCount * config.headWidth)
    let (first, second) = (weights.scope("layer.0"), weights.scope("layer.1"))
    attentionNorm = try first.rmsNorm("layer_norm", channels: width, eps: config.normEps)
    let attention = first.scope("SelfAttention")
    query = try attention.linear("q", inputs: width, outputs: inner, bias: false)
    key = try attention.linear("k", inputs: width, outputs: inner, bias: false)
    value = try attention.linear("v", inputs: width, outputs: inner, bias: false)
    out = try attention.linear("o", inputs: inner, outputs: width, bias: false)
    feedForwardNorm = try second.rmsNorm("layer_norm", channels: width, eps: config.normEps)
    let dense = second.scope("DenseReluDense")
    feedForwardIn = GatedLinear(
      value: try dense.linear("wi_1", inputs: width, outputs: config.intermediateSize, bias: false),
      gate: try dense.linear("wi_0", inputs: width, outputs: config.intermediateSize, bias: false),
      activation: .geluTanh)
    feedForwardOut = try dense.linear("wo", inputs: config.intermediateSize, outputs: width, bias: false)
    headCount = config.headCount
    precision = weights.precision
  }

  /// [n, tokens, d] -> [n, tokens, d].
  func callAsFunction(_ x: Tensor, distanceBias: Tensor) -> Tensor {
    let projected = Linear.outputs(of: [query, key, value], for: attentionNorm(x))
    let attended = attention(
      query: projected[0], key: projected[1], value: projected[2], heads: headCount, scale: 1,
      distanceBias: distanceBias, precision: precision)
    let x = out(attended, residual: x)
    return feedForwardOut(feedForwardIn(feedForwardNorm(x)), residual: x)
  }
}
