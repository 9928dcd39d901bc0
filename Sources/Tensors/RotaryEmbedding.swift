import Glibc

/// Turns pairs of channels of each head by angles that depend on a token's position.
///
/// Source: Su, Lu, Pan, Murtadha, Wen and Liu 2021. `y = x cos + x' sin`, x' being the other channel of the pair, with the sign of a rotation.
package struct RotaryEmbedding: Sendable {
  /// Which two of a head's d channels are turned together.
  package enum Pairing: Sendable {
    /// i and i + d/2, as transformers' `rotate_half`.
    case halves
    /// 2 i and 2 i + 1.
    case neighbours
  }

  let tokens, headWidth: Int
  private let pairing: Pairing
  /// For each channel, [tokens, d]: the cosine, and the sine with the sign that it has there.
  private let cosines, sines: Tensor

  /// The memory of the tables.
  package var byteCount: Int { 2 * tokens * headWidth * MemoryLayout<Float>.size }

  /// Takes the angle of each pair, [tokens, d/2], in double precision or as the reference rounds it.
  package init(angles: [[Double]], pairing: Pairing) {
    let pairs = angles.first?.count ?? 0
    precondition(angles.allSatisfy { $0.count == pairs }, "angles of several widths")
    (tokens, headWidth, self.pairing) = (angles.count, 2 * pairs, pairing)
    func table(_ value: (_ angle: Double, _ isFirst: Bool) -> Double) -> Tensor {
      Tensor(shape: [angles.count, 2 * pairs]) { target in
        for (token, angles) in angles.enumerated() {
          for (pair, angle) in angles.enumerated() {
            let (first, second) = pairing == .halves ? (pair, pair + pairs) : (2 * pair, 2 * pair + 1)
            target[token * 2 * pairs + first] = Float(value(angle, true))
            target[token * 2 * pairs + second] = Float(value(angle, false))
          }
        }
      }
    }
    cosines = table { angle, _ in Glibc.cos(angle) }
    sines = table { angle, isFirst in isFirst ? -Glibc.sin(angle) : Glibc.sin(angle) }
  }

  /// Turns every head of the tokens from the first on: [n, tokens or fewer, heads * d] -> the same shape.
  package func callAsFunction(_ x: Tensor) -> Tensor {
    precondition(
      x.shape.count == 3 && x.shape[1] <= tokens && headWidth > 0 && x.shape[2] % headWidth == 0,
      "\(x.shape) turned by angles for [n, \(tokens), heads * \(headWidth)]")
    let (samples, rows, width) = (x.shape[0], x.shape[1], x.shape[2])
    return Profile.measure(.other, Profile.Work(floats: 2 * x.count)) {
      Tensor(shape: x.shape) { y in
        guard let y = y.baseAddress, width > 0 else { return }
        x.withUnsafePointer { x in
          cosines.withUnsafePointer { cosines in
            sines.withUnsafePointer { sines in
              Parallel.forEach(samples * rows) { row in
                let angle = row % rows * headWidth
                for first in stride(from: row * width, to: (row + 1) * width, by: headWidth) {
                  turn(x + first, cosines: cosines + angle, sines: sines + angle, to: y + first)
                }
              }
            }
          }
        }
      }
    }
  }

  /// Turns one head of the token at a position; `y` may be `x`.
  func turn(_ x: UnsafePointer<Float>, token: Int, to y: UnsafeMutablePointer<Float>) {
    cosines.withUnsafePointer { cosines in
      sines.withUnsafePointer { sines in
        turn(x, cosines: cosines + token * headWidth, sines: sines + token * headWidth, to: y)
      }
    }
  }

  private func turn(
    _ x: UnsafePointer<Float>, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>,
    to y: UnsafeMutablePointer<Float>
  ) {
    switch pairing {
    case .halves:
      let half = headWidth / 2
      for (own, other) in [(0, half), (half, 0)] {
        forEachVector(0..<half) { i in
          (Vector(loading: x + own + i) * Vector(loading: cosines + own + i))
            .addingProduct(Vector(loading: x + other + i), Vector(loading: sines + own + i)).store(to: y + own + i)
        } tail: { i, lanes in
          (Vector(loading: x + own + i, count: lanes) * Vector(loading: cosines + own + i, count: lanes))
            .addingProduct(
              Vector(loading: x + other + i, count: lanes), Vector(loading: sines + own + i, count: lanes)
            )
            .store(to: y + own + i, count: lanes)
        }
      }
    case .neighbours:
      forEachVector(0..<headWidth) { i in
        let own = Vector(loading: x + i)
        (own * Vector(loading: cosines + i))
          .addingProduct(own.swappedNeighbours, Vector(loading: sines + i)).store(to: y + i)
      } tail: { i, lanes in
        let own = Vector(loading: x + i, count: lanes)
        (own * Vector(loading: cosines + i, count: lanes))
          .addingProduct(own.swappedNeighbours, Vector(loading: sines + i, count: lanes))
          .store(to: y + i, count: lanes)
      }
    }
  }
}

extension Vector {
  @inline(__always) fileprivate var swappedNeighbours: Vector {
    var swapped = self
    (swapped.evenHalf, swapped.oddHalf) = (oddHalf, evenHalf)
    return swapped
  }
}
