import Foundation

extension Tensor {
  /// `x sigmoid(x)`, as torch's silu.
  package func silu() -> Tensor { mapped { $0 / (1 + exp(-$0)) } }

  /// `x Phi(x)` with the exact error function, as torch's gelu.
  package func gelu() -> Tensor { mapped { 0.5 * $0 * (1 + erf($0 * Float(0.5).squareRoot())) } }

  /// `x sigmoid(1.702 x)`, the quick_gelu of CLIP.
  package func quickGELU() -> Tensor { mapped { $0 / (1 + exp(-1.702 * $0)) } }

  /// The gated unit of transformer blocks: [..., 2 d] -> [..., d], first half times gelu(second half).
  package func geglu() -> Tensor {
    precondition(shape.last.map { $0 % 2 == 0 } == true, "geglu halves the last axis of \(shape)")
    let d = shape[shape.count - 1] / 2
    let gate = gelu().values
    return Tensor(shape: shape.dropLast() + [d]) { y in
      let x = values
      for i in 0..<y.count { y[i] = x[i / d * 2 * d + i % d] * gate[i / d * 2 * d + d + i % d] }
    }
  }

  private func mapped(_ transform: (Float) -> Float) -> Tensor {
    Tensor(shape: shape) { y in withUnsafeBufferPointer { x in for i in 0..<y.count { y[i] = transform(x[i]) } } }
  }
}
