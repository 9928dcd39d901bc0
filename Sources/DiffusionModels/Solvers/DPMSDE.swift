import Foundation

/// Multistep DPM-Solver++ of the stochastic differential equation as k-diffusion has it (its `sample_dpmpp_2m_sde` and
/// `sample_dpmpp_3m_sde`).
///
///     x' = noise' / noise e^(-h eta) x + signal' (A x_0 + phi_2 D1 - phi_3 D2) + noise' sqrt(1 - e^(-2 h eta)) z
///
/// h is the way in log(signal / noise), H = h (1 + eta), A = 1 - e^-H, phi_2 = 1 - A / H, phi_3 = phi_2 / H - 1/2. D1 and D2 are
/// differences of the last three x_0; the midpoint of two weighs D1 by A / 2. diffusers' third order has another weight
/// of D2 (`DPMSolver`). A step to the clean level gives x_0.
package struct DPMSDE: Sendable {
  package static let orders = 1...3

  package let order: Int
  package let variant: DPMSolver.Variant
  package let eta: Double

  package init(order: Int, variant: DPMSolver.Variant, eta: Double) {
    precondition(Self.orders ~= order, "order \(order)")
    (self.order, self.variant, self.eta) = (order, variant, eta)
  }

  /// A step of `order`, or of as many as there are evaluations.
  package func step(
    _ now: Evaluation, to target: NoiseLevel, memory: SolverMemory, noise z: LinearCombination?
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let outputs = memory.outputs + [.init(now.denoised.evaluated(), level: now.level)]
    let kept = SolverMemory(outputs: outputs.suffix(2))
    if target.isClean { return (now.denoised, kept) }
    let h = target.lambda - now.level.lambda
    let wide = h * (1 + eta)
    let change = -expm1(-wide)
    var sum = change * now.denoised

    let used = Array(outputs.suffix(order).reversed())
    if used.count > 1 {
      let x0 = used.map { LinearCombination($0) }
      let ways = zip(used, used.dropFirst()).map { ($0.level.lambda - $1.level.lambda) / h }
      let slope = (x0[0] - x0[1]) / ways[0]
      let phi2 = 1 - change / wide
      if used.count == 2 {
        sum += (order == 2 && variant == .midpoint ? change / 2 : phi2) * slope
      } else {
        let earlier = (x0[1] - x0[2]) / ways[1]
        let d1 = slope + ways[0] / (ways[0] + ways[1]) * (slope - earlier)
        let d2 = (slope - earlier) / (ways[0] + ways[1])
        sum += phi2 * d1 - (phi2 / wide - 0.5) * d2
      }
    }
    var next = target.noise / now.level.noise * exp(-h * eta) * now.sample + target.signal * sum
    if let z { next += target.noise * (-expm1(-2 * h * eta)).squareRoot() * z }
    return (next, kept)
  }
}
