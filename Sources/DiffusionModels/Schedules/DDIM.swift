import Tensors

/// One step of DDIM (Song et al. 2021, equations 12 and 16), in the order of operations of diffusers'
/// DDIMScheduler.step without clipping:
///
///     x_0     = (x_t - sqrt(1 - a_t) e) / sqrt(a_t)
///     s_t     = eta sqrt((1 - a_p) / (1 - a_t)) sqrt(1 - a_t / a_p)
///     x_{t-1} = sqrt(a_p) x_0 + sqrt(1 - a_p - s_t^2) e + s_t z
///
/// All tensors are [n, c, h, w]; `level` is a_t and `previousLevel` a_p, `eta` from 0 to 1 and `noise` z, needed unless
/// eta is 0. `denoised` is x_0.
package func ddimStep(
  sample: Tensor, modelOutput: Tensor, prediction: PredictionType, level: Double, previousLevel: Double,
  eta: Double = 0, noise: Tensor? = nil
) -> (previous: Tensor, denoised: Tensor) {
  let (alpha, alphaPrevious, eta) = (Float(level), Float(previousLevel), Float(eta))
  let beta = 1 - alpha
  let (x0, epsilon) = splitPrediction(sample, modelOutput, prediction, alpha: alpha)
  let variance = (1 - alphaPrevious) / beta * (1 - alpha / alphaPrevious)
  let deviation = eta * variance.squareRoot()
  // Rounding can take the difference a hair below 0.
  let direction = max(0, 1 - alphaPrevious - deviation * deviation).squareRoot()
  let previous = Tensor.combination(alphaPrevious.squareRoot(), x0, direction, epsilon)
  guard eta > 0 else { return (previous, x0) }
  guard let noise else { preconditionFailure("a step with eta \(eta) needs noise") }
  return (previous + deviation * noise, x0)
}

/// The clean sample and the noise that a model's output amounts to.
private func splitPrediction(
  _ sample: Tensor, _ output: Tensor, _ prediction: PredictionType, alpha: Float
) -> (x0: Tensor, epsilon: Tensor) {
  let (signal, noise) = (alpha.squareRoot(), (1 - alpha).squareRoot())
  switch prediction {
  case .epsilon: return ((sample - noise * output) / signal, output)
  case .v: return (.combination(signal, sample, -noise, output), .combination(signal, output, noise, sample))
  }
}

/// A clean sample brought to a level: `sqrt(a_t) x_0 + sqrt(1 - a_t) z`, as diffusers' schedulers' add_noise.
package func addNoise(_ noise: Tensor, to sample: Tensor, level: Double) -> Tensor {
  let alpha = Float(level)
  return .combination(alpha.squareRoot(), sample, (1 - alpha).squareRoot(), noise)
}
