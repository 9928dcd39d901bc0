import Safetensors
import Tensors

/// A block on text and picture together, as diffusers' Flux2SingleTransformerBlock.
struct Flux2SingleTransformerBlock: Sendable {
  private let block: ParallelTransformerBlock

  init(_ weights: WeightScope, _ heads: NormedHeads, _ config: Flux2Config) throws {
    let (width, hidden) = (heads.width, config.hiddenSize)
    let layers = try weights.linears(
      "attn.to_qkv_mlp_proj", inputs: width, outputs: [width, width, width, hidden, hidden])
    block = ParallelTransformerBlock(
      heads, eps: config.eps, projections: Array(layers[..<3]),
      queryNorm: try weights.tensor("attn.norm_q.weight", [heads.headWidth]),
      keyNorm: try weights.tensor("attn.norm_k.weight", [heads.headWidth]),
      inner: .init(linear: layers[4], gate: layers[3], activation: .silu),
      out: try weights.linear("attn.to_out", inputs: width + hidden, outputs: width, bias: false))
  }

  /// [n, t, d] -> [n, t, d].
  func callAsFunction(_ x: Tensor, _ modulation: Modulation, rotation: RotaryEmbedding) -> Tensor {
    block(x, modulation, rotation: rotation)
  }
}
