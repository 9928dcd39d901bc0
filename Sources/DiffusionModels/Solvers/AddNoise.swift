import Tensors

/// A clean sample brought to a level: `signal x_0 + noise z`, as diffusers' schedulers' add_noise and scale_noise.
package func addNoise(_ noise: Tensor, to sample: Tensor, level: NoiseLevel) -> Tensor {
  (level.signal * LinearCombination(sample) + level.noise * LinearCombination(noise)).evaluated()
}
