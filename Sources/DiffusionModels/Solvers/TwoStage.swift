// Methods that evaluate the model twice a step. The first stage is `Evaluation.moved(to:)`, to the next level (Heun) or
// to one in between (DPM2); the second starts again from the sample that the first one started from. x / scale is on the
// line that samples move along, t where, and d the slope there: of diffusion models k-diffusion's sample, sigma and noise e.

/// The second stage of Heun's method (Karras and others 2022, algorithm 1; diffusers' HeunDiscreteScheduler and
/// FlowMatchHeunDiscreteScheduler).
///
///     x' / scale' = x / scale + (t' - t) (d_1 + d_2) / 2
///
/// `start` is the sample before the first stage, d_1 what that stage found, d_2 the slope `now`.
package func heunStep(
  _ now: Evaluation, from start: SolverMemory.Entry, firstSlope: SolverMemory.Entry, to target: NoiseLevel
) -> LinearCombination {
  let mean = 0.5 * LinearCombination(firstSlope) + 0.5 * now.slope
  return target.scale
    * (LinearCombination(start) / start.level.scale + (target.time - start.level.time) * mean)
}

/// The second stage of DPM-Solver-2 as k-diffusion has it (Lu and others 2022, algorithm 1; diffusers'
/// KDPM2DiscreteScheduler).
///
///     x' / scale' = x / scale + (t' - t) d
///
/// `start` is the sample before the first stage, d the slope `now`, halfway in log t.
package func dpm2Step(_ now: Evaluation, from start: SolverMemory.Entry, to target: NoiseLevel) -> LinearCombination {
  target.scale * (LinearCombination(start) / start.level.scale + (target.time - start.level.time) * now.slope)
}

/// As `dpm2Step`, to sigma_down only and then up again with noise (diffusers' KDPM2AncestralDiscreteScheduler).
///
///     x' / signal' = x / signal + (sigma_down - sigma) e + sigma_up z
///
/// Of a flow what stands before z is the sample of t_down, brought to the signal of the target (ComfyUI's
/// `sample_dpm_2_ancestral_RF`).
package func dpm2AncestralStep(
  _ now: Evaluation, from start: SolverMemory.Entry, to target: NoiseLevel, noise z: LinearCombination
) -> LinearCombination {
  let (down, up) = ancestralSigmas(from: start.level, to: target)
  if target.kind == .flow {
    let lower = NoiseLevel(1 / (1 + down), .flow)
    let sample = LinearCombination(start) + (lower.time - start.level.time) * now.slope
    return target.signal / lower.signal * sample + target.signal * up * z
  }
  return target.signal
    * (LinearCombination(start) / start.level.signal + (down - start.level.sigma) * now.noise + up * z)
}
