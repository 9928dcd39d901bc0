/// Linear multistep (k-diffusion's sample_lms; diffusers' LMSDiscreteScheduler).
///
///     x' / scale' = x / scale + sum_j c_j d_j,    c_j = integral from t to t' of l_j(s) ds
///
/// d_j is the slope of the line that samples move along, t where they are on it: e and k-diffusion's sigma, or the velocity
/// and sigma of a flow. l_j is Lagrange's polynomial that is 1 at the t of d_j and 0 at the others'.
package struct LMS: Sendable {
  package static let orders = 1...4

  package let order: Int

  package init(order: Int) {
    precondition(Self.orders ~= order, "order \(order)")
    self.order = order
  }

  /// A step of `order`, or of as many as there are evaluations; with `endsByDenoising` one to the clean level gives x_0, as in
  /// ComfyUI.
  package func step(
    _ now: Evaluation, to target: NoiseLevel, memory: SolverMemory, endsByDenoising: Bool = false
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let outputs = memory.outputs + [.init(now.slope.evaluated(), level: now.level)]
    if endsByDenoising, target.isClean { return (now.denoised, SolverMemory(outputs: outputs.suffix(order - 1))) }
    let used = Array(outputs.suffix(order))
    let times = used.map(\.level.time)
    var next = now.sample / now.level.scale
    for (index, output) in used.enumerated() {
      let weight = integral(from: now.level.time, to: target.time) { time in
        lagrange(index, of: times, at: time)
      }
      next += weight * LinearCombination(output)
    }
    return (target.scale * next, SolverMemory(outputs: outputs.suffix(order - 1)))
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
