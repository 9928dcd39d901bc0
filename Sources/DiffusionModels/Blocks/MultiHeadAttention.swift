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

  /// What queries look at: keys and values, each [n, t', channels].
  struct Context: Sendable {
    let key, value: Tensor
  }

  /// [n, t', contextSize] as queries will look at it.
  func context(_ x: Tensor) -> Context { Context(key: key(x), value: value(x)) }

  /// [n, t, channels], looking at `context`, plus `residual` -> [n, t, channels].
  func callAsFunction(_ x: Tensor, context: Context, residual: Tensor) -> Tensor {
    let attended = attention(
      query: query(x), key: context.key, value: context.value, heads: headCount, precision: precision)
    return out(attended, residual: residual)
  }

  /// Looks at `x` itself, [n, t, channels], plus `residual` -> [n, t, channels].
  func callAsFunction(_ x: Tensor, residual: Tensor) -> Tensor { self(x, context: context(x), residual: residual) }
}
