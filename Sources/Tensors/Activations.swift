/// A function that a layer can apply to its outputs; named as transformers and diffusers name it.
package enum Activation: String, Sendable, CaseIterable {
  /// `x sigmoid(x)`, as torch's silu.
  case silu
  /// `x Phi(x)` with the exact error function, as torch's gelu.
  case gelu
  /// `x sigmoid(1.702 x)`, the quick_gelu of CLIP.
  case quickGELU = "quick_gelu"

  /// Replaces `count` numbers by what the function makes of them.
  func apply(to x: UnsafeMutablePointer<Float>, count: Int) {
    func replace(_ function: (Vector) -> Vector) {
      forEachVector(0..<count) { i in
        function(Vector(loading: x + i)).store(to: x + i)
      } tail: { i, lanes in
        function(Vector(loading: x + i, count: lanes)).store(to: x + i, count: lanes)
      }
    }
    switch self {
    case .silu: replace { Tensors.silu($0) }
    case .gelu: replace { Tensors.gelu($0) }
    case .quickGELU: replace { Tensors.quickGELU($0) }
    }
  }
}

extension Tensor {
  /// The activation of every element.
  package func activated(by activation: Activation) -> Tensor {
    switch activation {
    case .silu: mapped { Tensors.silu($0) }
    case .gelu: mapped { Tensors.gelu($0) }
    case .quickGELU: mapped { Tensors.quickGELU($0) }
    }
  }
}

@inline(__always) func silu(_ x: Vector) -> Vector { x / (1 + exp(-x)) }

@inline(__always) func gelu(_ x: Vector) -> Vector { x * 0.5 * (1 + erf(x * 0.707_106_77)) }

@inline(__always) private func quickGELU(_ x: Vector) -> Vector { x / (1 + exp(-1.702 * x)) }
