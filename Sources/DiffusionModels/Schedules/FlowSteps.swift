import Foundation

/// The steps of a flow model: sigmas from 1, pure noise, to 0, bent by the model's shift.
///
/// diffusers has two lists of even sigmas before the shift: 1, 1 - 1/N, ... 1/N, which pipelines hand to the classes, and
/// each class's own, which ends at the least sigma of training. Lists are computed in the precision of the class, and kept
/// in single precision.
struct FlowSteps {
  private let config: SchedulerConfig
  private let options: ScheduleOptions

  init(_ config: SchedulerConfig, _ options: ScheduleOptions) throws(ScheduleError) {
    self.config = config
    self.options = options
    try options.checkForFlow()
  }

  private var convention: ScheduleConvention { options.convention }
  private var flow: FlowShift { config.flow }
  private var trainSteps: Double { Double(config.trainSteps) }

  func plan(_ joint: ScheduleJoint?) throws -> StepPlan {
    let mu = try mu()
    let exact = startingBelowNoise(try bent(try evenly(mu)))
    var (times, sigmas) = (exact.map(time(of:)), exact.map { Float($0) })
    let steps = zip(times, sigmas).map { ScheduleJoint.Step(time: $0, level: level($1)) }
    let joined = try joint?.join(steps, time: { (1 - $0.level) * trainSteps }) { time, _ in
      let sigma = time / trainSteps
      return ScheduleJoint.Step(time: self.time(of: sigma), level: level(Float(sigma)))
    }
    if let joined { (times, sigmas) = (joined.map(\.time), joined.map { Float(1 - $0.level) }) }
    let end = Float(options.sigmas?.last.map { flow.shifted($0, mu: mu) } ?? 0)
    if let place = sigmas.indices.first(where: { sigmas[$0] <= ($0 + 1 < sigmas.count ? sigmas[$0 + 1] : end) }) {
      throw ScheduleError(
        .steps, "\(sigmas.count) steps take sigma \(sigmas[place]) twice; fewer were expected for this schedule")
    }
    let startsFromNoise = sigmas[0] >= 0.98
    let skipped = try options.skippedStepsOfFlow(of: sigmas.count)
    return StepPlan(
      evaluations: evaluations(Array(times.dropFirst(skipped)), Array(sigmas.dropFirst(skipped)), end: end),
      endLevel: level(end), startsFromNoise: startsFromNoise)
  }

  // MARK: - Sigmas

  /// What the sigmas are bent by; nil where the shift is fixed.
  private func mu() throws(ScheduleError) -> Double? {
    guard let dynamic = flow.dynamic else { return nil }
    let steps = options.sigmas.map { $0.count - 1 } ?? options.steps
    guard dynamic.needsTokens else { return dynamic.mu(tokens: 0, steps: steps) }
    guard let tokens = options.imageTokens else {
      throw ScheduleError(
        .latent,
        "the model's noise depends on the size of the picture; a wire into 'latent', or 'width' and 'height', was expected"
      )
    }
    return dynamic.mu(tokens: tokens, steps: steps)
  }

  /// The list before curves, from noisy to clean.
  private func evenly(_ mu: Double?) throws -> [Double] {
    func shifted<Real: BinaryFloatingPoint>(_ sigmas: [Real]) -> [Double] {
      let shifted = sigmas.map { flow.shifted($0, mu: mu) }
      return (convention.stretchesFlow ? flow.stretched(shifted) : shifted).map { Double($0) }
    }
    func shiftedList(_ sigmas: [Double]) -> [Double] {
      convention.isOfDPMFamily ? shifted(sigmas) : shifted(sigmas.map { Float($0) })
    }
    if let list = options.sigmas {
      if let sigma = list.first(where: { $0 > 1 }) {
        throw ScheduleError(.sigmas, "sigmas has \(sigma); a flow's are from 0 to 1")
      }
      return shiftedList(list.dropLast())
    }
    try options.requireSteps(within: config.trainSteps)
    let count = options.steps
    switch convention.flowSpacing(options.spacing) {
    case .handedOver:
      return shiftedList(linspace(1, 1 / Double(count), count))
    case .own where convention == .unipc:
      return shifted(Array(linspace(1, 1 / trainSteps, count + 1).dropLast()))
    case .own where convention.isOfDPMFamily:
      let sigmas = linspace(1, 1 / trainSteps, count + 1).map { 1 - $0 }
      return shifted(Array(sigmas.reversed().dropLast()))
    case .own:
      // The ends are those of training, which the class has shifted already where its shift is fixed.
      let ends = [Float(1), 1 / Float(trainSteps)].map { mu == nil ? flow.shifted($0, mu: nil) : $0 }
      let times = linspace(Double(ends[0]) * trainSteps, Double(ends[1]) * trainSteps, count)
      return shifted(times.map { $0 / trainSteps })
    }
  }

  /// FlowMatchEulerDiscreteScheduler spreads the sigmas of a curve between the ends of the shifted list.
  private func bent(_ sigmas: [Double]) throws -> [Double] {
    let curve = options.sigmas == nil ? options.curve ?? config.curves.first ?? .plain : .plain
    guard curve != .plain else { return sigmas }
    guard !curve.isOfWholeTable else {
      throw ScheduleError(
        .curve, "curve \(curve.rawValue) is not for a flow model; none, karras, exponential or beta was expected")
    }
    return curve.sigmas(sigmas.count, from: sigmas[0], to: sigmas[sigmas.count - 1])
  }

  /// The DPM family divides by the signal in a sample, of which UniPCMultistepScheduler leaves a millionth.
  private func startingBelowNoise(_ sigmas: [Double]) -> [Double] {
    guard convention.isOfDPMFamily, abs(sigmas[0] - 1) < 1e-6 else { return sigmas }
    return [sigmas[0] - 1e-6] + sigmas.dropFirst()
  }

  /// np.linspace in double precision.
  private func linspace(_ start: Double, _ end: Double, _ count: Int) -> [Double] {
    let step = (end - start) / Double(max(count - 1, 1))
    return (0..<count).map { count > 1 && $0 == count - 1 ? end : Double($0) * step + start }
  }

  // MARK: - Evaluations

  /// What the model is told: the DPM family's classes cut it to a whole number.
  private func time(of sigma: Double) -> Double {
    convention.isOfDPMFamily
      ? (sigma * trainSteps).rounded(.towardZero) : Double(Float(sigma) * Float(trainSteps))
  }

  private func level(_ sigma: Float) -> Double { 1 - Double(sigma) }

  private func evaluations(_ times: [Double], _ sigmas: [Float], end: Float) -> [StepPlan.Evaluation] {
    sigmas.indices.flatMap { index in
      let isLast = index == sigmas.count - 1
      let (source, target) = (level(sigmas[index]), level(isLast ? end : sigmas[index + 1]))
      let first = StepPlan.Evaluation(time: times[index], level: source, source: source, target: target)
      guard convention.pattern == .pairs, !isLast else { return [first] }
      return [first, StepPlan.Evaluation(time: times[index + 1], level: target, source: source, target: target)]
    }
  }
}

/// Which even sigmas a flow schedule begins with.
enum FlowSpacing { case handedOver, own }

extension ScheduleConvention {
  /// Whether there are flow models sampled by its method.
  package var takesFlows: Bool {
    switch self {
    case .k, .eulerAncestral, .lms, .heun, .dpm, .dpmSinglestep, .unipc, .deis, .lcm, .comfyui: true
    case .ddim, .ddpm, .plms, .dpm2, .dpm2Ancestral, .tcd: false
    }
  }

  /// Whether the class follows `shift_terminal`.
  var stretchesFlow: Bool { isOfKFamily || self == .lcm || self == .unipc }

  /// `leading`, which a flow has no use for, is what the class does by itself.
  func flowSpacing(_ spacing: TimestepSpacing?) -> FlowSpacing {
    switch spacing {
    case .trailing: .handedOver
    case .linspace: .own
    case .leading, nil: isOfDPMFamily || self == .heun ? .own : .handedOver
    }
  }
}

extension ScheduleOptions {
  /// Refuses what says nothing of a flow.
  func checkForFlow() throws(ScheduleError) {
    guard convention.takesFlows else {
      throw ScheduleError(
        .convention,
        "convention \(convention.rawValue) is not for a flow model; conventions for one are "
          + ScheduleConvention.list(where: \.takesFlows))
    }
    let foreign: [(Name, Bool)] = [
      (.betaSchedule, betaSchedule != nil), (.betaStart, betaStart != nil), (.betaEnd, betaEnd != nil),
      (.zeroSNR, zeroSNR == true), (.timesteps, timesteps != nil), (.end, end == .sigmaMin),
    ]
    guard let option = foreign.first(where: \.1)?.0 else { return }
    let note = option == .timesteps ? "; it takes a list of sigmas" : option == .end ? ", which ends at 0 always" : ""
    throw ScheduleError(option, "\(option.rawValue) is not for a flow model\(note)")
  }

  /// How many of `count` steps image to image leaves out: `get_timesteps` of the img2img pipelines of flow models.
  func skippedStepsOfFlow(of count: Int) throws(ScheduleError) -> Int {
    let skipped = Int(max(Double(count) - min(Double(count) * strength, Double(count)), 0))
    guard skipped < count else {
      throw ScheduleError(.strength, "a strength of \(strength) leaves none of \(count) steps; more was expected")
    }
    return skipped
  }

  /// These options without those that have no effect on a flow.
  func canonicalForFlow() -> ScheduleOptions {
    var options = self
    if convention == .comfyui { return options }
    (options.offset, options.originalSteps) = (nil, nil)
    if options.curve == .plain, options.sigmas != nil { options.curve = nil }
    let isDefault = convention.flowSpacing(spacing) == convention.flowSpacing(nil)
    if isDefault || sigmas != nil { options.spacing = nil }
    return options
  }
}
