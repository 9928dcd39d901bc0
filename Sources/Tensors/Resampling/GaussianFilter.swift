import Foundation

extension AxisFilter {
  /// Smoothing by a Gaussian of a deviation in samples, as far as four deviations; beyond the ends stand the ends.
  package static func gaussian(deviation: Double, count: Int) -> AxisFilter {
    let reach = Int((4 * deviation).rounded(.up))
    guard reach > 0 else { return AxisFilter(inputs: count, choosing: Array(0..<count)) }
    let raw = (-reach...reach).map { exp(-0.5 * (Double($0) / deviation) * (Double($0) / deviation)) }
    let sum = raw.reduce(0, +)
    return AxisFilter(
      inputs: count,
      taps: (0..<count).map { place in
        let (first, last) = (max(place - reach, 0), min(place + reach, count - 1))
        var weights = [Double](repeating: 0, count: last - first + 1)
        for (tap, weight) in raw.enumerated() {
          weights[min(max(place - reach + tap, first), last) - first] += weight / sum
        }
        return (first, weights.map { Float($0) })
      })
  }

  /// Smoothing of so many samples by a Gaussian that is cut off at `reach`; beyond the ends stands what a mirror at the
  /// outermost sample shows.
  package static func gaussian(deviation: Double, reach: Int, mirrored count: Int) -> AxisFilter {
    let raw = (-reach...reach).map { exp(-0.5 * (Double($0) / deviation) * (Double($0) / deviation)) }
    let sum = raw.reduce(0, +)
    let period = max(2 * (count - 1), 1)
    return AxisFilter(
      inputs: count,
      taps: (0..<count).map { place in
        var weights = [Double](repeating: 0, count: count)
        for (tap, weight) in raw.enumerated() {
          let folded = (((place - reach + tap) % period) + period) % period
          weights[min(folded, period - folded) % count] += weight / sum
        }
        let used = weights.indices.filter { weights[$0] != 0 }
        let (first, last) = (used.first ?? 0, used.last ?? 0)
        return (first, weights[first...last].map { Float($0) })
      })
  }
}
