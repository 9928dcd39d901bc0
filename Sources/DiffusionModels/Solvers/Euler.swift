/// One ancestral Euler step (k-diffusion's sample_euler_ancestral; diffusers' EulerAncestralDiscreteScheduler).
///
///     sigma_up   = sigma' sqrt(1 - sigma'^2 / sigma^2)        sigma_down = sqrt(sigma'^2 - sigma_up^2)
///     x' / signal' = x_0 + sigma_down e + sigma_up z
///
/// It is Euler's step to sigma_down, then noise up to sigma'. Plain Euler is `Evaluation.moved(to:)`.
package func eulerAncestralStep(
  _ now: Evaluation, to target: NoiseLevel, noise z: LinearCombination
) -> LinearCombination {
  let (down, up) = ancestralSigmas(from: now.level.sigma, to: target.sigma)
  return target.signal * (now.denoised + down * now.noise + up * z)
}

/// How far to denoise, and how much noise to add after it, to come from one sigma to another.
func ancestralSigmas(from sigma: Double, to target: Double) -> (down: Double, up: Double) {
  let ratio = target / sigma
  // sigma'^2 - sigma_up^2 is sigma'^4 / sigma^2.
  return (target * ratio, target * (1 - ratio * ratio).squareRoot())
}
