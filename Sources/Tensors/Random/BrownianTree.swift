import Foundation

/// A path of Brownian motion over an interval, the same wherever and in what order it is asked for (torchsde's BrownianTree
/// as k-diffusion's BrownianTreeNoiseSampler sets it up).
///
/// The increment over the whole interval is drawn first. Then intervals are halved, each with a draw of its own, until one
/// begins where the path is asked for: of an interval [a, b] with increment W and middle m, the left half has
///
///     (m - a) / (b - a) W + sqrt((m - a) (b - m) / (b - a)) z
///
/// Ends, middles and places asked for are rounded to 6 decimals. The draws are torch's on a CPU, from seeds that NumPy's
/// SeedSequence gives for the interval's place in the tree.
package struct BrownianTree: Sendable {
  private static let poolSize = 24
  private static let decimals = 1e6

  private let (start, end): (Double, Double)
  private let seed: UInt64
  private let shape: [Int]

  /// Over [start, end]; all 64 bits of the seed count.
  package init(from start: Double, to end: Double, seed: UInt64, shape: [Int]) {
    precondition(start <= end, "a path from \(start) to \(end)")
    (self.start, self.end) = (Self.rounded(start), Self.rounded(end))
    (self.seed, self.shape) = (seed, shape)
  }

  /// The noise of a step from `sigma` down to `next`: of unit variance, `(W(next) - W(sigma)) / sqrt(sigma - next)`.
  package func noise(from sigma: Double, to next: Double) -> Tensor {
    let scale = Float(1 / abs(sigma - next).squareRoot())
    return .weightedSum([(scale, value(at: next)), (-scale, value(at: sigma))])
  }

  /// W at a place, which is 0 at the start.
  private func value(at place: Double) -> Tensor {
    let place = min(max(Self.rounded(place), start), end)
    var sum = Tensor.zeros(shape)
    if place <= start { return sum }
    var (a, b, key, depth) = (start, end, UInt64(0), UInt64(0))
    var whole = Float((end - start).squareRoot()) * draw(SeedSequence(entropy: seed, poolSize: Self.poolSize))
    while place < b {
      let middle = Self.rounded((a + b) / 2)
      guard middle > a, middle < b else { break }
      let z = draw(SeedSequence(entropy: seed, path: [key, depth], poolSize: Self.poolSize))
      let deviation = ((middle - a) * (b - middle) / (b - a)).squareRoot()
      let left = Tensor.weightedSum([(Float((middle - a) / (b - a)), whole), (Float(deviation), z)])
      (key, depth) = (2 * key, depth + 1)
      if place >= middle {
        sum = sum + left
        whole = whole - left
        a = middle
        key += 1
        if place == middle { return sum }
      } else {
        whole = left
        b = middle
      }
    }
    return sum + whole
  }

  private func draw(_ sequence: SeedSequence) -> Tensor {
    Tensor(shape: shape) { target in
      var normals = TorchNormals(seed: UInt64(sequence.firstWord))
      normals.fill(target)
    }
  }

  /// The nearest number of 6 decimals to the exact value, as Python rounds.
  private static func rounded(_ value: Double) -> Double {
    // The sign of a fused difference is exact, which that of a product need not be.
    let near = (value * decimals).rounded(.down)
    let floor = near + ((-near).addingProduct(value, decimals) < 0 ? -1 : 0)
    let rest = (-(floor + 0.5)).addingProduct(value, decimals)
    let isUp = rest > 0 || (rest == 0 && floor.truncatingRemainder(dividingBy: 2) != 0)
    return (isUp ? floor + 1 : floor) / decimals
  }
}
