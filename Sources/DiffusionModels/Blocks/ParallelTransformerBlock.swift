import Safetensors
import Tensors

/// A block whose attention and feed-forward layers work side by side on all tokens, as diffusers'
/// FluxSingleTransformerBlock and Flux2SingleTransformerBlock.
///
/// Source: Dehghani and others 2023, section 2.
struct ParallelTransformerBlock: Sendable {
  private let norm: TokenNorm
  private let query, key, value: Linear
  private let queryNorm, keyNorm: Tensor
  private let inner: TokenFeedForward.Inner
  /// From the attention's result and the hidden layer, side by side.
  private let out: Linear
  private let heads: NormedHeads

  /// `projections` are query, key and value.
  init(
    _ heads: NormedHeads, eps: Double, projections: [Linear], queryNorm: Tensor, keyNorm: Tensor,
    inner: TokenFeedForward.Inner, out: Linear
  ) {
    norm = .adaptive(eps: eps)
    (self.heads, self.queryNorm, self.keyNorm) = (heads, queryNorm, keyNorm)
    (query, key, value) = (projections[0], projections[1], projections[2])
    (self.inner, self.out) = (inner, out)
  }

  /// [n, t, d] -> [n, t, d]; the modulation has shift, scale and gate.
  func callAsFunction(_ x: Tensor, _ modulation: Modulation, rotation: RotaryEmbedding) -> Tensor {
    let all = 0..<x.shape[1]
    let normed = norm(x, scale: modulation[1], shift: modulation[0])
    let projected = Tensor(sideBySide: [query, key, value].map { TokenProjection(normed, $0) })
    let attention = SelfAttention(
      projected, heads, queryNorms: [(all, queryNorm)], keyNorms: [(all, keyNorm)], rotation: rotation)
    let both = Tensor(sideBySide: [attention, inner.columns(normed)])
    return Tensor(TokenProjection(both, out, finish: .gatedResidual(x, gates: [modulation[2]])))
  }
}
