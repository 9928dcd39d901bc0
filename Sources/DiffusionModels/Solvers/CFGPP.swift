import Foundation

// CFG++ (Chung and others 2024, arXiv 2406.08070) as ComfyUI has it: a step goes to x_0 of the guided prediction and adds the
// noise of the one for the negative prompt. Euler's is `moved(to:)` of `Evaluation.withNoise(of:)`.

/// The ancestral step of CFG++ (ComfyUI's `sample_euler_ancestral_cfg_pp`).
///
///     x' / signal' = x_0 + l_down e + l_up z
///
/// l is noise / signal of both kinds of models, and e in `now` the noise of the negative prompt.
package func eulerAncestralGuidedStep(
  _ now: Evaluation, to target: NoiseLevel, eta: Double, noise z: LinearCombination
) -> LinearCombination {
  if target.isClean { return now.denoised }
  let (down, up) = ancestralSigmas(from: now.level.sigma, to: target.sigma, eta: eta)
  return target.signal * (now.denoised + down * now.noise + up * z)
}

/// DPM-Solver++ 2M of CFG++ (ComfyUI's `sample_dpmpp_2m_cfg_pp`).
///
///     x' / scale' = x_0 + t' d_u + (1 - t' / t) / (2 r) (x_0 - u before)
///
/// On the line that samples move along, d_u the slope and u the x_0 for the negative prompt, r the last step's way in log t over
/// this one's.
package func dpmSolverGuidedStep(
  _ now: Evaluation, uncond: Evaluation, to target: NoiseLevel, memory: SolverMemory
) -> (next: LinearCombination, memory: SolverMemory) {
  let kept = SolverMemory(outputs: [.init(uncond.denoised.evaluated(), level: now.level)])
  if target.isClean { return (now.denoised, kept) }
  var next = now.denoised + target.time * uncond.slope
  if let before = memory.outputs.last {
    let ratio = log(before.level.time / now.level.time) / log(now.level.time / target.time)
    next += (1 - target.time / now.level.time) / (2 * ratio) * (now.denoised - LinearCombination(before))
  }
  return (target.scale * next, kept)
}
