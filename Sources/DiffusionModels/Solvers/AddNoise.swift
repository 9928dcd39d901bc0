import Tensors

/// A clean sample brought to a level: `sqrt(a_t) x_0 + sqrt(1 - a_t) z`, as diffusers' schedulers' add_noise.
package func addNoise(_ noise: Tensor, to sample: Tensor, level: Double) -> Tensor {
  let level = NoiseLevel(level)
  return (level.signal * LinearCombination(sample) + level.noise * LinearCombination(noise)).evaluated()
}
