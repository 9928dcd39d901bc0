import Foundation
import Safetensors
import Tensors

/// A block with norms before and after attention and feed-forward layers, as diffusers' ZImageTransformerBlock.
struct ZImageTransformerBlock: Sendable {
  private let width: Int
  private let heads: NormedHeads
  private let query, key, value, out: Linear
  private let queryNorm, keyNorm: Tensor
  private let attentionNorm1, attentionNorm2, feedForwardNorm1, feedForwardNorm2: TokenNorm
  private let feedForward: TokenFeedForward
  private let modulation: Linear?

  init(_ weights: WeightScope, _ heads: NormedHeads, _ config: ZImageConfig, isModulated: Bool) throws {
    (width, self.heads) = (config.width, heads)
    func linear(_ name: String, _ inputs: Int, _ outputs: Int) throws -> Linear {
      try weights.linear(name, inputs: inputs, outputs: outputs, bias: false)
    }
    func norm(_ name: String) throws -> TokenNorm {
      TokenNorm(
        .rootMeanSquare, eps: Float(config.normEps), weight: try weights.tensor("\(name).weight", [config.width]))
    }
    query = try linear("attention.to_q", width, width)
    key = try linear("attention.to_k", width, width)
    value = try linear("attention.to_v", width, width)
    out = try linear("attention.to_out.0", width, width)
    queryNorm = try weights.tensor("attention.norm_q.weight", [heads.headWidth])
    keyNorm = try weights.tensor("attention.norm_k.weight", [heads.headWidth])
    (attentionNorm1, attentionNorm2) = (try norm("attention_norm1"), try norm("attention_norm2"))
    (feedForwardNorm1, feedForwardNorm2) = (try norm("ffn_norm1"), try norm("ffn_norm2"))
    feedForward = TokenFeedForward(
      inner: .init(
        linear: try linear("feed_forward.w3", width, config.hiddenSize),
        gate: try linear("feed_forward.w1", width, config.hiddenSize), activation: .silu),
      outer: try linear("feed_forward.w2", config.hiddenSize, width))
    modulation =
      isModulated
      ? try weights.linear("adaLN_modulation.0", inputs: config.modulationSize, outputs: 4 * width) : nil
  }

  /// [n, t, d], with the embedded time [1, c] where the block is modulated -> [n, t, d].
  func callAsFunction(_ x: Tensor, time: Tensor, rotation: RotaryEmbedding) -> Tensor {
    // Scales and gates of the attention, then of the feed-forward layers; gates are bounded.
    let vectors = modulation.map { $0(time) }
    func vector(_ index: Int) -> SampleVector? {
      vectors.map { SampleVector($0, columns: index * width..<(index + 1) * width) }
    }
    let bounded = vectors.map { vectors in
      Tensor(shape: vectors.shape, values: vectors.values.map { tanh($0) })
    }
    func gate(_ index: Int) -> SampleVector? {
      bounded.map { SampleVector($0, columns: index * width..<(index + 1) * width) }
    }
    let normed = attentionNorm1(x, scale: vector(0))
    let projected = Tensor(sideBySide: [query, key, value].map { TokenProjection(normed, $0) })
    let all = 0..<x.shape[1]
    let attended = Tensor(
      SelfAttention(
        projected, heads, queryNorms: [(all, queryNorm)], keyNorms: [(all, keyNorm)], rotation: rotation))
    let x = attentionNorm2(out(attended), gate: gate(1), residual: x)
    return feedForwardNorm2(feedForward(feedForwardNorm1(x, scale: vector(2))), gate: gate(3), residual: x)
  }
}
