import Safetensors
import Tensors

/// A block with streams of text and picture, as diffusers' Flux2TransformerBlock: gated hidden layers, no biases, and
/// modulation that all blocks share.
struct Flux2TransformerBlock: Sendable {
  private let block: JointTransformerBlock

  init(_ weights: WeightScope, _ heads: NormedHeads, _ config: Flux2Config) throws {
    func feedForward(_ name: String) throws -> TokenFeedForward {
      let halves = try weights.linears(
        "\(name).linear_in", inputs: heads.width, outputs: [config.hiddenSize, config.hiddenSize])
      return TokenFeedForward(
        inner: .init(linear: halves[1], gate: halves[0], activation: .silu),
        outer: try weights.linear(
          "\(name).linear_out", inputs: config.hiddenSize, outputs: heads.width, bias: false))
    }
    block = JointTransformerBlock(
      eps: config.eps, attention: try JointAttention(weights.scope("attn"), heads, bias: false),
      textFeedForward: try feedForward("ff_context"), pictureFeedForward: try feedForward("ff"))
  }

  /// [n, t, d], the first `textCount` tokens being text -> [n, t, d].
  func callAsFunction(
    _ x: Tensor, textCount: Int, text: Modulation, picture: Modulation, rotation: RotaryEmbedding
  ) -> Tensor {
    block(x, textCount: textCount, text: text, picture: picture, rotation: rotation)
  }
}
