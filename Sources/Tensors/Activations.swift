extension Tensor {
  /// `x sigmoid(x)`, as torch's silu.
  package func silu() -> Tensor { mapped { Tensors.silu($0) } }

  /// `x Phi(x)` with the exact error function, as torch's gelu.
  package func gelu() -> Tensor { mapped { Tensors.gelu($0) } }

  /// `x sigmoid(1.702 x)`, the quick_gelu of CLIP.
  package func quickGELU() -> Tensor { mapped { $0 / (1 + exp(-1.702 * $0)) } }
}

@inline(__always) func silu(_ x: Vector) -> Vector { x / (1 + exp(-x)) }

@inline(__always) func gelu(_ x: Vector) -> Vector { x * 0.5 * (1 + erf(x * 0.707_106_77)) }
