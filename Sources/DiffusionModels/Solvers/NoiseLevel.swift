import Foundation

/// The ways in which models were trained to go from clean to pure noise.
package enum LevelKind: String, Sendable, CaseIterable {
  /// sqrt(a_t) x_0 + sqrt(1 - a_t) e, the variance preserved (Ho, Jain and Abbeel 2020).
  case diffusion
  /// (1 - sigma) x_0 + sigma e, a straight line (Lipman and others 2022; Liu, Gong and Liu 2022).
  case flow
}

/// How noisy a sample is, in every measure that the papers use.
///
/// A sample is `x_t = signal x_0 + noise e`. The DPM-Solver papers call `signal` alpha_t and `noise` sigma_t; k-diffusion
/// scales samples of diffusion models by `1 / signal` and calls the noise that they then have sigma, as here.
package struct NoiseLevel: Sendable, Equatable {
  package let kind: LevelKind
  /// 1 is clean, 0 pure noise: a_t, the cumulative product of alphas, or 1 - sigma of a flow.
  package let value: Double

  package init(_ value: Double, _ kind: LevelKind = .diffusion) { (self.value, self.kind) = (value, kind) }

  /// The level of a diffusion at which a sample of unit signal has noise of this standard deviation.
  package init(sigma: Double) { self.init(1 / (1 + sigma * sigma)) }

  /// The same in both kinds.
  package static let clean = NoiseLevel(1)
  package static let pureNoise = NoiseLevel(0)

  package var isClean: Bool { value == 1 }
  package var isPureNoise: Bool { value == 0 }

  /// Whether a sample at this level can be one of `kind`: the ends belong to both.
  package func fits(_ kind: LevelKind) -> Bool { self.kind == kind || isClean || isPureNoise }

  /// Whether two levels are one, but for the rounding of the classes that computed them.
  package func isSame(as other: NoiseLevel) -> Bool { fits(other.kind) && Self.isSame(value, other.value) }

  package static func isSame(_ level: Double, _ other: Double) -> Bool { abs(level - other) <= 1e-6 * max(other, 1e-3) }

  /// What the clean sample is multiplied by: sqrt(a_t), or 1 - sigma.
  package var signal: Double { kind == .diffusion ? value.squareRoot() : value }
  /// What standard normal noise is multiplied by: sqrt(1 - a_t), or sigma.
  package var noise: Double { kind == .diffusion ? (1 - value).squareRoot() : 1 - value }
  /// noise / signal: 0 when clean, infinite in pure noise.
  package var sigma: Double { kind == .diffusion ? ((1 - value) / value).squareRoot() : (1 - value) / value }
  /// The logarithm of signal / noise: infinite when clean.
  package var lambda: Double { (kind == .diffusion ? 0.5 : 1) * log(value / (1 - value)) }

  /// a_t of a diffusion; of a flow that of the diffusion with the same signal-to-noise ratio.
  package var cumulativeAlpha: Double { kind == .diffusion ? value : 1 / (1 + sigma * sigma) }

  // MARK: - The line that a sample moves along

  /// With this scale a sample lies on the line `x / scale = x_0 + time slope`, which methods of ordinary differential
  /// equations follow: k-diffusion's x_0 + sigma e, and x_0 + sigma (e - x_0) of a flow.
  package var scale: Double { kind == .diffusion ? signal : 1 }
  /// Where on that line it is: noise / signal, or sigma.
  package var time: Double { kind == .diffusion ? sigma : noise }

  /// The level of a diffusion whose sigma is the time on that line.
  package var onLine: NoiseLevel { kind == .diffusion ? self : NoiseLevel(sigma: time) }
  /// The level of a flow that `onLine` gave.
  package var flowOffLine: NoiseLevel { NoiseLevel(1 - sigma, .flow) }
}
