/// Pseudo numerical methods without PLMS's first steps (Zhang and Chen 2023, iPNDM; ComfyUI's `sample_ipndm` and
/// `sample_ipndm_v`).
///
///     x' / scale' = x / scale + (t' - t) sum_j c_j d_j
///
/// d_j are the slopes of up to four evaluations, of the line that samples move along. `fixed` takes the coefficients of Adams
/// and Bashforth for even steps, `variable` others that follow the steps' widths. A step to the clean level gives x_0.
package struct IPNDM: Sendable {
  package enum Variant: String, Sendable, CaseIterable { case fixed, variable }

  package static let orders = 1...4

  package let order: Int
  package let variant: Variant

  package init(order: Int, variant: Variant) {
    precondition(Self.orders ~= order, "order \(order)")
    (self.order, self.variant) = (order, variant)
  }

  package func step(
    _ now: Evaluation, to target: NoiseLevel, memory: SolverMemory
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let outputs = memory.outputs + [.init(now.slope.evaluated(), level: now.level)]
    let kept = SolverMemory(outputs: outputs.suffix(order - 1))
    if target.isClean { return (now.denoised, kept) }
    let used = Array(outputs.suffix(order).reversed())
    let times = [target.time] + used.map(\.level.time)
    let weights =
      variant == .fixed
      ? PLMS.adamsBashforth[used.count - 1] : coefficients(widths: zip(times, times.dropFirst()).map(-))
    let sum = zip(weights, used).map { $0 * LinearCombination($1) }.reduce(LinearCombination.zero, +)
    return (target.scale * (now.sample / now.level.scale + (target.time - now.level.time) * sum), kept)
  }

  /// For steps of `widths`, the coming one first.
  ///
  /// They are the reference's: those of three and four evaluations are not the exact integrals of a polynomial.
  private func coefficients(widths h: [Double]) -> [Double] {
    if h.count == 1 { return [1] }
    let ratio = h[0] / h[1]
    var c = [1 + ratio / 2, -ratio / 2]
    if h.count == 2 { return c }
    let pair = h[1] + h[2]
    let second = (1 - h[0] * h[0] / (3 * h[1] * pair)) / 2
    c = [c[0] + second, c[1] - (1 + h[1] / h[2]) * second, second * h[1] / h[2]]
    if h.count == 3 { return c }
    let (two, three) = (h[0] + h[1], h[0] + h[1] + h[2])
    let third =
      ((1 - h[0] / (3 * two)) / 2 + (1 - h[0] / (2 * two)) * h[0] / (6 * three)) * (h[0] * two * three)
      / (h[1] * pair * (pair + h[3]))
    let far = h[1] * pair / (h[2] * (h[2] + h[3]))
    return [
      c[0] + third, c[1] - (1 + h[1] / h[2] + far) * third, c[2] + (h[1] / h[2] + far * (1 + h[2] / h[3])) * third,
      -third * far * h[1] / h[2],
    ]
  }
}
