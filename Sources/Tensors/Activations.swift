/// A function that a layer can apply to its outputs; named as transformers and diffusers name it.
package enum Activation: String, Sendable, CaseIterable {
  /// `x sigmoid(x)`, as torch's silu.
  case silu
  /// `x Phi(x)` with the exact error function, as torch's gelu.
  case gelu
  /// `x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`, as torch's gelu with approximate="tanh".
  case geluTanh = "gelu_pytorch_tanh"
  /// `x sigmoid(1.702 x)`, the quick_gelu of CLIP.
  case quickGELU = "quick_gelu"

  /// Replaces `count` numbers by what the function makes of them.
  func apply(to x: UnsafeMutablePointer<Float>, count: Int) {
    withFunction { function in
      forEachVector(0..<count) { i in
        function(Vector(loading: x + i)).store(to: x + i)
      } tail: { i, lanes in
        function(Vector(loading: x + i, count: lanes)).store(to: x + i, count: lanes)
      }
    }
  }

  /// Calls `body` with the function, chosen once for a whole loop.
  @inline(__always) func withFunction<Result>(_ body: ((Vector) -> Vector) -> Result) -> Result {
    switch self {
    case .silu: body { Tensors.silu($0) }
    case .gelu: body { Tensors.gelu($0) }
    case .geluTanh: body { Tensors.geluTanh($0) }
    case .quickGELU: body { Tensors.quickGELU($0) }
    }
  }
}

extension Tensor {
  /// The activation of every element.
  package func activated(by activation: Activation) -> Tensor { activation.withFunction { mapped($0) } }
}

@inline(__always) func silu(_ x: Vector) -> Vector { x / (1 + exp(-x)) }

@inline(__always) func gelu(_ x: Vector) -> Vector { x * 0.5 * (1 + erf(x * 0.707_106_77)) }

/// As `x sigmoid(2 u)`, which is the same as half of `x (1 + tanh u)`.
@inline(__always) func geluTanh(_ x: Vector) -> Vector {
  x / (1 + exp(x * (-1.595_769_1 - 0.071_354_814 * (x * x))))
}

@inline(__always) private func quickGELU(_ x: Vector) -> Vector { x / (1 + exp(-1.702 * x)) }
