import Safetensors
import Tensors

/// Attention of text and picture to both, each with projections and norms of its own, as diffusers' FluxAttention and
/// Flux2Attention.
struct JointAttention: Sendable {
  /// The layers of one stream.
  private struct Stream: Sendable {
    let query, key, value, out: Linear
    let queryNorm, keyNorm: Tensor
  }

  private let text, picture: Stream
  private let heads: NormedHeads

  init(_ weights: WeightScope, _ heads: NormedHeads, bias: Bool) throws {
    self.heads = heads
    func stream(_ projections: [String], _ out: String, _ norms: [String]) throws -> Stream {
      let linears = try (projections + [out]).map {
        try weights.linear($0, inputs: heads.width, outputs: heads.width, bias: bias)
      }
      let norms = try norms.map { try weights.tensor("\($0).weight", [heads.headWidth]) }
      return Stream(
        query: linears[0], key: linears[1], value: linears[2], out: linears[3], queryNorm: norms[0], keyNorm: norms[1])
    }
    picture = try stream(["to_q", "to_k", "to_v"], "to_out.0", ["norm_q", "norm_k"])
    text = try stream(["add_q_proj", "add_k_proj", "add_v_proj"], "to_add_out", ["norm_added_q", "norm_added_k"])
  }

  /// [n, t, d], the stretches being text and picture, plus `residual`, with a gate for each -> [n, t, d].
  func callAsFunction(
    _ x: Tensor, stretches: [Range<Int>], rotation: RotaryEmbedding, residual: Tensor, gates: [SampleVector]
  ) -> Tensor {
    let streams = [text, picture]
    let projected = Tensor(
      sideBySide: [streams.map(\.query), streams.map(\.key), streams.map(\.value)].map {
        TokenProjection(x, $0, stretches: stretches)
      })
    let norms = { (weight: KeyPath<Stream, Tensor>) in zip(stretches, streams).map { ($0, $1[keyPath: weight]) } }
    let attended = Tensor(
      SelfAttention(
        projected, heads, queryNorms: norms(\.queryNorm), keyNorms: norms(\.keyNorm), rotation: rotation))
    return Tensor(
      TokenProjection(
        attended, streams.map(\.out), stretches: stretches, finish: .gatedResidual(residual, gates: gates)))
  }
}
