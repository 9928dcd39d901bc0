import Foundation

/// DEIS by log rho (Zhang and Chen 2023; diffusers' DEISMultistepScheduler).
///
///     x' / signal' = x / signal + sum_j c_j e_j,    c_j = integral from rho to rho' of l_j(log r) dr
///
/// rho is noise / signal, and l_j Lagrange's polynomial that is 1 at log rho of e_j and 0 at the others'.
package struct DEIS: Sendable {
  package static let orders = 1...3

  package let order: Int

  package init(order: Int) {
    precondition(Self.orders ~= order, "order \(order)")
    self.order = order
  }

  /// A step of `order`, or of as many as there are evaluations; one to the clean level is of the first order.
  package func step(
    _ now: Evaluation, to target: NoiseLevel, memory: SolverMemory
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let outputs = memory.outputs + [.init(now.noise.evaluated(), level: now.level)]
    return (next(now, outputs.suffix(order), target), SolverMemory(outputs: outputs.suffix(2)))
  }

  private func next(
    _ now: Evaluation, _ outputs: ArraySlice<SolverMemory.Entry>, _ target: NoiseLevel
  ) -> LinearCombination {
    if outputs.count == 1 || target.isClean { return now.moved(to: target) }
    let logs = outputs.map { -$0.level.lambda }
    var next = now.sample / now.level.signal
    for (index, output) in outputs.enumerated() {
      let roots = logs.indices.filter { $0 != index }.map { logs[$0] }
      let scale = roots.reduce(1) { $0 * (logs[index] - $1) }
      let weight = integral(of: roots, at: -target.lambda) - integral(of: roots, at: -now.level.lambda)
      next += weight / scale * LinearCombination(output)
    }
    return target.signal * next
  }

  /// An antiderivative by r, at r = e^u, of the product of `log r - root` over one or two roots.
  ///
  /// With p(u) that product it is `e^u (p - p' + p'')`.
  private func integral(of roots: [Double], at u: Double) -> Double {
    let differences = roots.map { u - $0 }
    let product = differences.reduce(1, *)
    return roots.count == 1
      ? exp(u) * (product - 1) : exp(u) * (product - differences.reduce(0, +) + 2)
  }
}
