import Foundation

/// The steps of conventions that compute with sigmas: the k-diffusion and the DPM families.
struct SigmaSteps {
  private let config: SchedulerConfig
  private let options: ScheduleOptions
  private let table: SigmaTable

  init(_ config: SchedulerConfig, _ options: ScheduleOptions, _ table: SigmaTable) {
    self.config = config
    self.options = options
    self.table = table
  }

  private var convention: ScheduleConvention { options.convention }
  private var isListed: Bool { options.timesteps != nil || options.sigmas != nil }
  private var curve: SigmaCurve { isListed ? .plain : options.curve ?? config.curves.first ?? .plain }
  private var spacing: TimestepSpacing { options.spacing ?? config.spacing ?? .linspace }

  func plan(_ joint: ScheduleJoint?) throws -> StepPlan {
    let (discreteTimes, exactSigmas) = try joined(steps(), at: joint)
    // The classes compute in double precision and keep what they found in single.
    let sigmas = exactSigmas.map { Float($0) }
    let first = table.endsInPureNoise && sigmas.first == table.most ? 1 : 0
    if let place = sigmas.indices.dropFirst(first + 1).first(where: { sigmas[$0] >= sigmas[$0 - 1] }) {
      throw ScheduleError(
        .steps, "\(sigmas.count) steps take sigma \(sigmas[place]) twice; fewer were expected for this schedule")
    }
    let isContinuous = config.isContinuous && config.predictionType == .v
    let times = isContinuous ? sigmas.map { Double(0.25 * log($0)) } : discreteTimes
    let skipped = try options.skippedSteps(of: times.count)
    let end = end(after: sigmas[sigmas.count - 1])
    return StepPlan(
      evaluations: evaluations(Array(times.dropFirst(skipped)), Array(sigmas.dropFirst(skipped)), end: end),
      endLevel: level(end), startsFromNoise: startsFromNoise(sigmas[0]))
  }

  // MARK: - Times and sigmas

  private func steps() throws -> (times: [Double], sigmas: [Double]) {
    if let list = options.sigmas {
      let sigmas = try listed(list).dropLast()
      // In single precision, as EulerDiscreteScheduler; the DPM family, whose classes take no list, rounds.
      let times = sigmas.map { convention.isOfDPMFamily ? time(of: Double($0)) : Double(table.time(of: $0)) }
      return (times, sigmas.map(Double.init))
    }
    if let list = options.timesteps {
      try options.require(list, within: config)
      return (list, list.map(table.sigma))
    }
    try options.requireSteps(within: table.sigmas.count)
    // The DPM family's curves are drawn over all of training, the k family's between the ends of the spacing.
    var (most, least) = (Double(table.most), Double(table.least))
    if curve == .plain || (convention.isOfKFamily && !curve.isOfWholeTable) {
      let times = spacing.times(options.steps, try spacingRule())
      try options.require(times, within: config)
      let sigmas = times.map(table.sigma)
      if curve == .plain { return (times, sigmas) }
      (most, least) = (sigmas[0], sigmas[sigmas.count - 1])
    }
    // LMSDiscreteScheduler's karras does not look at them.
    if convention != .lms || curve != .karras {
      (most, least) = (config.curveMaximum ?? most, config.curveMinimum ?? least)
    }
    guard least <= most else {
      throw ModelError(
        "\(config.path): the curve would go from sigma \(most) to \(least) ('sigma_max' and 'sigma_min'); a falling one "
          + "was expected")
    }
    let sigmas = curve.sigmas(options.steps, range: least...most, table: table)
    return (sigmas.map(time), sigmas)
  }

  private func joined(
    _ own: (times: [Double], sigmas: [Double]), at joint: ScheduleJoint?
  ) throws -> (times: [Double], sigmas: [Double]) {
    let steps = zip(own.times, own.sigmas).map { ScheduleJoint.Step(time: $0, level: level(Float($1))) }
    let joined = try joint?.join(steps, time: { table.time(of: $0.sigma) }) { time, _ in
      let told = convention.isOfKFamily ? Double(Float(time)) : time.rounded(.toNearestOrEven)
      return ScheduleJoint.Step(time: told, level: level(Float(table.sigma(at: curve == .plain ? told : time))))
    }
    return joined.map { ($0.map(\.time), $0.map(\.sigma)) } ?? own
  }

  private func spacingRule() throws -> SpacingRule {
    SpacingRule(
      keepsFractions: convention.isOfKFamily, sharesWithEnd: convention.isOfDPMFamily, trainSteps: table.sigmas.count,
      usableSteps: table.count(leastLogSNR: config.leastLogSNR), offset: try options.leadingOffset(config))
  }

  /// A list of sigmas that may have been rounded: those a hundredth beyond training's still count as its ends.
  private func listed(_ list: [Double]) throws -> [Float] {
    let range = Double(table.least) * 0.99...Double(table.most) * 1.01
    for (index, sigma) in list.enumerated() where !range.contains(sigma) {
      if index == list.count - 1, sigma < range.lowerBound { continue }
      throw ScheduleError(
        .sigmas, "sigmas has \(sigma); the model was trained with sigmas \(table.least) to \(table.most)")
    }
    return list.map { Float($0) }
  }

  /// What the model is told of a curve's sigma.
  private func time(of sigma: Double) -> Double {
    let time = table.time(of: sigma)
    switch convention {
    case .k, .eulerAncestral, .lms, .heun: return Double(Float(time))
    case .dpm2, .dpm2Ancestral: return curve == .karras ? time.rounded(.toNearestOrEven) : time
    default:
      // The classes keep whole times, most of them only after rounding.
      let isRounded =
        switch curve {
        case .exponential, .beta: false
        case .karras: convention != .dpm || config.betaSchedule != .cosine
        default: true
        }
      return isRounded ? time.rounded(.toNearestOrEven) : time.rounded(.towardZero)
    }
  }

  // MARK: - Ends

  private func end(after last: Float) -> Float {
    if let end = options.sigmas?.last { return Float(end) }
    let isOfClass = curve != .plain && !curve.isOfWholeTable
    // DEIS repeats the last sigma of a curve, and UniPC does where it ends at the least one.
    if isOfClass, convention == .deis { return last }
    switch options.end ?? config.finalSigma ?? convention.ends[0] {
    case .zero: return 0
    case .sigmaMin: return isOfClass && convention == .unipc ? last : table.least
    }
  }

  /// For leading times the k family's start noise has the variance of the sample; DPM's always has.
  ///
  /// ComfyUI's curves start from it also wherever they start at the greatest sigma.
  private func startsFromNoise(_ first: Float) -> Bool {
    !convention.isOfKFamily || spacing == .leading || (curve.isOfWholeTable && first >= table.most * (1 - 1e-5))
  }

  // MARK: - Evaluations

  private func level(_ sigma: Float) -> Double { 1 / (1 + Double(sigma) * Double(sigma)) }

  private func evaluations(_ times: [Double], _ sigmas: [Float], end: Float) -> [StepPlan.Evaluation] {
    var list: [StepPlan.Evaluation] = []
    for (index, time) in times.enumerated() {
      let isLast = index == times.count - 1
      let (sigma, next) = (sigmas[index], isLast ? end : sigmas[index + 1])
      let second = isLast ? nil : secondEvaluation(from: sigma, to: next, time: times[index + 1])
      let firstTarget = convention.pattern == .pairs ? next : second?.sigma ?? next
      list.append(.init(time: time, level: level(sigma), source: level(sigma), target: level(firstTarget)))
      if let second {
        list.append(
          .init(time: second.time, level: level(second.sigma), source: level(sigma), target: level(next)))
      }
    }
    return list
  }

  /// The second evaluation of a step, which the last step does without.
  private func secondEvaluation(from sigma: Float, to next: Float, time: Double) -> (time: Double, sigma: Float)? {
    switch convention.pattern {
    case .single, .restart, .logMidpoints, .ancestralLogMidpoints, .groups: return nil
    case .pairs: return (time, next)
    case .midpoints: return middle(sigma, next)
    case .ancestralMidpoints:
      // The deviation that the step adds afterwards, and what is left to reach without it: next^2 / sigma, as the class
      // computes it, whose single precision may leave nothing where a step is wide.
      let (from, to) = (sigma * sigma, next * next)
      let up = (to * (from - to) / from).squareRoot()
      let rest = to - up * up
      return middle(sigma, rest > 0 ? rest.squareRoot() : to / sigma)
    }
  }

  /// The geometric mean, in the classes' precision and order of operations.
  private func middle(_ sigma: Float, _ next: Float) -> (time: Double, sigma: Float) {
    let (start, end) = convention == .dpm2 ? (log(next), log(sigma)) : (log(sigma), log(next))
    let middle = exp(end - (end - start) * 0.5)
    return (Double(table.time(of: middle)), middle)
  }
}
