/// What a workflow asks of a schedule; what is nil is left to the model's scheduler config, and then to the defaults of
/// the convention's class.
package struct ScheduleOptions: Sendable, Equatable {
  package static let defaultSteps = 20

  package var steps = defaultSteps
  package var convention = ScheduleConvention.ddim
  package var spacing: TimestepSpacing?
  /// Added to leading times.
  package var offset: Int?
  package var curve: SigmaCurve?
  package var end: ScheduleEnd?
  /// The times of the steps, from noisy to clean, in place of `steps` and `spacing`.
  package var timesteps: [Double]?
  /// The sigmas that the steps start at, and the one that the last step ends at.
  package var sigmas: [Double]?
  /// 0 to 1: the part of the steps to keep, the last one, for a picture that is noised in between.
  package var strength = 1.0
  /// How many times the model was distilled with (LCM, TCD).
  package var originalSteps: Int?
  package var betaSchedule: BetaSchedule?
  package var betaStart: Double?
  package var betaEnd: Double?
  package var zeroSNR: Bool?
  package var prediction: PredictionType?
  /// Of ComfyUI's convention: the sampler whose list it is.
  package var sampler: ComfyUISampler?
  /// ComfyUI's: 0 to 1, the part of a longer list that makes the steps, its clean end.
  package var denoise: Double?
  /// ComfyUI's: whether samplers that leave out the last sigma above 0 make one step more for it, as in KSampler.
  package var discard: Bool?
  /// ComfyUI's: the steps `from` to `to` - 1 of the list are kept.
  package var from: Int?
  package var to: Int?
  /// ComfyUI's: the two shapes of the beta curve.
  package var curveShape: [Double]?
  /// Of a flow model: how far its sigmas are bent, in place of what its config says.
  package var shift: Double?
  /// Likewise, by e^mu.
  package var mu: Double?
  /// How many image tokens the picture has, by which some flow models' sigmas are bent.
  package var imageTokens: Int?

  /// Pictures that are not whole tokens wide lose what is left, as pipelines cut them.
  package mutating func setImageTokens(width: Int, height: Int, pixelsPerToken: Int) {
    imageTokens = (width / pixelsPerToken) * (height / pixelsPerToken)
  }

  package init(steps: Int = defaultSteps, convention: ScheduleConvention = .ddim) {
    self.steps = steps
    self.convention = convention
  }

  /// The parameters of NoiseSchedule, for messages that point at one.
  package enum Name: String, Sendable {
    case steps, convention, spacing, offset, curve, end, timesteps, sigmas, strength, first, after
    case originalSteps = "original_steps"
    case betaSchedule = "beta_schedule"
    case betaStart = "beta_start"
    case betaEnd = "beta_end"
    case zeroSNR = "zero_snr"
    case prediction, shift, mu, latent
    case sampler, denoise, discard, from, to
    case curveShape = "curve_shape"
  }
}

/// A schedule that cannot be, and the option that asks for it.
package struct ScheduleError: Error, Equatable {
  package let option: ScheduleOptions.Name
  package let message: String

  init(_ option: ScheduleOptions.Name, _ message: String) {
    self.option = option
    self.message = message
  }
}

extension ScheduleOptions {
  /// Refuses what no model can make good: settings that the convention's class does not have, and lists that are none.
  ///
  /// Throws `ScheduleError`.
  package func check() throws(ScheduleError) {
    let name = convention.rawValue
    func refuse(_ option: Name, _ value: String, _ allowed: String) throws(ScheduleError) -> Never {
      throw ScheduleError(option, "\(option.rawValue) \(value) is not for the convention \(name); \(allowed)")
    }
    guard strength >= 0, strength <= 1 else {
      throw ScheduleError(.strength, "strength is \(strength); 0 to 1 was expected")
    }
    if let end, !convention.ends.contains(end) {
      try refuse(.end, end.rawValue, "it ends at \(convention.ends[0].rawValue) always")
    }
    if let offset, convention.defaultSpacing == nil, spacing == nil {
      try refuse(.offset, "\(offset)", "it takes one with 'spacing: leading' alone")
    }
    if let originalSteps, !convention.usesOriginalSteps {
      try refuse(
        .originalSteps, "\(originalSteps)",
        "conventions of distilled models are \(ScheduleConvention.list(where: \.usesOriginalSteps))")
    }
    if zeroSNR == true, !convention.takesZeroSNR {
      try refuse(.zeroSNR, "true", "conventions with it are \(ScheduleConvention.list(where: \.takesZeroSNR))")
    }
    try checkForComfyUI()
    if shift != nil, mu != nil { throw ScheduleError(.mu, "there are shift and mu; one of the two was expected") }
    try checkLists()
  }

  private func checkLists() throws(ScheduleError) {
    guard let (option, list) = timesteps.map({ (Name.timesteps, $0) }) ?? sigmas.map({ (.sigmas, $0) }) else { return }
    if timesteps != nil, sigmas != nil {
      throw ScheduleError(.sigmas, "there are timesteps and sigmas; one of the two lists was expected")
    }
    let takers = option == .timesteps ? \ScheduleConvention.takesTimesteps : \.usesSigmas
    guard convention[keyPath: takers] else {
      throw ScheduleError(
        option,
        "a list of \(option.rawValue) is not for the convention \(convention.rawValue); "
          + "conventions that take one are \(ScheduleConvention.list { $0[keyPath: takers] })")
    }
    if let curve, curve != .plain {
      throw ScheduleError(
        .curve, "there is a curve, \(curve.rawValue), and a list of \(option.rawValue); one was expected")
    }
    if end != nil, option == .sigmas {
      throw ScheduleError(.end, "a list of sigmas tells the end itself: its last one")
    }
    guard list.count >= (option == .sigmas ? 2 : 1) else {
      throw ScheduleError(
        option,
        "\(option.rawValue) has \(list.count) entries; one for each step was expected"
          + (option == .sigmas ? ", and one for the end" : ""))
    }
    if let wrong = list.first(where: { !($0 >= 0 && $0.isFinite) }) {
      throw ScheduleError(option, "\(option.rawValue) has \(wrong); numbers from 0 on were expected")
    }
    if let place = list.indices.dropFirst().first(where: { list[$0] >= list[$0 - 1] }) {
      throw ScheduleError(
        option,
        "\(option.rawValue) has \(text(list[place])) after \(text(list[place - 1])); "
          + "each must be less than the one before")
    }
    if option == .timesteps, convention.takesWholeTimesOnly,
      let fraction = list.first(where: { $0 != $0.rounded() })
    {
      throw ScheduleError(
        option,
        "timesteps has \(fraction); whole times were expected by the convention \(convention.rawValue)")
    }
  }

  /// These options without those that have no effect beside the others: what is computed once has one cache key.
  package func canonical() -> ScheduleOptions {
    var options = self
    if convention == .comfyui { return canonicalForComfyUI() }
    // The k family's spacing decides about the start noise also where it spreads no times.
    func dropSpacing() {
      options.offset = nil
      if !convention.isOfKFamily { options.spacing = nil }
    }
    if timesteps != nil || sigmas != nil {
      options.steps = Self.defaultSteps
      options.curve = nil
      options.originalSteps = nil
      dropSpacing()
    } else if let curve, curve.isOfWholeTable {
      options.offset = nil
      if !decidesStartBySpacing { options.spacing = nil }
    } else if let curve, curve != .plain, !convention.isOfKFamily {
      dropSpacing()
    }
    // What is left out means the same.
    if options.curve == .plain, !convention.usesSigmas { options.curve = nil }
    if options.curve != nil { options.originalSteps = nil }
    if convention == .dpmSinglestep, options.spacing == .linspace { options.spacing = nil }
    if let spacing, spacing != .leading { options.offset = nil }
    return options
  }

  /// Whether `spacing` says nothing but whether pure noise may enter: the other curves of the whole table start at the
  /// greatest sigma, where it always may.
  private var decidesStartBySpacing: Bool { curve == .ddimUniform && convention.isOfKFamily }

  /// As `canonical()`, for a model whose config is known.
  package func canonical(for config: SchedulerConfig) throws -> ScheduleOptions {
    if (prediction ?? config.predictionType) == .flow { return canonicalForFlow() }
    guard decidesStartBySpacing else { return self }
    let configured = try config.read(by: convention).spacing ?? .linspace
    let effective = spacing ?? configured
    var options = self
    options.spacing = effective == .leading || configured == .leading ? effective : nil
    return options
  }
}

/// Whole numbers without a fraction.
func text(_ number: Double) -> String {
  number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
}
