import Foundation
import Tensors

/// UniPC (Zhao and others 2023, algorithms 5 to 8; diffusers' UniPCMultistepScheduler with predict_x0).
///
/// Both halves are, with m_0 the newest x_0 of the past, r_k = (lambda_k - lambda_0) / h and D_k = (m_k - m_0) / r_k,
///
///     x_t = sigma_t / sigma_s x_s - alpha_t (e^-h - 1) m_0 - alpha_t B(h) sum_k rho_k D_k
///
/// The predictor goes on from the newest evaluation. The corrector first takes the last step again, now that x_0 at its
/// end is known too, as one more D. The rho solve `sum_k r_k^(i-1) rho_k = b_i`.
package struct UniPC: Sendable {
  /// B(h): -h or e^-h - 1.
  package enum Variant: String, Sendable, CaseIterable { case bh1, bh2 }

  package static let orders = 1...3

  package let order: Int
  package let variant: Variant

  package init(order: Int, variant: Variant) {
    precondition(Self.orders ~= order, "order \(order)")
    self.order = order
    self.variant = variant
  }

  /// A step of the solver's order, or of as many as there are evaluations; one to the clean level is of the first order.
  package func step(
    _ now: Evaluation, to target: NoiseLevel, memory: SolverMemory
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let newest = SolverMemory.Entry(now.denoised.evaluated(), level: now.level)
    let corrected = correct(newest, memory) ?? now.sample.evaluated()
    let outputs = memory.outputs + [newest]
    let order = target.isClean ? 1 : min(order, outputs.count)
    let start = SolverMemory.Entry(corrected, level: now.level)
    let next = update(start, past: outputs.suffix(order), to: target, ending: nil)
    return (next, SolverMemory(outputs: outputs.suffix(3), sample: start, order: order))
  }

  /// The sample that the last step would have led to, had it known `newest`; nil when there was none.
  private func correct(_ newest: SolverMemory.Entry, _ memory: SolverMemory) -> Tensor? {
    guard let start = memory.sample, let order = memory.order, !memory.outputs.isEmpty else { return nil }
    return update(start, past: memory.outputs.suffix(order), to: newest.level, ending: newest).evaluated()
  }

  /// From `start`, which belongs to the newest of `past`, to `target`; `ending` is x_0 there, when it is known.
  private func update(
    _ start: SolverMemory.Entry, past: ArraySlice<SolverMemory.Entry>, to target: NoiseLevel,
    ending: SolverMemory.Entry?
  ) -> LinearCombination {
    guard let newest = past.last else { return LinearCombination(start) }
    let h = target.lambda - newest.level.lambda
    let m0 = LinearCombination(newest)
    let base =
      target.noise / newest.level.noise * LinearCombination(start) - target.signal * expm1(-h) * m0
    var ratios = past.dropLast().reversed().map { ($0.level.lambda - newest.level.lambda) / h }
    var differences = zip(past.dropLast().reversed(), ratios).map { (LinearCombination($0) - m0) / $1 }
    if let ending {
      ratios.append(1)
      differences.append(LinearCombination(ending) - m0)
    }
    if differences.isEmpty { return base }
    let weights = differenceWeights(ratios, h: h)
    let scale = variant == .bh1 ? -h : expm1(-h)
    return zip(weights, differences).reduce(base) { $0 - target.signal * scale * $1.0 * $1.1 }
  }

  /// rho: 1/2 for a single difference, which is accurate enough at its order, else the solution of the conditions.
  private func differenceWeights(_ ratios: [Double], h: Double) -> [Double] {
    if ratios.count == 1 { return [0.5] }
    let scale = variant == .bh1 ? -h : expm1(-h)
    var (conditions, factorial) = ([Double](), 1.0)
    var phi = expm1(-h) / -h - 1
    for i in 1...ratios.count {
      conditions.append(phi * factorial / scale)
      factorial *= Double(i + 1)
      phi = phi / -h - 1 / factorial
    }
    return solveVandermonde(ratios, conditions)
  }
}

/// Solves `sum_k x_k^i y_k = b_i`, i from 0, by the coefficients of Lagrange's polynomials; the nodes x must differ.
private func solveVandermonde(_ nodes: [Double], _ b: [Double]) -> [Double] {
  nodes.indices.map { k in
    // The coefficients of prod (x - x_j) / (x_k - x_j), the constant one first.
    var coefficients = [1.0]
    for (j, node) in nodes.enumerated() where j != k {
      let scale = nodes[k] - node
      let shifted = [0] + coefficients
      coefficients = zip(shifted, coefficients + [0]).map { ($0 - node * $1) / scale }
    }
    return zip(coefficients, b).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
