/// The steps of a sampling run: the times at which the model is evaluated, and the noise levels in between.
///
/// A level is 1 where a sample is clean and 0 in pure noise: a_t, the cumulative product of alphas, of which k-diffusion's
/// sigma is `sqrt((1 - a_t) / a_t)`, or 1 - sigma of a flow. Every list has an entry for each evaluation, also where a step
/// takes two.
package struct Schedule: Sendable, Equatable, Codable {
  package let convention: ScheduleConvention
  /// What the model is told, one time for each evaluation; may be fractional.
  package let timesteps: [Double]
  /// The level at which each evaluation starts.
  package let levels: [Double]
  /// The level of the sample that each evaluation's formula moves.
  ///
  /// It is `levels`, but where a second evaluation takes its step again from where the first one did (PLMS, Heun, DPM2).
  package let sourceLevels: [Double]
  /// The level that each evaluation's formula goes to.
  ///
  /// It is where the next evaluation starts, but for conventions that round the two differently, and for second
  /// evaluations.
  package let targetLevels: [Double]
  /// The level after the last step.
  package let endLevel: Double
  package let predictionType: PredictionType
  /// Whether the first step takes pure noise z for a sample of its level, as Stable Diffusion does; noise z is expected
  /// otherwise, which AddNoise makes of an empty latent.
  package let startsFromNoise: Bool
  /// The level of every training time, for a convention whose steps go to times of their own (TCD); empty for others.
  package let trainingLevels: [Double]
  /// How the evaluations of ComfyUI's sampler follow each other; nil for the other conventions.
  private let samplerPattern: ScheduleConvention.Pattern?

  /// How the evaluations follow each other.
  package var pattern: ScheduleConvention.Pattern { samplerPattern ?? convention.pattern }

  /// What kind the levels are of.
  package var kind: LevelKind { predictionType.levelKind }
  /// The level at which evaluation `step` starts.
  package func level(of step: Int) -> NoiseLevel { NoiseLevel(levels[step], kind) }
  /// The level of the sample that its formula moves.
  package func source(of step: Int) -> NoiseLevel { NoiseLevel(sourceLevels[step], kind) }
  /// The level that its formula goes to.
  package func target(of step: Int) -> NoiseLevel { NoiseLevel(targetLevels[step], kind) }
  /// The level of the sample that it gives: where the next one starts, or the end.
  package func level(after step: Int) -> NoiseLevel {
    NoiseLevel(step + 1 < levels.count ? levels[step + 1] : endLevel, kind)
  }
}

extension Schedule {
  /// The schedule that diffusers' class of the convention makes for the noise that `config` describes.
  ///
  /// With `other` its steps up to step `first` are that schedule's, which it joins there: `ScheduleJoint` has the rule.
  /// Throws `ScheduleError` for options that do not fit each other or the model, `ModelError` for a config that cannot
  /// be followed.
  package init(
    _ config: SchedulerConfig, _ options: ScheduleOptions, after other: Schedule? = nil, first: Int = 0
  ) throws {
    try options.check()
    let joint = ScheduleJoint(other, first: first)
    let offset = config.stepsOffset
    var config = try config.read(by: options.convention).overridden(by: options)
    // A spacing that is asked for is the model's own in this too, where the class has none.
    if options.spacing != nil { config.stepsOffset = offset }
    let kind = config.predictionType.levelKind
    if let other, joint != nil, other.kind != kind {
      throw ScheduleError(
        .after, "the schedule to go on from is that of a \(other.kind) model, this one that of a \(kind) model")
    }
    let isOfComfyUI = options.convention == .comfyui
    let levels = kind == .flow || isOfComfyUI ? [] : try config.levels(for: options.convention)
    let plan = try Self.plan(config, options, levels, joint)
    let evaluations = plan.evaluations
    if config.predictionType == .epsilon, evaluations.contains(where: { $0.level == 0 }) {
      throw ScheduleError(
        .prediction,
        "the first step is at level 0, pure noise, where a prediction of epsilon tells nothing; v was expected")
    }
    convention = options.convention
    timesteps = evaluations.map(\.time)
    self.levels = evaluations.map(\.level)
    sourceLevels = evaluations.map(\.source)
    targetLevels = evaluations.map(\.target)
    endLevel = plan.endLevel
    predictionType = config.predictionType
    startsFromNoise = plan.startsFromNoise && options.strength == 1
    trainingLevels = options.convention == .tcd ? levels.map(Double.init) : []
    samplerPattern = isOfComfyUI ? (options.sampler ?? .euler).pattern : nil
  }

  private static func plan(
    _ config: SchedulerConfig, _ options: ScheduleOptions, _ levels: [Float], _ joint: ScheduleJoint?
  ) throws -> StepPlan {
    if options.convention == .comfyui {
      guard joint == nil else {
        throw ScheduleError(
          .after, "the convention comfyui goes on from no other schedule; 'from' leaves out its first steps")
      }
      if let option = options.bend, config.predictionType != .flow { throw Self.bendError(option) }
      return try ComfyUISteps(config, options).plan()
    }
    if config.predictionType == .flow {
      try config.requireSupport(by: options.convention)
      return try FlowSteps(config, options).plan(joint)
    }
    if let option = options.bend { throw Self.bendError(option) }
    guard options.convention.usesSigmas else { return try TrainingSteps(config, options, levels).plan(joint) }
    return try SigmaSteps(config, options, SigmaTable(levels, endsInPureNoise: config.rescalesToZeroSNR)).plan(joint)
  }

  private static func bendError(_ option: ScheduleOptions.Name) -> ScheduleError {
    ScheduleError(option, "\(option.rawValue) is for flow models alone; this one is a diffusion model")
  }

  /// The schedule of `steps` steps with everything else as the model and the convention have it.
  package init(_ config: SchedulerConfig, steps: Int, convention: ScheduleConvention = .ddim) throws {
    try self.init(config, ScheduleOptions(steps: steps, convention: convention))
  }
}

extension SchedulerConfig {
  /// The level of the least noise that training knows, at time 0.
  package func leastNoise(of options: ScheduleOptions) throws -> Double {
    if (options.prediction ?? predictionType) == .flow { return 1 }
    if options.convention == .comfyui { return try overridden(by: options).exactLevels()[0] }
    return Double(try read(by: options.convention).overridden(by: options).levels(for: options.convention)[0])
  }
}

/// What a convention's steps are, before they become the lists of a schedule.
struct StepPlan {
  /// One call of the model, and the formula that follows it.
  struct Evaluation {
    let time: Double
    let level: Double
    let source: Double
    let target: Double
  }

  let evaluations: [Evaluation]
  let endLevel: Double
  let startsFromNoise: Bool
}

extension ScheduleOptions {
  /// What asks for sigmas bent as a flow's are.
  var bend: Name? { shift != nil ? .shift : mu != nil ? .mu : nil }

  /// How many of `count` steps image to image leaves out: `get_timesteps` of diffusers' img2img pipelines.
  func skippedSteps(of count: Int) throws -> Int {
    let kept = min(Int(Double(count) * strength), count)
    guard kept > 0 else {
      throw ScheduleError(
        .strength, "a strength of \(strength) leaves none of \(count) steps; at least \(1 / Double(count)) is needed")
    }
    return count - kept
  }

  /// Refuses counts of steps that training has no times for.
  func requireSteps(within trainSteps: Int) throws {
    guard 1...trainSteps ~= steps else {
      throw ScheduleError(
        .steps, "\(steps) steps; 1 to \(trainSteps) were expected, the times that the model was trained with")
    }
  }

  /// The offset of leading times.
  func leadingOffset(_ config: SchedulerConfig) throws -> Int {
    let offset = offset ?? config.stepsOffset
    guard 0...config.trainSteps ~= offset else {
      throw ScheduleError(.offset, "the offset is \(offset); 0 to \(config.trainSteps) was expected")
    }
    return offset
  }

  /// Refuses times that are not from training, and steps that stand still.
  func require(_ times: [Double], within config: SchedulerConfig) throws {
    let trainSteps = config.trainSteps
    guard let first = times.first else { return }
    guard first <= Double(trainSteps - 1) else {
      if timesteps != nil {
        throw ScheduleError(
          .timesteps,
          "timesteps has \(text(first)); the model was trained with times 0 to \(trainSteps - 1)")
      }
      throw ScheduleError(
        .steps,
        "\(steps) steps with offset \(offset ?? config.stepsOffset) begin at time \(text(first)); the model was trained with times "
          + "0 to \(trainSteps - 1)")
    }
    if let place = times.indices.dropFirst().first(where: { times[$0] >= times[$0 - 1] }) {
      throw ScheduleError(
        .steps,
        "\(steps) steps take time \(text(times[place])) twice; fewer were expected of a model with \(trainSteps) times")
    }
  }
}
