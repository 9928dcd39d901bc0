import Safetensors
import Tensors

/// A block on text and picture together with modulation of its own, as diffusers' FluxSingleTransformerBlock.
struct FluxSingleTransformerBlock: Sendable {
  private let width: Int
  private let modulation: Linear
  private let block: ParallelTransformerBlock

  init(_ weights: WeightScope, _ heads: NormedHeads) throws {
    let width = heads.width
    self.width = width
    modulation = try weights.linear("norm.linear", inputs: width, outputs: 3 * width)
    block = ParallelTransformerBlock(
      heads, eps: 1e-6,
      projections: try ["to_q", "to_k", "to_v"].map {
        try weights.linear("attn.\($0)", inputs: width, outputs: width)
      },
      queryNorm: try weights.tensor("attn.norm_q.weight", [heads.headWidth]),
      keyNorm: try weights.tensor("attn.norm_k.weight", [heads.headWidth]),
      inner: .init(
        linear: try weights.linear("proj_mlp", inputs: width, outputs: 4 * width), gate: nil, activation: .geluTanh),
      out: try weights.linear("proj_out", inputs: 5 * width, outputs: width))
  }

  /// [n, t, d] and the conditioning after SiLU, [n or 1, d] -> [n, t, d].
  func callAsFunction(_ x: Tensor, conditioning: Tensor, rotation: RotaryEmbedding) -> Tensor {
    block(x, Modulation(modulation(conditioning), width: width), rotation: rotation)
  }
}
