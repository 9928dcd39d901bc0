import Foundation

/// How noisy a sample is, in every measure that the papers use.
///
/// A sample is `x_t = signal x_0 + noise e`. The DPM-Solver papers call `signal` alpha_t and `noise` sigma_t; k-diffusion
/// scales samples by `1 / signal` and calls the noise that they then have sigma, as here.
package struct NoiseLevel: Sendable, Equatable {
  /// a_t, the cumulative product of alphas: 1 is clean, 0 pure noise.
  package let cumulativeAlpha: Double

  package init(_ cumulativeAlpha: Double) { self.cumulativeAlpha = cumulativeAlpha }

  /// The level at which a sample of unit signal has noise of this standard deviation.
  package init(sigma: Double) { cumulativeAlpha = 1 / (1 + sigma * sigma) }

  package static let clean = NoiseLevel(1)

  package var isClean: Bool { cumulativeAlpha == 1 }

  /// sqrt(a_t).
  package var signal: Double { cumulativeAlpha.squareRoot() }
  /// sqrt(1 - a_t).
  package var noise: Double { (1 - cumulativeAlpha).squareRoot() }
  /// noise / signal: 0 when clean, infinite in pure noise.
  package var sigma: Double { ((1 - cumulativeAlpha) / cumulativeAlpha).squareRoot() }
  /// Half the logarithm of the signal-to-noise ratio, log(signal / noise): infinite when clean.
  package var lambda: Double { 0.5 * log(cumulativeAlpha / (1 - cumulativeAlpha)) }
}
