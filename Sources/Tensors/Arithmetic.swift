// Elementwise arithmetic in single precision. Every operation rounds on its own, none is contracted to a fused
// multiply-add: a formula written as PyTorch writes it gives the bits PyTorch gives.

extension Tensor {
  package static func + (x: Tensor, y: Tensor) -> Tensor { zip(x, y) { $0 + $1 } }
  package static func - (x: Tensor, y: Tensor) -> Tensor { zip(x, y) { $0 - $1 } }
  package static func * (x: Tensor, y: Tensor) -> Tensor { zip(x, y) { $0 * $1 } }
  package static func * (a: Float, x: Tensor) -> Tensor { x.mapped { a * $0 } }
  package static func / (x: Tensor, a: Float) -> Tensor { x.mapped { $0 / a } }
  package static prefix func - (x: Tensor) -> Tensor { x.mapped { -$0 } }

  /// `(a x) + (b y)`, three roundings an element.
  package static func combination(_ a: Float, _ x: Tensor, _ b: Float, _ y: Tensor) -> Tensor {
    zip(x, y) { a * $0 + b * $1 }
  }

  /// Whether no element is NaN or infinite.
  package var isFinite: Bool { withUnsafeBufferPointer { $0.allSatisfy(\.isFinite) } }

  private func mapped(_ transform: (Float) -> Float) -> Tensor {
    Tensor(shape: shape) { z in withUnsafeBufferPointer { x in for i in 0..<z.count { z[i] = transform(x[i]) } } }
  }

  private static func zip(_ x: Tensor, _ y: Tensor, _ transform: (Float, Float) -> Float) -> Tensor {
    precondition(x.shape == y.shape, "shapes \(x.shape) and \(y.shape) differ")
    return Tensor(shape: x.shape) { z in
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in for i in 0..<z.count { z[i] = transform(x[i], y[i]) } }
      }
    }
  }
}
