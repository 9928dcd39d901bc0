import Foundation

/// The second order of refined exponential solvers, over two steps (Zhang and others 2023, arXiv 2308.02157; ComfyUI's
/// `sample_res_multistep`).
///
///     x' = sigma_down / sigma x + h (b_1 x_0 + b_2 x_0 before) + sigma_up z    b_2 = phi_2 / c,  b_1 = phi_1 - b_2
///
/// x stands for x / scale, on the line that samples move along, h = log(sigma / sigma_down), phi_1 = (1 - e^-h) / h,
/// phi_2 = (1 - phi_1) / h, and c h is the log of the last step's sigma_down over the sigma before it. `eta` 0 goes the
/// whole way without noise, 1 is the ancestral form.
package struct ResMultistep: Sendable {
  package let eta: Double

  package init(eta: Double) { self.eta = eta }

  package func step(
    _ now: Evaluation, to target: NoiseLevel, memory: SolverMemory, noise z: LinearCombination?
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let kept = SolverMemory(outputs: [.init(now.denoised.evaluated(), level: now.level)])
    let (sigma, x) = (now.level.time, now.sample / now.level.scale)
    let (down, up) = ancestralSigmas(from: sigma, to: target.time, eta: eta)
    var next = now.denoised + down * now.slope
    if let old = memory.outputs.last, down > 0 {
      let h = log(sigma / down)
      let downBefore = ancestralSigmas(from: old.level.time, to: sigma, eta: eta).down
      let c = log(downBefore / old.level.time) / h
      let phi1 = -expm1(-h) / h
      let weight = (1 - phi1) / h / c
      next = down / sigma * x + h * (phi1 - weight) * now.denoised + h * weight * LinearCombination(old)
    }
    if let z, up > 0 { next += up * z }
    return (target.scale * next, kept)
  }
}
