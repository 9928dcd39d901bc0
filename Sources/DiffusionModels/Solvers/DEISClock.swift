import Foundation

/// DEIS by the time of a process of its own (Zhang and Chen 2023, tAB-DEIS; ComfyUI's `sample_deis`).
///
///     x' / scale' = x / scale + sum_j c_j d_j,    c_j = integral from u to u' of w(s) l_j(s) ds
///
/// d_j are the slopes of the line that samples move along, by its sigma. u is the time at which a variance-preserving process
/// has that sigma, whose linear betas go from sigma 0.002 at 1e-3 to sigma 80 at 1; w turns its time into sigma, and l_j is
/// Lagrange's polynomial over the times of the evaluations. The integral is a sum over 10 000 places.
package struct DEISClock: Sendable {
  private static let places = 10_000
  private static let (firstTime, least, most): (Float, Float, Float) = (1e-3, 0.002, 80)

  package let order: Int
  /// What beta is at time 0, and how much it grows to time 1.
  private let beta0: Float
  private let growth: Float

  package init(order: Int) {
    precondition(DEIS.orders ~= order, "order \(order)")
    self.order = order
    let (low, high) = (log(Self.least * Self.least + 1), log(Self.most * Self.most + 1))
    growth = 2 * (low / Self.firstTime - high) / (Self.firstTime - 1)
    beta0 = high - 0.5 * growth
  }

  private func time(of sigma: Double) -> Float {
    let sigma = Float(sigma)
    return ((beta0 * beta0 + 2 * growth * log(sigma * sigma + 1)).squareRoot() - beta0) / growth
  }

  /// A step of `order`, or of as many as there are evaluations; one to the clean level gives x_0.
  package func step(
    _ now: Evaluation, to target: NoiseLevel, memory: SolverMemory
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let outputs = memory.outputs + [.init(now.slope.evaluated(), level: now.level)]
    let kept = SolverMemory(outputs: outputs.suffix(2))
    if target.isClean { return (now.denoised, kept) }
    let used = Array(outputs.suffix(order))
    if used.count == 1 { return (target.scale * (now.denoised + target.time * now.slope), kept) }
    let weights = self.weights(used.map { Double(time(of: $0.level.time)) }, to: Double(time(of: target.time)))
    let next = zip(weights, used).reduce(now.sample / now.level.scale) { $0 + $1.0 * LinearCombination($1.1) }
    return (target.scale * next, kept)
  }

  private func weights(_ times: [Double], to end: Double) -> [Double] {
    let start = times[times.count - 1]
    let (beta0, growth) = (Double(beta0), Double(growth))
    var sums = times.map { _ in 0.0 }
    for place in 0..<Self.places {
      let time = start + (end - start) * Double(place) / Double(Self.places - 1)
      let alpha = exp(-0.5 * time * time * growth - time * beta0)
      let rate = 0.5 * (time * growth + beta0) / (alpha * (1 - alpha)).squareRoot()
      for index in times.indices {
        sums[index] += times.indices.reduce(rate) { product, other in
          other == index ? product : product * (time - times[other]) / (times[index] - times[other])
        }
      }
    }
    return sums.map { $0 * (end - start) / Double(Self.places) }
  }
}
