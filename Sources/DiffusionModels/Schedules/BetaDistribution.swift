import Foundation

/// The beta distribution, of which a curve of sigmas takes quantiles.
struct BetaDistribution {
  /// The one of the `beta` curve.
  static let curve = BetaDistribution(0.6, 0.6)

  private let (a, b): (Double, Double)

  init(_ a: Double, _ b: Double) { (self.a, self.b) = (a, b) }

  /// The x below which the part `probability`, 0 to 1, of the distribution lies: scipy's `beta.ppf`.
  func quantile(_ probability: Double) -> Double {
    if probability <= 0 { return 0 }
    if probability >= 1 { return 1 }
    // From the nearer end, where doubles are close.
    if probability > cumulative(0.5) { return 1 - BetaDistribution(b, a).quantile(near: 1 - probability) }
    return quantile(near: probability)
  }

  /// Newton's method on the logarithms, in which the lower tail is nearly a line, kept between bounds by bisection.
  private func quantile(near probability: Double) -> Double {
    let target = log(probability)
    var (low, high) = (-745.0, 0.0)
    var x = min((target + log(a) + logBeta) / a, -0.1)
    for _ in 0..<200 {
      let value = log(cumulative(exp(x)))
      if value < target { low = x } else { high = x }
      // d log F / d log x = f x / F
      let slope = exp(a * x + (b - 1) * log1p(-exp(x)) - logBeta - value)
      var next = x - (value - target) / slope
      if !(next > low && next < high) { next = (low + high) / 2 }
      if abs(next - x) <= 1e-16 * abs(x) { break }
      x = next
    }
    return exp(x)
  }

  private var logBeta: Double { lgamma(a) + lgamma(b) - lgamma(a + b) }

  /// The regularized incomplete beta function, by its continued fraction (Abramowitz and Stegun 26.5.8), evaluated with
  /// Lentz's method.
  func cumulative(_ x: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - BetaDistribution(b, a).cumulative(1 - x) }
    let tiny = 1e-300
    var (c, d) = (1.0, 1 / nonZero(1 - (a + b) * x / (a + 1), tiny))
    var fraction = d
    for m in 1...500 {
      let (m, m2) = (Double(m), 2 * Double(m))
      let even = m * (b - m) * x / ((a + m2 - 1) * (a + m2))
      let odd = -(a + m) * (a + b + m) * x / ((a + m2) * (a + m2 + 1))
      var change = 1.0
      for term in [even, odd] {
        d = 1 / nonZero(1 + term * d, tiny)
        c = nonZero(1 + term / c, tiny)
        change = c * d
        fraction *= change
      }
      if abs(change - 1) < 1e-16 { break }
    }
    return exp(a * log(x) + b * log1p(-x) - logBeta) * fraction / a
  }

  private func nonZero(_ value: Double, _ tiny: Double) -> Double { abs(value) < tiny ? tiny : value }
}
