import Safetensors
import Tensors

/// The feed-forward layers of a transformer block over tokens: to a hidden layer with an activation, or gated by another
///, and back.
struct TokenFeedForward: Sendable {
  /// The way to the hidden layer.
  struct Inner: Sendable {
    let linear: Linear
    /// Whose activation the linear layer's outputs are multiplied by; without one, the activation is of these.
    let gate: Linear?
    let activation: Activation

    /// [n, t, d] -> [n, t, k].
    func columns(_ x: Tensor) -> TokenProjection { Self.columns([self], x, stretches: [0..<x.shape[1]]) }

    /// One for each stretch of x, all of one kind.
    static func columns(_ layers: [Inner], _ x: Tensor, stretches: [Range<Int>]) -> TokenProjection {
      let gates = layers.compactMap(\.gate)
      return TokenProjection(
        x, layers.map(\.linear), stretches: stretches,
        finish: gates.isEmpty ? .activation(layers[0].activation) : .gated(by: gates, layers[0].activation))
    }
  }

  let inner: Inner
  let outer: Linear

  /// [n, t, d] -> [n, t, d].
  func callAsFunction(_ x: Tensor) -> Tensor { outer(Tensor(inner.columns(x))) }

  /// One for each stretch of x, [n, t, d], plus `residual`, with a gate for each -> [n, t, d].
  static func joint(
    _ layers: [TokenFeedForward], _ x: Tensor, stretches: [Range<Int>], residual: Tensor, gates: [SampleVector]
  ) -> Tensor {
    Tensor(
      TokenProjection(
        Tensor(Inner.columns(layers.map(\.inner), x, stretches: stretches)), layers.map(\.outer),
        stretches: stretches, finish: .gatedResidual(residual, gates: gates)))
  }
}
