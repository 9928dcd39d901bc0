// DPM-Solver++ of two evaluations a step, the first of which leads halfway in log(signal / noise), as k-diffusion has it.

/// Either stage of DPM-Solver++ SDE (k-diffusion's `sample_dpmpp_sde`, r 1/2).
///
///     x' / signal' = l_down / l x / signal + (1 - l_down / l) x_0 + l_up z
///
/// l is noise / signal of the sample `start`, which both stages begin from; x_0 is what the model says where the stage before
/// led to, and l_down, l_up are an ancestral step's from l to the target's.
package func dpmppSDEStep(
  from start: LinearCombination, at level: NoiseLevel, denoised: LinearCombination, to target: NoiseLevel, eta: Double,
  noise z: LinearCombination?
) -> LinearCombination {
  let (down, up) = ancestralSigmas(from: level.sigma, to: target.sigma, eta: eta)
  let ratio = down / level.sigma
  var next = ratio * (start / level.signal) + (1 - ratio) * denoised
  if let z { next += up * z }
  return target.signal * next
}

/// The second stage of ancestral DPM-Solver++ 2S (k-diffusion's `sample_dpmpp_2s_ancestral`; of a flow ComfyUI's
/// `sample_dpmpp_2s_ancestral_RF`).
///
///     x_down = noise_down / noise (x - signal x_0) + signal_down x_0
///     x'     = signal' / signal_down x_down + signal' sigma_up z
///
/// `start` is the sample before the first stage, and x_0 what the model says `now`, halfway to the lower level.
package func dpmpp2SAncestralStep(
  _ now: Evaluation, from start: SolverMemory.Entry, to target: NoiseLevel, eta: Double, noise z: LinearCombination
) -> LinearCombination {
  let (down, up) = ancestralSigmas(from: start.level, to: target, eta: eta)
  let lower = target.kind == .diffusion ? NoiseLevel(sigma: down) : NoiseLevel(1 / (1 + down), .flow)
  let ratio = lower.noise / start.level.noise
  let sample =
    ratio * LinearCombination(start) + (lower.signal - ratio * start.level.signal) * now.denoised
  return target.signal / lower.signal * sample + target.signal * up * z
}
