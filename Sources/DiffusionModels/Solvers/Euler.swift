/// One ancestral Euler step: Euler's to a level below the target, then noise up to it.
///
///     t_down = t'^2 / t
///     x' / signal' = x_0 + noise_down / signal_down e + sigma_up z     sigma_up^2 = (noise' / signal')^2 - (noise_down / signal_down)^2
///
/// t is k-diffusion's sigma (its `sample_euler_ancestral`; diffusers' EulerAncestralDiscreteScheduler) or a flow's (ComfyUI's
/// `sample_euler_ancestral_RF`). `eta` is how much of the way to t_down is gone. Plain Euler is `Evaluation.moved(to:)`.
package func eulerAncestralStep(
  _ now: Evaluation, to target: NoiseLevel, eta: Double = 1, noise z: LinearCombination
) -> LinearCombination {
  let (down, up) = ancestralSigmas(from: now.level, to: target, eta: eta)
  return target.signal * (now.denoised + down * now.noise + up * z)
}

/// How far to denoise, and how much noise to add after it, to come from one level to another: noise / signal of both.
func ancestralSigmas(from level: NoiseLevel, to target: NoiseLevel, eta: Double = 1) -> (down: Double, up: Double) {
  switch target.kind {
  case .diffusion:
    return ancestralSigmas(from: level.sigma, to: target.sigma, eta: eta)
  case .flow:
    let ratio = target.time / level.time
    let down = NoiseLevel(1 - target.time * (eta == 1 ? ratio : 1 + (ratio - 1) * eta), .flow)
    return (down.sigma, (target.sigma * target.sigma - down.sigma * down.sigma).squareRoot())
  }
}

/// k-diffusion's `get_ancestral_step`, of sigmas of any kind: the deviation `eta` of what would be independent of the past.
func ancestralSigmas(from sigma: Double, to next: Double, eta: Double = 1) -> (down: Double, up: Double) {
  let ratio = next / sigma
  // next^2 - up^2 is next^4 / sigma^2.
  if eta == 1 { return (next * ratio, next * (1 - ratio * ratio).squareRoot()) }
  let up = min(next, eta * next * (1 - ratio * ratio).squareRoot())
  return ((next * next - up * up).squareRoot(), up)
}
