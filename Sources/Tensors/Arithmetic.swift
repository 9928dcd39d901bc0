// Elementwise arithmetic in single precision. Every operation rounds on its own, none is contracted to a fused
// multiply-add: a formula written as PyTorch writes it gives the bits PyTorch gives.

extension Tensor {
  package static func + (x: Tensor, y: Tensor) -> Tensor { zipped(x, y) { $0 + $1 } }
  package static func - (x: Tensor, y: Tensor) -> Tensor { zipped(x, y) { $0 - $1 } }
  package static func * (x: Tensor, y: Tensor) -> Tensor { zipped(x, y) { $0 * $1 } }
  package static func * (a: Float, x: Tensor) -> Tensor { x.mapped { a * $0 } }
  package static func / (x: Tensor, a: Float) -> Tensor { x.mapped { $0 / a } }
  package static prefix func - (x: Tensor) -> Tensor { x.mapped { -$0 } }

  /// `(a x) + (b y)`, three roundings an element.
  package static func combination(_ a: Float, _ x: Tensor, _ b: Float, _ y: Tensor) -> Tensor {
    zipped(x, y) { a * $0 + b * $1 }
  }

  /// Whether no element is NaN or infinite.
  package var isFinite: Bool {
    withUnsafePointer { x in
      // x - x is 0 for a finite x and NaN for any other, and a NaN stays in the sum.
      var sum = Vector.zero
      forEachVector(0..<count) { i in
        let value = Vector(loading: x + i)
        sum += value - value
      } tail: { i, lanes in
        let value = Vector(loading: x + i, count: lanes)
        sum += value - value
      }
      return sum.laneSum == 0
    }
  }
}
