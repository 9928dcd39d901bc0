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

  /// In what precision coefficients are computed: diffusers' UniPC in double, ComfyUI's in single.
  ///
  /// Where steps are narrow, as the last one of many schedules is, the conditions are nearly singular, and what single
  /// precision makes of them moves the result by up to 8e-3.
  package enum Arithmetic: Sendable { case double, single }

  package let order: Int
  package let variant: Variant
  package let arithmetic: Arithmetic

  package init(order: Int, variant: Variant, arithmetic: Arithmetic = .double) {
    precondition(Self.orders ~= order, "order \(order)")
    self.order = order
    self.variant = variant
    self.arithmetic = arithmetic
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
    switch arithmetic {
    case .double: update(start, past: past, to: target, ending: ending, in: Double.self)
    case .single: update(start, past: past, to: target, ending: ending, in: Float.self)
    }
  }

  private func update<Number: UniPCNumber>(
    _ start: SolverMemory.Entry, past: ArraySlice<SolverMemory.Entry>, to target: NoiseLevel,
    ending: SolverMemory.Entry?, in: Number.Type
  ) -> LinearCombination {
    guard let newest = past.last else { return LinearCombination(start) }
    let (from, to) = (Number.level(newest.level), Number.level(target))
    let h = to.lambda - from.lambda
    let growth = Number.expm1(-h)
    let m0 = LinearCombination(newest)
    let base = Double(to.noise / from.noise) * LinearCombination(start) - Double(to.signal * growth) * m0
    var ratios = past.dropLast().reversed().map { (Number.level($0.level).lambda - from.lambda) / h }
    var differences = zip(past.dropLast().reversed(), ratios).map { (LinearCombination($0) - m0) / Double($1) }
    if let ending {
      ratios.append(1)
      differences.append(LinearCombination(ending) - m0)
    }
    if differences.isEmpty { return base }
    let scale = variant == .bh1 ? -h : growth
    let weights = weights(of: ratios, h: h, growth: growth, scale: scale)
    return zip(weights, differences).reduce(base) { $0 - Number.product(to.signal * scale, $1.0, $1.1) }
  }

  /// rho: 1/2 for a single difference, which is accurate enough at its order, else the solution of the conditions.
  private func weights<Number: UniPCNumber>(
    of ratios: [Number], h: Number, growth: Number, scale: Number
  ) -> [Number] {
    if ratios.count == 1 { return [0.5] }
    var (conditions, factorial) = ([Number](), 1.0)
    var phi = growth / -h - 1
    for i in 1...ratios.count {
      conditions.append(phi * Number(factorial) / scale)
      factorial *= Double(i + 1)
      phi = phi / -h - Number(1 / factorial)
    }
    return Number.solveVandermonde(ratios, conditions)
  }
}
