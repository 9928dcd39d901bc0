/// One step of multistep consistency sampling (Luo and others 2023, LCM, algorithm 3; diffusers' LCMScheduler).
///
///     f  = c_out x_0 + c_skip x_t           c_skip = d^2 / (s^2 + d^2)    c_out = s / sqrt(s^2 + d^2)
///     x' = signal' f + noise' z             s = time scaling,             d = 0.5
///
/// Without `timestepScaling` f is x_0, as in ComfyUI. `denoised` is f, which is x_0 itself on a flow (diffusers' FlowMatchLCMScheduler). At the clean level nothing of z is left.
package func lcmStep(
  _ now: Evaluation, time: Double, timestepScaling: Double?, to target: NoiseLevel, noise z: LinearCombination
) -> (next: LinearCombination, denoised: LinearCombination) {
  var denoised = now.denoised
  if let timestepScaling, now.level.kind == .diffusion {
    let (scaled, data) = (time * timestepScaling, 0.5)
    let square = scaled * scaled + data * data
    denoised = scaled / square.squareRoot() * now.denoised + data * data / square * now.sample
  }
  return (target.signal * denoised + target.noise * z, denoised)
}

/// One step of trajectory consistency sampling (Zheng and others 2024, TCD; diffusers' TCDScheduler).
///
///     x_s = sqrt(a_s) x_0 + sqrt(1 - a_s) e
///     x'  = sqrt(a' / a_s) x_s + sqrt(1 - a' / a_s) z
///
/// `intermediate` is s, below the target by as much as `gamma` says; where it is the target no noise is needed.
package func tcdStep(
  _ now: Evaluation, through intermediate: NoiseLevel, to target: NoiseLevel, noise z: LinearCombination?
) -> LinearCombination {
  let between = now.moved(to: intermediate)
  let ratio = target.cumulativeAlpha / intermediate.cumulativeAlpha
  guard let z, ratio < 1 else { return between }
  return ratio.squareRoot() * between + (1 - ratio).squareRoot() * z
}
