import Foundation

/// How the sigmas of the steps are spread, in place of the times.
///
/// karras, exponential and beta are those of diffusers (`use_karras_sigmas` and its like), the others those of ComfyUI, whose
/// convention draws all of them by its own rules (`ComfyUISigmas`).
package enum SigmaCurve: String, Sendable, CaseIterable {
  /// The sigmas of evenly spread times.
  case plain = "none"
  /// Karras and others 2022, equation 5, with rho 7.
  case karras
  /// Evenly spread logarithms.
  case exponential
  /// Quantiles of the beta distribution with both shapes 0.6 (Lee and others 2024): close at both ends.
  case beta
  /// Every T / N-th sigma of training, from the noisiest on.
  case simple
  /// Evenly spread times from the noisiest to time 0, their sigmas interpolated in the logarithm (k-diffusion's
  /// `get_sigmas`).
  case normal
  /// As `normal`, but one step short of time 0.
  case sgmUniform = "sgm_uniform"
  /// Every (T / N)-th sigma of training from time 1 on: N + 1 of them where N does not divide T.
  case ddimUniform = "ddim_uniform"
  /// A line over the first 2.5 % of noise, then a parabola (Movie Gen).
  case linearQuadratic = "linear_quadratic"
  /// Even steps of atan(sigma) (Sabour and others 2024).
  case klOptimal = "kl_optimal"
  /// What the authors of FLUX.2 bend even sigmas by, from the picture's size and the number of steps.
  case flux2

  /// Whether only ComfyUI's convention draws it.
  package var isOfComfyUIAlone: Bool {
    switch self {
    case .linearQuadratic, .klOptimal, .flux2: true
    default: false
    }
  }

  /// Whether the curve is drawn from all of training, whatever the spacing.
  var isOfWholeTable: Bool {
    switch self {
    case .plain, .karras, .exponential, .beta: false
    case .simple, .normal, .sgmUniform, .ddimUniform, .linearQuadratic, .klOptimal, .flux2: true
    }
  }

  /// The sigmas of karras, exponential and beta for `steps` steps from `most` to `least`; the others have none.
  func sigmas(_ steps: Int, from most: Double, to least: Double) -> [Double] {
    // np.linspace(0, 1, N)
    let ramp = (0..<steps).map { steps > 1 && $0 == steps - 1 ? 1 : Double($0) * (1 / Double(max(steps - 1, 1))) }
    switch self {
    case .plain, .simple, .normal, .sgmUniform, .ddimUniform, .linearQuadratic, .klOptimal, .flux2:
      return []
    case .karras:
      let (start, end) = (pow(most, 1 / 7), pow(least, 1 / 7))
      return ramp.map { pow(start + $0 * (end - start), 7) }
    case .exponential:
      let (start, end) = (log(most), log(least))
      let step = (end - start) / Double(max(steps - 1, 1))
      return (0..<steps).map { exp(steps > 1 && $0 == steps - 1 ? end : Double($0) * step + start) }
    case .beta:
      return ramp.map { least + BetaDistribution.curve.quantile(1 - $0) * (most - least) }
    }
  }

  /// The sigmas that `steps` steps start at, from noisy to clean.
  ///
  /// karras, exponential and beta go from `range.upperBound` to `range.lowerBound`. `plain` has none of its own.
  func sigmas(_ steps: Int, range: ClosedRange<Double>, table: SigmaTable) -> [Double] {
    switch self {
    case .plain, .karras, .exponential, .beta:
      return sigmas(steps, from: range.upperBound, to: range.lowerBound)
    case .simple:
      let stride = Double(table.sigmas.count) / Double(steps)
      return (0..<steps).map { Double(table.sigmas[table.sigmas.count - 1 - Int(Double($0) * stride)]) }
    case .normal:
      return TrainingNoise.linspace(table.lastTime, 0, steps).map(table.logarithmicSigma)
    case .sgmUniform:
      return TrainingNoise.linspace(table.lastTime, 0, steps + 1).dropLast().map(table.logarithmicSigma)
    case .ddimUniform:
      return stride(from: 1, to: table.sigmas.count, by: max(table.sigmas.count / steps, 1)).reversed()
        .map { Double(table.sigmas[$0]) }
    case .linearQuadratic, .klOptimal, .flux2:
      return []
    }
  }
}
