/// Euler's method with a slope that is carried beyond the newest one (Permenter and Yuan 2023, arXiv 2306.04848, section 4;
/// ComfyUI's `sample_gradient_estimation`).
///
///     x' / scale' = x / scale + (t' - t) (d + (gamma - 1) (d - d_before))
///
/// d is the slope of the line that samples move along. A step to the clean level gives x_0.
package func gradientEstimationStep(
  _ now: Evaluation, to target: NoiseLevel, gamma: Double, memory: SolverMemory
) -> (next: LinearCombination, memory: SolverMemory) {
  let kept = SolverMemory(outputs: [.init(now.slope.evaluated(), level: now.level)])
  if target.isClean { return (now.denoised, kept) }
  var next = now.denoised + target.time * now.slope
  if let before = memory.outputs.last {
    next += (target.time - now.level.time) * (gamma - 1) * (now.slope - LinearCombination(before))
  }
  return (target.scale * next, kept)
}
