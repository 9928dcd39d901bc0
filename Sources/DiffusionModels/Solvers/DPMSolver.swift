import Foundation

/// DPM-Solver and DPM-Solver++ (Lu and others 2022; diffusers' DPMSolverMultistepScheduler and -SinglestepScheduler).
///
/// One step goes from the level s to t with h = lambda_t - lambda_s. It is a Taylor series in lambda of what the model
/// tells, noise e (`dpmsolver`) or clean sample x_0 (`dpmsolver++`), D0 its value at s, D1 and D2 its first differences:
///
///     x_t = A x_s + B D0 + (B / 2 or C) D1 + E D2 + N z
///
/// Multistep takes the differences from earlier steps; singlestep from the steps inside one longer step, each again from
/// the sample that the longer step began with.
package struct DPMSolver: Sendable {
  package enum Algorithm: String, Sendable, CaseIterable {
    case dpmsolver
    case dpmsolverPlusPlus = "dpmsolver++"
    case sdeDPMSolver = "sde-dpmsolver"
    case sdeDPMSolverPlusPlus = "sde-dpmsolver++"

    package var isStochastic: Bool { self == .sdeDPMSolver || self == .sdeDPMSolverPlusPlus }
    /// Whether the series is that of x_0, not of e.
    package var predictsSample: Bool { self == .dpmsolverPlusPlus || self == .sdeDPMSolverPlusPlus }
  }

  /// Where the arithmetic of a step comes from.
  package enum Solver: String, Sendable, CaseIterable { case multistep, singlestep }

  /// How the first difference is weighted: as a midpoint's, by B / 2, or by the exact integral.
  package enum Variant: String, Sendable, CaseIterable { case midpoint, heun }

  package static let orders = 1...3

  package let algorithm: Algorithm
  package let variant: Variant

  package init(algorithm: Algorithm, variant: Variant) {
    self.algorithm = algorithm
    self.variant = variant
  }

  /// What the method remembers of an evaluation: x_0 or e.
  private func output(of now: Evaluation) -> SolverMemory.Entry {
    .init((algorithm.predictsSample ? now.denoised : now.noise).evaluated(), level: now.level)
  }

  // MARK: - Multistep

  /// A step of `order`, or of as many as there are evaluations; one to the clean level, or to where it is already, is of
  /// the first order.
  package func multistep(
    _ now: Evaluation, to target: NoiseLevel, order: Int, memory: SolverMemory, noise z: LinearCombination?
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let outputs = memory.outputs + [output(of: now)]
    let kept = SolverMemory(outputs: outputs.suffix(2))
    let used = target.isClean || target == now.level ? 1 : min(order, outputs.count)
    let weights = Weights(self, from: now.level, to: target)
    let lambdas = outputs.suffix(used).reversed().map(\.level.lambda)
    let m = outputs.suffix(used).reversed().map { LinearCombination($0) }
    if used == 1 { return (first(now, weights, z), kept) }

    let h = weights.h
    let r0 = (lambdas[0] - lambdas[1]) / h
    let slope = (m[0] - m[1]) / r0
    if used == 2 {
      return (weights.sum(now.sample, m[0], slope, isExact: variant == .heun, noise: z), kept)
    }
    let r1 = (lambdas[1] - lambdas[2]) / h
    let earlier = (m[1] - m[2]) / r1
    let d1 = slope + r0 / (r0 + r1) * (slope - earlier)
    let d2 = (slope - earlier) / (r0 + r1)
    return (weights.sum(now.sample, m[0], d1, isExact: true, d2, noise: z), kept)
  }

  // MARK: - Singlestep

  /// A step of `order`, or of as many as there are evaluations; one of the first order begins a longer step.
  package func singlestep(
    _ now: Evaluation, to target: NoiseLevel, order: Int, memory: SolverMemory, noise z: LinearCombination?
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let outputs = memory.outputs + [output(of: now)]
    let used = target.isClean ? 1 : min(order, outputs.count)
    guard used > 1, let start = memory.sample else {
      let next = first(now, Weights(self, from: now.level, to: target), z)
      let begun = SolverMemory.Entry(now.sample.evaluated(), level: now.level)
      return (next, SolverMemory(outputs: outputs.suffix(2), sample: begun))
    }
    let kept = SolverMemory(outputs: outputs.suffix(2), sample: start)
    let inside = Array(outputs.suffix(used))
    let weights = Weights(self, from: inside[0].level, to: target)
    let sample = LinearCombination(start)
    let m = inside.map { LinearCombination($0) }
    let r = inside.map { ($0.level.lambda - inside[0].level.lambda) / weights.h }
    let slope = (m[used - 1] - m[0]) / r[used - 1]
    if used == 2 {
      return (weights.sum(sample, m[0], slope, isExact: variant == .heun, noise: z), kept)
    }
    if variant == .midpoint {
      return (weights.sum(sample, m[0], slope, isExact: true, noise: z), kept)
    }
    let early = (m[1] - m[0]) / r[1]
    let d1 = (r[2] * early - r[1] * slope) / (r[2] - r[1])
    let d2 = 2 * (slope - early) / (r[2] - r[1])
    return (weights.sum(sample, m[0], d1, isExact: true, d2, noise: z), kept)
  }

  /// The order of step `step` of `count`: 1, 2, 3, 1, 2, 3, ..., lower at the end where `isLowered`.
  ///
  /// The class lowers it by itself in a run that does not divide into whole longer steps and in one that ends clean.
  package static func singlestepOrder(
    _ order: Int, step: Int, of count: Int, isLowered: Bool, endsClean: Bool
  ) -> Int {
    if endsClean, step == count - 1 { return 1 }
    let inLastOfWholes = count.isMultiple(of: order) && step >= count - order
    guard order > 1, isLowered || endsClean, inLastOfWholes else { return step % order + 1 }
    // 1, 2, 1 in place of 1, 2, 3 and 1, 1 in place of 1, 2.
    return step == count - 1 ? 1 : min(step % order + 1, order - 1)
  }

  private func first(_ now: Evaluation, _ weights: Weights, _ z: LinearCombination?) -> LinearCombination {
    // Without noise the first order is DDIM, in a form that holds from pure noise to the clean level.
    guard algorithm.isStochastic else { return now.moved(to: weights.target) }
    return weights.sum(
      now.sample, algorithm.predictsSample ? now.denoised : now.noise, nil, isExact: false, noise: z)
  }
}

/// The weights of one step's sum.
private struct Weights {
  let target: NoiseLevel
  let h: Double
  /// A, B, C and E.
  let sample, zeroth, exactFirst, second: Double
  /// N.
  let noise: Double

  init(_ solver: DPMSolver, from s: NoiseLevel, to t: NoiseLevel) {
    target = t
    h = t.lambda - s.lambda
    // t.noise (e^h - 1), which is finite when t is clean.
    let growth = t.signal * s.sigma - t.noise
    switch solver.algorithm {
    case .dpmsolverPlusPlus:
      sample = t.noise / s.noise
      zeroth = -t.signal * expm1(-h)
      exactFirst = t.signal * (expm1(-h) / h + 1)
      second = -t.signal * ((expm1(-h) + h) / (h * h) - 0.5)
      noise = 0
    case .dpmsolver:
      sample = t.signal / s.signal
      zeroth = -growth
      exactFirst = -(growth / h - t.noise)
      second = -((growth - h * t.noise) / (h * h) - 0.5 * t.noise)
      noise = 0
    case .sdeDPMSolverPlusPlus:
      sample = t.noise / s.noise * exp(-h)
      zeroth = -t.signal * expm1(-2 * h)
      exactFirst = t.signal * (expm1(-2 * h) / (2 * h) + 1)
      second = -t.signal * ((expm1(-2 * h) + 2 * h) / (4 * h * h) + 0.5)
      noise = t.noise * (-expm1(-2 * h)).squareRoot()
    case .sdeDPMSolver:
      sample = t.signal / s.signal
      zeroth = -2 * growth
      exactFirst = -2 * (growth / h - t.noise)
      second = 0
      noise = (growth * (growth + 2 * t.noise)).squareRoot()
    }
  }

  func sum(
    _ x: LinearCombination, _ d0: LinearCombination, _ d1: LinearCombination?, isExact: Bool,
    _ d2: LinearCombination? = nil, noise z: LinearCombination?
  ) -> LinearCombination {
    var sum = sample * x + zeroth * d0
    if let d1 { sum += (isExact ? exactFirst : zeroth / 2) * d1 }
    if let d2 { sum += second * d2 }
    if let z { sum += noise * z }
    return sum
  }
}
