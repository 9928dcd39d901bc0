/// What a model's denoiser predicts.
package enum PredictionType: String, Sendable, CaseIterable, Codable {
  /// The noise in the sample.
  case epsilon
  /// The velocity `sqrt(a_t) e - sqrt(1 - a_t) x_0` (Salimans and Ho 2022).
  case v
  /// The velocity of a flow, `e - x_0`.
  case flow

  /// The levels at which a model predicts it.
  package var levelKind: LevelKind { self == .flow ? .flow : .diffusion }
}

/// How betas, the noise that each time of training adds, grow.
package enum BetaSchedule: String, Sendable, CaseIterable {
  case linear
  /// Linear square roots, as Stable Diffusion has them.
  case scaledLinear = "scaled_linear"
  /// The cosine schedule (Nichol and Dhariwal 2021).
  case cosine = "squaredcos_cap_v2"
}

/// The noise a model was trained with and how it wants to be sampled, from `scheduler/scheduler_config.json`.
///
/// Keys of which diffusers' scheduler classes have different defaults are nil where the file lacks them: the class that a
/// schedule follows decides. `clip_sample` is for models of pixels, and ignored.
package struct SchedulerConfig: Sendable, Equatable {
  package let path: String
  package private(set) var predictionType: PredictionType
  /// How many times training knows: 0 ..< trainSteps.
  package let trainSteps: Int
  package internal(set) var spacing: TimestepSpacing?
  package internal(set) var stepsOffset: Int
  /// `set_alpha_to_one`: whether the last step ends at level 1 and not at the level of time 0.
  var endsAtOne: Bool?
  /// `final_sigmas_type`, of the classes that compute with sigmas.
  var finalSigma: ScheduleEnd?
  /// The curves that the file asks for, of which a class takes one.
  var curves: [SigmaCurve]
  /// `timestep_type: continuous`: a model that predicts v is told a quarter of log sigma.
  var isContinuous: Bool
  /// Where curves end and start, in place of the sigmas of training.
  let curveMinimum: Double?
  let curveMaximum: Double?
  let originalSteps: Int
  /// `lambda_min_clipped`: times of a lower log signal-to-noise ratio are not used.
  var leastLogSNR: Double
  /// How the sigmas of a flow are bent.
  package internal(set) var flow: FlowShift
  /// Settings of single classes that change what a schedule is, and are not supported.
  private let unsupported: [ScheduleConvention: String]

  private var trainedBetas: [Float]?
  private(set) var betaSchedule: BetaSchedule?
  private var betaStart: Double?
  private var betaEnd: Double?
  var rescalesToZeroSNR: Bool

  /// Reads the config file at `path`.
  ///
  /// Throws `ModelError` for a wrong type, a number out of range or a setting that is not supported.
  package init(path: String) throws { try self.init(ConfigFile(path: path)) }

  package init(_ file: ConfigFile) throws {
    path = file.path
    let prediction = try file.choice(
      "prediction_type", default: "epsilon", of: ["epsilon", "v_prediction", "flow_prediction"])
    let isOfFlowClass =
      if case .string(let name) = file.values["_class_name"] { name.hasPrefix("FlowMatch") } else { false }
    let isFlow = try prediction == "flow_prediction" || isOfFlowClass || file.flag("use_flow_sigmas") ?? false
    predictionType = isFlow ? .flow : prediction == "epsilon" ? .epsilon : .v
    flow = try isFlow ? FlowShift(file) : FlowShift()
    trainSteps = try file.int("num_train_timesteps", default: 1000, in: 1...100_000)
    stepsOffset = try file.int("steps_offset", default: 0, in: 0...1_000_000)
    originalSteps = try file.int("original_inference_steps", default: 50, in: 1...100_000)
    spacing = try file.option("timestep_spacing")
    finalSigma = try file.option("final_sigmas_type")
    endsAtOne = try file.flag("set_alpha_to_one")
    curves = try [SigmaCurve.karras, .exponential, .beta].filter {
      try file.flag("use_\($0.rawValue)_sigmas") ?? false
    }
    isContinuous = try file.name("timestep_type", of: ["discrete", "continuous"]) == "continuous"
    curveMinimum = try file.number("sigma_min")
    curveMaximum = try file.number("sigma_max")
    if let low = curveMinimum, low <= 0 { throw ModelError("\(path): 'sigma_min' is \(low); more than 0 was expected") }
    if let high = curveMaximum, high <= curveMinimum ?? 0 {
      throw ModelError("\(path): 'sigma_max' is \(high); more than \(curveMinimum ?? 0) was expected")
    }
    leastLogSNR = try file.number("lambda_min_clipped") ?? -.infinity
    var unsupported: [ScheduleConvention: String] = [:]
    if try file.flag("use_lu_lambdas") ?? false { unsupported[.dpm] = "use_lu_lambdas" }
    if isFlow, try file.flag("stochastic_sampling") ?? false { unsupported[.k] = "stochastic_sampling" }
    let interpolation = "interpolation_type"
    if file.has(interpolation), file.values[interpolation] != .string("linear") { unsupported[.k] = interpolation }
    self.unsupported = unsupported

    if file.has("trained_betas") {
      let betas = try file.floats("trained_betas")
      guard betas.count == trainSteps else {
        throw ModelError("\(path): 'trained_betas' has \(betas.count) numbers for \(trainSteps) times")
      }
      trainedBetas = betas.map { Float($0) }
    }
    betaSchedule = try file.option("beta_schedule")
    betaStart = try file.number("beta_start")
    betaEnd = try file.number("beta_end")
    rescalesToZeroSNR = try file.flag("rescale_betas_zero_snr") ?? false
  }

  /// That of a flow model whose file says nothing of it.
  package init(path: String, flow: FlowShift) throws {
    try self.init(
      ConfigFile(path: path, values: ["_class_name": .string("FlowMatchEulerDiscreteScheduler")]))
    self.flow = flow
  }

  /// The same with sigmas bent by another rule where they depend on the picture: a config does not say which one is meant.
  package func bent(by shift: DynamicShift) -> SchedulerConfig {
    var config = self
    if flow.dynamic != nil { config.flow.dynamic = shift }
    return config
  }

  /// This config where a workflow does not say otherwise.
  package func overridden(by options: ScheduleOptions) -> SchedulerConfig {
    var config = self
    if options.betaSchedule != nil || options.betaStart != nil || options.betaEnd != nil { config.trainedBetas = nil }
    config.betaSchedule = options.betaSchedule ?? betaSchedule
    config.betaStart = options.betaStart ?? betaStart
    config.betaEnd = options.betaEnd ?? betaEnd
    config.rescalesToZeroSNR = options.zeroSNR ?? rescalesToZeroSNR
    config.predictionType = options.prediction ?? predictionType
    if let shift = options.shift { (config.flow.shift, config.flow.dynamic) = (shift, nil) }
    if let mu = options.mu { config.flow.dynamic = .fixed(mu) }
    return config
  }

  /// Whether a schedule needs to know the size of the picture.
  var dependsOnSize: Bool { predictionType == .flow && flow.dynamic?.needsTokens ?? false }

  /// a_t, the cumulative product of alphas, for every time of training, as the class of `convention` has it.
  ///
  /// Throws `ModelError` for betas that are no probabilities and for settings that the class would follow and this
  /// implementation does not.
  package func levels(for convention: ScheduleConvention) throws -> [Float] {
    try requireSupport(by: convention)
    var betas = trainedBetas ?? untrainedBetas(convention.defaultBetas)
    if rescalesToZeroSNR { betas = TrainingNoise.rescaledToZeroSNR(betas) }
    guard betas.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
      throw ModelError("\(path): the betas go from \(betas[0]) to \(betas[betas.count - 1]); 0 to 1 was expected")
    }
    return TrainingNoise.levels(betas)
  }

  /// a_t in double precision throughout, as ComfyUI computes it.
  ///
  /// For zero terminal SNR it shifts and scales sqrt(a_t), and puts a number a little above 0 for the last
  /// (`rescale_zero_terminal_snr_sigmas`). Throws `ModelError` for betas that are no probabilities.
  func exactLevels() throws -> [Double] {
    let defaults = ScheduleConvention.comfyui.defaultBetas
    let (start, end) = (betaStart ?? defaults.start, betaEnd ?? defaults.end)
    func line(_ start: Double, _ end: Double) -> [Double] {
      let step = (end - start) / Double(max(trainSteps - 1, 1))
      return (0..<trainSteps).map {
        $0 < trainSteps / 2 ? start + step * Double($0) : end - step * Double(trainSteps - 1 - $0)
      }
    }
    let betas =
      switch betaSchedule ?? defaults.schedule {
      case _ where trainedBetas != nil: trainedBetas?.map { Double($0) } ?? []
      case .linear: line(start, end)
      case .scaledLinear: line(start.squareRoot(), end.squareRoot()).map { $0 * $0 }
      case .cosine: TrainingNoise.cosineBetas(trainSteps).map { Double($0) }
      }
    guard betas.allSatisfy({ $0 > 0 && $0 < 1 }) else {
      throw ModelError(
        "\(path): the betas go from \(betas[0]) to \(betas[betas.count - 1]); between 0 and 1 was expected")
    }
    var product = 1.0
    let levels = betas.map { beta in
      product *= 1 - beta
      return product
    }
    guard rescalesToZeroSNR, let first = levels.first?.squareRoot(), let last = levels.last?.squareRoot(), first > last
    else { return levels }
    let rescaled = levels.map { level in
      let root = (level.squareRoot() - last) * (first / (first - last))
      return root * root
    }
    return rescaled.dropLast() + [4.8973451890853435e-08]
  }

  /// Throws `ModelError` for settings that the class of `convention` would follow and this implementation does not.
  func requireSupport(by convention: ScheduleConvention) throws {
    guard let key = unsupported[convention] else { return }
    throw ModelError("\(path): '\(key)' is not supported by the convention \(convention.rawValue)")
  }

  private func untrainedBetas(_ defaults: (schedule: BetaSchedule, start: Double, end: Double)) -> [Float] {
    let (start, end) = (betaStart ?? defaults.start, betaEnd ?? defaults.end)
    switch betaSchedule ?? defaults.schedule {
    case .linear: return TrainingNoise.linspace(start, end, trainSteps)
    case .scaledLinear:
      return TrainingNoise.linspace(start.squareRoot(), end.squareRoot(), trainSteps).map { $0 * $0 }
    case .cosine: return TrainingNoise.cosineBetas(trainSteps)
    }
  }
}

extension ConfigFile {
  /// Whether the file sets a key; null sets none.
  fileprivate func has(_ key: String) -> Bool { values[key].map { $0 != .null } ?? false }

  fileprivate func flag(_ key: String) throws -> Bool? {
    values[key] == nil ? nil : try bool(key, default: false)
  }

  fileprivate func number(_ key: String) throws -> Double? { has(key) ? try float(key, default: 0) : nil }

  fileprivate func name(_ key: String, of options: [String]) throws -> String? {
    has(key) ? try choice(key, default: "", of: options) : nil
  }

  fileprivate func option<Option: RawRepresentable<String> & CaseIterable>(_ key: String) throws -> Option? {
    try name(key, of: Option.allCases.map(\.rawValue)).flatMap(Option.init)
  }

  fileprivate func floats(_ key: String) throws -> [Double] {
    guard case .array(let elements) = values[key] else {
      throw ModelError("\(path): '\(key)' is \(values[key] ?? .null); a list of numbers was expected")
    }
    return try elements.map { element in
      switch element {
      case .float(let value): return value
      case .int(let value): return Double(value)
      default: throw ModelError("\(path): '\(key)' has \(element); a number was expected")
      }
    }
  }
}
