import Safetensors
import Tensors

/// A block with a stream of text and one of the picture that attend to both, as diffusers' FluxTransformerBlock and
/// Flux2TransformerBlock: they differ in their feed-forward layers and in where modulation comes from.
struct JointTransformerBlock: Sendable {
  private let norm: TokenNorm
  private let attention: JointAttention
  private let textFeedForward, pictureFeedForward: TokenFeedForward

  init(
    eps: Double, attention: JointAttention, textFeedForward: TokenFeedForward, pictureFeedForward: TokenFeedForward
  ) {
    norm = .adaptive(eps: eps)
    (self.attention, self.textFeedForward, self.pictureFeedForward) = (attention, textFeedForward, pictureFeedForward)
  }

  /// [n, t, d], the first `textCount` tokens being text -> [n, t, d].
  ///
  /// Each modulation has shift, scale and gate for the attention, then for the feed-forward layer.
  func callAsFunction(
    _ x: Tensor, textCount: Int, text: Modulation, picture: Modulation, rotation: RotaryEmbedding
  ) -> Tensor {
    let stretches = [0..<textCount, textCount..<x.shape[1]]
    func modulated(_ x: Tensor, from index: Int) -> Tensor {
      norm(
        x, zip(stretches, [text, picture]).map { TokenNorm.Modulation($0, scale: $1[index + 1], shift: $1[index]) })
    }
    let attended = attention(
      modulated(x, from: 0), stretches: stretches, rotation: rotation, residual: x, gates: [text[2], picture[2]])
    return TokenFeedForward.joint(
      [textFeedForward, pictureFeedForward], modulated(attended, from: 3), stretches: stretches,
      residual: attended, gates: [text[5], picture[5]])
  }
}
