/// How evaluation times are spread over the training times (Lin and others 2023, table 2).
package enum TimestepSpacing: String, Sendable, CaseIterable {
  case leading, trailing, linspace
}

/// What the reference schedulers do differently when they spread times.
struct SpacingRule {
  /// Whether linspace keeps fractions, in single precision (the k family), or rounds to whole times.
  var keepsFractions = false
  /// Whether the end, time 0, is spread with the steps and left out again (the DPM family).
  var sharesWithEnd = false
  /// How many training times there are, and how many of them may be used, counted from the clean end.
  let trainSteps: Int
  let usableSteps: Int
  /// Added to leading times.
  let offset: Int
}

extension TimestepSpacing {
  /// Times from noisy to clean, in numpy's order of operations and with its rounding, half to even.
  func times(_ steps: Int, _ rule: SpacingRule) -> [Double] {
    let points = rule.sharesWithEnd ? steps + 1 : steps
    switch self {
    case .leading:
      let stride = rule.usableSteps / points
      return (points - steps..<points).reversed().map { Double($0 * stride + rule.offset) }
    case .linspace:
      // np.linspace(0, T - 1, N): multiples of the step, and the end exactly.
      let last = Double(rule.usableSteps - 1)
      let step = last / Double(max(points - 1, 1))
      let times = (points - steps..<points).map { $0 == points - 1 && points > 1 ? last : Double($0) * step }
      return times.reversed().map { rule.keepsFractions ? Double(Float($0)) : $0.rounded(.toNearestOrEven) }
    case .trailing:
      // np.arange(T, 0, -T / N): the difference of its first two values is what it multiplies. For some N it has
      // a value more, a rounding error above 0, which the classes take for time -1.
      let (first, ratio) = (Double(rule.usableSteps), Double(rule.trainSteps) / Double(steps))
      let difference = (first - ratio) - first
      let times = (0..<Int((first / ratio).rounded(.up))).map { index in
        let time = index == 1 ? first - ratio : first + Double(index) * difference
        return time.rounded(.toNearestOrEven) - 1
      }
      return times.filter { $0 >= 0 }
    }
  }
}
