/// One step of DDIM (Song, Meng and Ermon 2021, equations 12 and 16; diffusers' DDIMScheduler without clipping).
///
///     s_t     = eta sqrt((1 - a_p) / (1 - a_t)) sqrt(1 - a_t / a_p)
///     x_{t-1} = sqrt(a_p) x_0 + sqrt(1 - a_p - s_t^2) e + s_t z
///
/// a_p is the target's level. `eta` is from 0 to 1, and z is needed unless it is 0.
package func ddimStep(
  _ now: Evaluation, to target: NoiseLevel, eta: Double, noise z: LinearCombination?
) -> LinearCombination {
  guard eta > 0, let z else { return now.moved(to: target) }
  let deviation = eta * posteriorVariance(from: now.level, to: target).squareRoot()
  // Rounding can take the difference a hair below 0.
  let direction = max(0, 1 - target.cumulativeAlpha - deviation * deviation).squareRoot()
  return target.signal * now.denoised + direction * now.noise + deviation * z
}

/// One step of DDPM (Ho, Jain and Abbeel 2020, equation 7; diffusers' DDPMScheduler, variance `fixed_small`).
///
///     b       = 1 - a_t / a_p
///     x_{t-1} = sqrt(a_p) b / (1 - a_t) x_0 + sqrt(a_t / a_p) (1 - a_p) / (1 - a_t) x_t + sqrt(v) z
///     v       = (1 - a_p) / (1 - a_t) b
package func ddpmStep(_ now: Evaluation, to target: NoiseLevel, noise z: LinearCombination) -> LinearCombination {
  let (a, previous) = (now.level.cumulativeAlpha, target.cumulativeAlpha)
  let ratio = a / previous
  let variance = posteriorVariance(from: now.level, to: target)
  return target.signal * (1 - ratio) / (1 - a) * now.denoised
    + ratio.squareRoot() * (1 - previous) / (1 - a) * now.sample
    + variance.squareRoot() * z
}

/// The variance of x_{t-1} given x_t and x_0: `(1 - a_p) / (1 - a_t) (1 - a_t / a_p)`.
private func posteriorVariance(from level: NoiseLevel, to target: NoiseLevel) -> Double {
  let (a, previous) = (level.cumulativeAlpha, target.cumulativeAlpha)
  return (1 - previous) / (1 - a) * (1 - a / previous)
}
