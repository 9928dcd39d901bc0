import Safetensors
import Tensors

/// Attention with its projections, as diffusers' Attention and transformers' CLIPAttention.
struct MultiHeadAttention: Sendable {
  /// What a checkpoint calls the projections.
  struct Names {
    let query, key, value, out: String

    static let diffusers = Names(query: "to_q", key: "to_k", value: "to_v", out: "to_out.0")
    static let clip = Names(query: "q_proj", key: "k_proj", value: "v_proj", out: "out_proj")
  }

  private let query, key, value, out: Linear
  private let headCount: Int
  private let isCausal: Bool
  private let precision: Precision

  /// Reads the projections; `bias` is whether query, key and value have one, as the output always has.
  ///
  /// With `isCausal` each token looks at itself and those before it.
  init(
    _ weights: WeightScope, names: Names = .diffusers, channels: Int, contextSize: Int, headCount: Int,
    bias: Bool = false, isCausal: Bool = false
  ) throws {
    query = try weights.linear(names.query, inputs: channels, outputs: channels, bias: bias)
    key = try weights.linear(names.key, inputs: contextSize, outputs: channels, bias: bias)
    value = try weights.linear(names.value, inputs: contextSize, outputs: channels, bias: bias)
    out = try weights.linear(names.out, inputs: channels, outputs: channels)
    self.headCount = headCount
    self.isCausal = isCausal
    precision = weights.precision
  }

  /// What queries look at: keys and values, each [n, t', channels].
  struct Context: Sendable {
    let key, value: Tensor
  }

  /// [n, t', contextSize] as queries will look at it.
  func context(_ x: Tensor) -> Context {
    let projected = Linear.outputs(of: [key, value], for: x)
    return Context(key: projected[0], value: projected[1])
  }

  /// [n, t, channels], looking at `context`, plus `residual` -> [n, t, channels].
  func callAsFunction(_ x: Tensor, context: Context, residual: Tensor) -> Tensor {
    attend(query(x), context, residual: residual)
  }

  /// Looks at `x` itself, [n, t, channels], plus `residual` -> [n, t, channels].
  func callAsFunction(_ x: Tensor, residual: Tensor) -> Tensor {
    let projected = Linear.outputs(of: [query, key, value], for: x)
    return attend(projected[0], Context(key: projected[1], value: projected[2]), residual: residual)
  }

  private func attend(_ query: Tensor, _ context: Context, residual: Tensor) -> Tensor {
    let attended = attention(
      query: query, key: context.key, value: context.value, heads: headCount, isCausal: isCausal, precision: precision)
    return out(attended, residual: residual)
  }
}
