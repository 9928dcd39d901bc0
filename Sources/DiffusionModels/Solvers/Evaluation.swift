import Tensors

/// A noisy sample and what the model makes of it.
///
/// Every sampling method is a rule that moves a sample by its evaluations; methods differ in how many they remember.
package struct Evaluation: Sendable {
  package let level: NoiseLevel
  /// x_t = signal x_0 + noise e.
  package let sample: LinearCombination
  /// x_0, the clean sample that the prediction amounts to.
  package let denoised: LinearCombination
  /// e, the noise that the prediction amounts to.
  package let noise: LinearCombination
  /// The derivative of `x / scale` by `time` of its level: e, which is k-diffusion's dx/dsigma, or a flow's e - x_0.
  package let slope: LinearCombination

  private init(
    level: NoiseLevel, sample: LinearCombination, denoised: LinearCombination, noise: LinearCombination,
    slope: LinearCombination
  ) {
    (self.level, self.sample, self.denoised, self.noise, self.slope) = (level, sample, denoised, noise, slope)
  }

  /// Splits a model's output, which may be a sum of several.
  ///
  ///     epsilon:  e = output                       x_0 = (x_t - noise e) / signal
  ///     v:        e = signal output + noise x_t    x_0 = signal x_t - noise output
  ///     flow:     e = x_t + signal output          x_0 = x_t - noise output
  ///
  /// v is `signal e - noise x_0` (Salimans and Ho 2022, appendix D). A flow's velocity is `e - x_0`, and its signal and
  /// noise add to 1.
  package init(sample: LinearCombination, output: LinearCombination, kind: PredictionType, level: NoiseLevel) {
    self.level = level
    self.sample = sample
    switch kind {
    case .epsilon:
      noise = output
      denoised = (sample - level.noise * output) / level.signal
      slope = noise
    case .v:
      noise = level.signal * output + level.noise * sample
      denoised = level.signal * sample - level.noise * output
      slope = noise
    case .flow:
      noise = sample + level.signal * output
      denoised = sample - level.noise * output
      slope = output
    }
  }

  /// What a model of a kind would have to give for a sample to amount to a clean one: `init` the other way round.
  package static func output(
    _ kind: PredictionType, sample: LinearCombination, denoised: LinearCombination, level: NoiseLevel
  ) -> LinearCombination {
    let noise = (sample - level.signal * denoised) / level.noise
    return switch kind {
    case .epsilon: noise
    case .v: level.signal * noise - level.noise * denoised
    case .flow: noise - denoised
    }
  }

  /// The sample of another level that has the same x_0 and e.
  ///
  /// It is DDIM's deterministic step (Song and others 2021, equation 12), Euler's step along the line of samples,
  /// `x + (sigma' - sigma) e` of k-diffusion and `x + (sigma' - sigma) v` of a flow, and the first order of PLMS,
  /// DPM-Solver, DEIS and UniPC.
  package func moved(to target: NoiseLevel) -> LinearCombination { target.signal * denoised + target.noise * noise }

  /// This evaluation with the noise e of another one of the same sample, such as that for the negative prompt (CFG++, Chung
  /// and others 2024).
  package func withNoise(of other: Evaluation) -> Evaluation {
    Evaluation(level: level, sample: sample, denoised: denoised, noise: other.noise, slope: other.slope)
  }

  /// The same point of the line that samples move along, as that of a diffusion: what a method of k-diffusion sees that
  /// takes any sample for `x_0 + sigma e`.
  package var onLine: Evaluation {
    guard level.kind == .flow else { return self }
    let line = level.onLine
    return Evaluation(
      level: line, sample: line.signal / level.scale * sample, denoised: denoised, noise: slope, slope: slope)
  }
}
