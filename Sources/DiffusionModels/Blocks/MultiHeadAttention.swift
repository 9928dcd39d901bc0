import Safetensors
import Tensors

/// Attention with its projections, as diffusers' Attention.
struct MultiHeadAttention: Sendable {
  private let query, key, value, out: Linear
  private let headCount: Int
  private let precision: Precision

  /// `bias` is whether query, key and value have one; the output always has.
  init(_ weights: WeightScope, channels: Int, contextSize: Int, headCount: Int, bias: Bool = false) throws {
    query = try weights.linear("to_q", inputs: channels, outputs: channels, bias: bias)
    key = try weights.linear("to_k", inputs: contextSize, outputs: channels, bias: bias)
    value = try weights.linear("to_v", inputs: contextSize, outputs: channels, bias: bias)
    out = try weights.linear("to_out.0", inputs: channels, outputs: channels)
    self.headCount = headCount
    precision = weights.precision
  }

  /// [n, t, channels], looking at `context` [n, t', contextSize], plus `residual` -> [n, t, channels].
  func callAsFunction(_ x: Tensor, context: Tensor, residual: Tensor) -> Tensor {
    let attended = attention(
      query: query(x), key: key(context), value: value(context), heads: headCount, precision: precision)
    return out(attended, residual: residual)
  }
}
