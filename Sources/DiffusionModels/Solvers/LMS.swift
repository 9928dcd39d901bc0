/// Linear multistep by sigma (k-diffusion's sample_lms; diffusers' LMSDiscreteScheduler).
///
///     x' / signal' = x / signal + sum_j c_j e_j,    c_j = integral from sigma to sigma' of l_j(s) ds
///
/// l_j is Lagrange's polynomial that is 1 at the sigma of e_j and 0 at the others'.
package struct LMS: Sendable {
  package static let orders = 1...4

  package let order: Int

  package init(order: Int) {
    precondition(Self.orders ~= order, "order \(order)")
    self.order = order
  }

  package func step(
    _ now: Evaluation, to target: NoiseLevel, memory: SolverMemory
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let outputs = memory.outputs + [.init(now.noise.evaluated(), level: now.level)]
    let used = Array(outputs.suffix(order))
    let sigmas = used.map(\.level.sigma)
    var next = now.sample / now.level.signal
    for (index, output) in used.enumerated() {
      let weight = integral(from: now.level.sigma, to: target.sigma) { sigma in
        lagrange(index, of: sigmas, at: sigma)
      }
      next += weight * LinearCombination(output)
    }
    return (target.signal * next, SolverMemory(outputs: outputs.suffix(order - 1)))
  }
}

/// Lagrange's polynomial over `nodes` that is 1 at the node `index` and 0 at the others.
private func lagrange(_ index: Int, of nodes: [Double], at x: Double) -> Double {
  nodes.indices.reduce(1) { product, other in
    other == index ? product : product * (x - nodes[other]) / (nodes[index] - nodes[other])
  }
}

/// The integral of a polynomial of degree 3 at most: Gauss and Legendre's rule of two points is exact for these.
private func integral(from start: Double, to end: Double, of polynomial: (Double) -> Double) -> Double {
  let (middle, half) = ((start + end) / 2, (end - start) / 2)
  let offset = half / (3.0).squareRoot()
  return half * (polynomial(middle - offset) + polynomial(middle + offset))
}
