import Tensors

/// A clean sample brought to a level: `signal x_0 + noise z`, as diffusers' schedulers' add_noise and scale_noise.
///
/// `amount` is how much of the noise is added.
package func addNoise(_ noise: Tensor, amount: Double = 1, to sample: Tensor, level: NoiseLevel) -> Tensor {
  let scaled = level.signal * LinearCombination(sample)
  return (amount == 0 ? scaled : scaled + amount * level.noise * LinearCombination(noise)).evaluated()
}
