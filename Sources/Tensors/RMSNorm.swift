/// Divides the channels of each token by the root of their mean square, `w x / sqrt(mean(x^2) + eps)`, as torch.nn.RMSNorm
/// (Zhang and Sennrich 2019).
package struct RMSNorm: Sendable {
  package let eps: Float
  private let weight: Tensor  // [c]

  package init(eps: Float, weight: Tensor) {
    precondition(weight.shape.count == 1, "\(weight) of a normalisation")
    (self.eps, self.weight) = (eps, weight)
  }

  private static let floatsPerTile = 16 << 10

  /// Normalises the last axis, or each run of `weight`'s length in it, such as each head: [..., k c] -> [..., k c].
  package func callAsFunction(_ x: Tensor) -> Tensor {
    let channels = weight.count
    precondition(
      channels > 0 && (x.shape.last ?? 0) % channels == 0, "\(x.shape) into a normalisation of \(channels) channels")
    let (rows, rowsPerTile) = (x.count / channels, max(Self.floatsPerTile / channels, 1))
    return Profile.measure(.layerNorm, Profile.Work(floats: 2 * x.count)) {
      Tensor(shape: x.shape) { y in
        guard let y = y.baseAddress, rows > 0 else { return }
        x.withUnsafePointer { x in
          weight.withUnsafePointer { weight in
            Parallel.forEach((rows + rowsPerTile - 1) / rowsPerTile) { tile in
              for row in tile * rowsPerTile..<min((tile + 1) * rowsPerTile, rows) {
                normalize(x + row * channels, y + row * channels, weight: weight)
              }
            }
          }
        }
      }
    }
  }

  private func normalize(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, weight: UnsafePointer<Float>
  ) {
    let channels = self.weight.count
    var squares = Vector.zero
    forEachVector(0..<channels) { c in
      let value = Vector(loading: x + c)
      squares = squares.addingProduct(value, value)
    } tail: { c, lanes in
      let value = Vector(loading: x + c, count: lanes)
      squares = squares.addingProduct(value, value)
    }
    let scale = Vector(repeating: 1 / (squares.laneSum / Float(channels) + eps).squareRoot())
    forEachVector(0..<channels) { c in
      (Vector(loading: weight + c) * (Vector(loading: x + c) * scale)).store(to: y + c)
    } tail: { c, lanes in
      (Vector(loading: weight + c, count: lanes) * (Vector(loading: x + c, count: lanes) * scale))
        .store(to: y + c, count: lanes)
    }
  }
}
