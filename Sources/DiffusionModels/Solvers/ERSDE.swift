import Foundation

/// Extended reverse-time stochastic differential equations (Cui and others 2023, arXiv 2309.06169, ER-SDE-Solver-3 in
/// the form for x_0; ComfyUI's `sample_er_sde`).
///
///     x' / signal' = r x / signal + (1 - r) x_0 + (l' - l + f' S_0) x_0^(1) + ((l' - l)^2 / 2 + f' S_1) x_0^(2)
///                    + sqrt(l'^2 - (r l)^2) z
///
/// l = noise / signal, f = l (e^(l^0.3) + 10), r = f' / f; S_k is the integral of (u - l)^k / f(u) from l' to l, by a sum over
/// 200 places, and x_0^(k) are the differences of the last three x_0 by l.
package struct ERSDE: Sendable {
  package static let orders = 1...3
  private static let places = 200

  package let order: Int

  package init(order: Int) {
    precondition(Self.orders ~= order, "order \(order)")
    self.order = order
  }

  private func scale(_ l: Double) -> Double { l * (exp(pow(l, 0.3)) + 10) }

  /// A step of `order`, or of as many as there are evaluations; one to the clean level gives x_0.
  package func step(
    _ now: Evaluation, to target: NoiseLevel, memory: SolverMemory, noise z: LinearCombination
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let outputs = memory.outputs + [.init(now.denoised.evaluated(), level: now.level)]
    let kept = SolverMemory(outputs: outputs.suffix(2))
    if target.isClean { return (now.denoised, kept) }
    let (start, end) = (now.level.sigma, target.sigma)
    let ratio = scale(end) / scale(start)
    var next = ratio * (now.sample / now.level.signal) + (1 - ratio) * now.denoised

    let used = outputs.suffix(order).reversed().map { (l: $0.level.sigma, x0: LinearCombination($0)) }
    if used.count > 1 {
      let width = end - start
      let (sum0, sum1) = sums(from: start, to: end)
      let first = (used[0].x0 - used[1].x0) / (used[0].l - used[1].l)
      next += (width + scale(end) * sum0) * first
      if used.count > 2 {
        let earlier = (used[1].x0 - used[2].x0) / (used[1].l - used[2].l)
        let second = (first - earlier) / ((used[0].l - used[2].l) / 2)
        next += (width * width / 2 + scale(end) * sum1) * second
      }
    }
    let deviation = max(0, end * end - start * start * ratio * ratio).squareRoot()
    return (target.signal * (next + deviation * z), kept)
  }

  private func sums(from start: Double, to end: Double) -> (Double, Double) {
    let part = (start - end) / Double(Self.places)
    return (0..<Self.places).reduce((0, 0)) { sums, place in
      let l = end + Double(place) * part
      return (sums.0 + part / scale(l), sums.1 + part * (l - start) / scale(l))
    }
  }
}
