/// One ancestral Euler step: Euler's to a level below the target, then noise up to it.
///
///     t_down = t'^2 / t
///     x' / signal' = x_0 + noise_down / signal_down e + sigma_up z     sigma_up^2 = (noise' / signal')^2 - (noise_down / signal_down)^2
///
/// t is k-diffusion's sigma (its `sample_euler_ancestral`; diffusers' EulerAncestralDiscreteScheduler) or a flow's (ComfyUI's
/// `sample_euler_ancestral_RF`, eta 1). Plain Euler is `Evaluation.moved(to:)`.
package func eulerAncestralStep(
  _ now: Evaluation, to target: NoiseLevel, noise z: LinearCombination
) -> LinearCombination {
  let (down, up) = ancestralSigmas(from: now.level, to: target)
  return target.signal * (now.denoised + down * now.noise + up * z)
}

/// How far to denoise, and how much noise to add after it, to come from one level to another: noise / signal of both.
func ancestralSigmas(from level: NoiseLevel, to target: NoiseLevel) -> (down: Double, up: Double) {
  let ratio = target.time / level.time
  switch target.kind {
  case .diffusion:
    // sigma'^2 - sigma_up^2 is sigma'^4 / sigma^2.
    return (target.sigma * ratio, target.sigma * (1 - ratio * ratio).squareRoot())
  case .flow:
    let down = NoiseLevel(1 - target.time * ratio, .flow)
    return (down.sigma, (target.sigma * target.sigma - down.sigma * down.sigma).squareRoot())
  }
}
