extension Tensor {
  /// `x sigmoid(x)`, as torch's silu.
  package func silu() -> Tensor { mapped { Tensors.silu($0) } }

  /// `x Phi(x)` with the exact error function, as torch's gelu.
  package func gelu() -> Tensor { mapped { Tensors.gelu($0) } }

  /// `x sigmoid(1.702 x)`, the quick_gelu of CLIP.
  package func quickGELU() -> Tensor { mapped { $0 / (1 + exp(-1.702 * $0)) } }

  /// The gated unit of transformer blocks: [..., 2 d] -> [..., d], first half times gelu(second half).
  package func geglu() -> Tensor {
    precondition(shape.last.map { $0 % 2 == 0 } == true, "geglu halves the last axis of \(shape)")
    let width = shape[shape.count - 1] / 2
    return Tensor(shape: shape.dropLast() + [width]) { y in
      guard let y = y.baseAddress else { return }
      let rows = count / (2 * width)
      withUnsafePointer { x in
        Parallel.forEach(rows) { row in
          gateRow(x + row * 2 * width, y + row * width, width: width)
        }
      }
    }
  }
}

/// Writes x[0..<width] * gelu(x[width..<2 width]).
func gateRow(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int) {
  forEachVector(0..<width) { i in
    (Vector(loading: x + i) * gelu(Vector(loading: x + width + i))).store(to: y + i)
  } tail: { i, lanes in
    (Vector(loading: x + i, count: lanes) * gelu(Vector(loading: x + width + i, count: lanes)))
      .store(to: y + i, count: lanes)
  }
}

@inline(__always) func silu(_ x: Vector) -> Vector { x / (1 + exp(-x)) }

@inline(__always) func gelu(_ x: Vector) -> Vector { x * 0.5 * (1 + erf(x * 0.707_106_77)) }
