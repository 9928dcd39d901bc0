import DiffusionModels
import Foundation
import GraphEngine
import Tensors

/// Spherical linear interpolation (Shoemake 1985): along the arc between two latents, so that noise stays as strong as it is.
///
/// `sin((1 - t) w) / sin(w) from + sin(t w) / sin(w) to`, w being the angle between them; each sample of a batch by itself.
package struct Slerp: ForecastingNode {
  package static let info = NodeInfo(
    type: "Slerp", version: 1, lane: .compute,
    summary: "Goes a part of the way from one latent to another, along an arc.")

  let from = Input<Latent>("from", "The latent at amount 0.")
  let to = Input<Latent>("to", "The latent at amount 1, at the same level.")
  let amount = Parameter("amount", "How far to go.", default: 0.5, min: 0, max: 1)
  let latent = Output<Latent>("latent", "The latent in between, at the same level.")

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    let (from, to) = (io[from], io[to])
    _ = try pair(from?.level, to?.level).level()
    io[latent] = from ?? to
  }

  private func pair(_ from: NoiseLevel?, _ to: NoiseLevel?) -> LatentPair {
    LatentPair(first: (self.from.name, from), second: (self.to.name, to))
  }

  package func run(_ io: inout NodeIO) throws {
    let (from, to, amount) = (io[from], io[to], io[amount])
    guard from.tensor.shape == to.tensor.shape else {
      throw NodeFailure("'to' is \(to.tensor.shape), but 'from' is \(from.tensor.shape)", at: self.to.name)
    }
    let level = try pair(from.level, to.level).level()
    let samples = (0..<from.tensor.shape[0]).map { index in
      slerp(from.tensor.sample(index), to.tensor.sample(index), amount)
    }
    io[latent] = Latent(Tensor(concatenating: samples), level: level)
  }

  private func slerp(_ from: Tensor, _ to: Tensor, _ amount: Double) -> Tensor {
    let (lengths, product) = from.withUnsafeBufferPointer { a in
      to.withUnsafeBufferPointer { b in
        let sums = zip(a, b).reduce(SIMD3<Double>.zero) { sum, pair in
          let (x, y) = (Double(pair.0), Double(pair.1))
          return sum + SIMD3(x * x, y * y, x * y)
        }
        return ((sums.x * sums.y).squareRoot(), sums.z)
      }
    }
    let angle = lengths > 0 ? acos(min(max(product / lengths, -1), 1)) : 0
    // Latents that point the same way, or are zero, have no arc between them: a line does as well.
    guard sin(angle) > 1e-4 else { return Float(1 - amount) * from + Float(amount) * to }
    return Float(sin((1 - amount) * angle) / sin(angle)) * from + Float(sin(amount * angle) / sin(angle)) * to
  }
}
