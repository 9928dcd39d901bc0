import DiffusionModels
import GraphEngine

/// The steps of a sampling run, as the class of diffusers that `convention` names makes them.
///
/// NoiseSchedules in the documentation has the rules. A parameter that is left out is the model's own, from its
/// scheduler config, or else the class's default. `k` is the convention of the method whose steps take the schedule, and
/// `comfyui` makes the list of a sampler of ComfyUI's.
package struct NoiseSchedule: ConsumerAwareNode, ForecastingNode {
  package static let info = NodeInfo(
    type: "NoiseSchedule", version: 3, lane: .compute, summary: "Spreads the steps over the model's noise levels.")

  let denoiser = Input<DenoiserHandle>(
    "denoiser", formerly: "unet", "The model, whose scheduler config says what noise it was trained with.")
  let latent = OptionalInput<Latent>(
    "latent", "A latent of the picture's size, for flow models whose noise depends on it; in place of width and height."
  )
  let after = OptionalInput<Schedule>("after", "The schedule that a run begins with, where this one goes on from it.")
  let first = OptionalParameter<Int>("first", "The step at which it goes on; unused without `after`.", min: 0)
  let steps = Parameter(
    "steps", "How many steps; unused with a list.", default: ScheduleOptions.defaultSteps, min: 1, max: 1000)
  let convention = Parameter(
    "convention", "Which reference scheduler's rules to follow; k is Euler's, or that of the step that takes it.",
    default: ScheduleConvention.ddim.rawValue, options: names(ScheduleConvention.self))
  let spacing = OptionalParameter<String>(
    "spacing", "How times are spread; distilled is what lcm and tcd do by themselves.",
    options: names(TimestepSpacing.self) + [distilled])
  let offset = OptionalParameter<Int>("offset", "Added to leading times.", min: 0)
  let curve = OptionalParameter<String>(
    "curve", "How sigmas are spread, in place of times.", options: names(SigmaCurve.self))
  let end = OptionalParameter<String>(
    "end", "Where the last step goes: to no noise, or to the least of training.", options: names(ScheduleEnd.self))
  let timesteps = OptionalParameter<[Double]>("timesteps", "The times of the steps, from noisy to clean.")
  let sigmas = OptionalParameter<[Double]>(
    "sigmas", "The sigmas of the steps, from noisy to clean, and the one at the end.")
  let strength = Parameter(
    "strength", "The last part of the steps to keep, for a picture that is noised in between.", default: 1.0, min: 0,
    max: 1)
  let originalSteps = OptionalParameter<Int>(
    "original_steps", "How many times an LCM or TCD model was distilled with.", min: 1)
  let sampler = OptionalParameter<String>(
    "sampler", "convention comfyui: the sampler whose evaluations these are, euler when left out.",
    options: names(ComfyUISampler.self))
  let denoise = OptionalParameter<Double>(
    "denoise", "convention comfyui: the clean end of a list that is longer by as much, with as many steps.",
    min: 0.001, max: 1)
  let discard = OptionalParameter<Bool>(
    "discard",
    "convention comfyui: whether dpm_2, dpm_2_ancestral and uni_pc leave out the last sigma above 0 of a list that is one longer, "
      + "as in KSampler; true when left out.")
  let from = OptionalParameter<Int>(
    "from", "convention comfyui: leaves out the steps before this one.", min: 0)
  let to = OptionalParameter<Int>(
    "to", "convention comfyui: leaves out this step and those after it; with `end: zero` the last one left goes to 0.",
    min: 1)
  let curveShape = OptionalParameter<[Double]>(
    "curve_shape", "convention comfyui: the two shapes of the curve beta, 0.6 and 0.6 when left out.")
  let betaSchedule = OptionalParameter<String>(
    "beta_schedule", "How the noise of training grows.", options: names(BetaSchedule.self))
  let betaStart = OptionalParameter<Double>("beta_start", "The least noise of training.", min: 0, max: 1)
  let betaEnd = OptionalParameter<Double>("beta_end", "The most noise of training.", min: 0, max: 1)
  let zeroSNR = OptionalParameter<Bool>("zero_snr", "Whether the last time of training is scaled to pure noise.")
  let prediction = OptionalParameter<String>(
    "prediction", "What the model predicts.", options: names(PredictionType.self))
  let shift = OptionalParameter<Double>(
    "shift", "Flow models: how far sigmas are bent towards noise, in place of what the model says; 1 is not at all.",
    min: 1e-6)
  let mu = OptionalParameter<Double>("mu", "Flow models: the logarithm of `shift`, as other tools give it.")
  let width = OptionalParameter<Int>(
    "width", "Flow models whose noise depends on the picture's size: its width in pixels.", min: 1,
    max: 1_048_576)
  let height = OptionalParameter<Int>("height", "Likewise, its height.", min: 1, max: 1_048_576)
  let schedule = Output<Schedule>("schedule", "The evaluation list with its levels.")

  package init() {}

  /// Steps of several methods on one schedule, whose levels must be the same for all, share Euler's.
  package func resolve(_ parameters: inout NodeParameters, consumers: [any Node.Type]) {
    guard parameters[convention] == ScheduleConvention.k.rawValue else { return }
    let meant = Set(consumers.compactMap { ($0 as? any ConventionStep.Type)?.convention })
    if meant.count == 1, let only = meant.first { parameters[convention] = only.rawValue }
  }

  private static let distilled = "distilled"

  package func resolve(_ parameters: inout NodeParameters) throws {
    let options = options(parameters)
    if parameters[spacing] == Self.distilled, !options.convention.usesOriginalSteps {
      throw NodeFailure(
        "spacing \(Self.distilled) is not for the convention \(options.convention.rawValue); conventions of distilled models "
          + "are \(ScheduleConvention.list(where: \.usesOriginalSteps))", at: spacing.name)
    }
    do {
      try options.check()
    } catch {
      throw NodeFailure(error.message, at: error.option.rawValue)
    }
    // Options without effect are left out, so that they make no second key.
    let canonical = options.canonical()
    parameters[steps] = canonical.steps
    parameters[spacing] = canonical.spacing?.rawValue
    parameters[offset] = canonical.offset
    parameters[curve] = canonical.curve?.rawValue
    parameters[originalSteps] = canonical.originalSteps
    parameters[sampler] = canonical.sampler?.rawValue
    parameters[discard] = canonical.discard
    parameters[denoise] = canonical.denoise
    parameters[from] = canonical.from
  }

  package func forecast(_ io: inout NodeForecast) throws {
    // What changes nothing makes no second key.
    if !io.isWired(after) { io.parameters[first] = nil }
    guard let model = io[denoiser] else { return }
    let config = try failing { try model.schedulerConfig() }
    guard try settleSize(of: io[latent]?.shape, model, config, in: &io) else { return }
    let other = io[after]
    if io.isWired(after), other == nil { return }
    let (schedule, own, leastNoise) = try failing {
      let options = try options(io.parameters, model).canonical(for: config)
      settle(options, in: &io.parameters)
      let own = try Schedule(config, options)
      let joined = try Schedule(config, options, after: other?.schedule, first: io[first] ?? 0)
      return (joined, own, try config.leastNoise(of: options))
    }
    if schedule == own {
      io.disconnect(after)
      io.parameters[first] = nil
    }
    io[self.schedule] = ScheduleForecast(
      schedule, address: io.address, settings: settings(io.parameters, count: schedule), leastNoise: leastNoise)
  }

  /// What has no effect on the model makes no second key.
  private func settle(_ options: ScheduleOptions, in parameters: inout NodeParameters) {
    parameters[spacing] = options.spacing?.rawValue
    parameters[offset] = options.offset
    parameters[curve] = options.curve?.rawValue
    parameters[originalSteps] = options.originalSteps
  }

  /// Makes width and height what a schedule depends on, and nothing where it does not; whether they are known.
  private func settleSize(
    of shape: [Int]?, _ model: Model, _ config: SchedulerConfig, in io: inout NodeForecast
  ) throws -> Bool {
    guard options(io.parameters).dependsOnSize(config) else {
      (io.parameters[width], io.parameters[height]) = (nil, nil)
      io.disconnect(latent)
      return true
    }
    try requireBothSides(io.parameters)
    if io[width] == nil, io.isWired(latent) {
      guard let shape, shape.count == 4 else { return false }
      io.parameters[height] = shape[2] * model.pixelsPerLatent
      io.parameters[width] = shape[3] * model.pixelsPerLatent
    }
    io.disconnect(latent)
    return true
  }

  private func requireBothSides(_ parameters: NodeParameters) throws {
    let (hasWidth, hasHeight) = (parameters[width] != nil, parameters[height] != nil)
    guard hasWidth != hasHeight else { return }
    let (given, missing) = hasWidth ? (width.name, height.name) : (height.name, width.name)
    throw NodeFailure("there is a \(given) and no \(missing); both were expected", at: given)
  }

  package func run(_ io: inout NodeIO) throws {
    try requireBothSides(io.parameters)
    let model = io[denoiser].model
    io[schedule] = try failing {
      let config = try model.schedulerConfig()
      var options = options(io.parameters, model)
      if options.imageTokens == nil, let shape = io[latent]?.tensor.shape, shape.count == 4 {
        options.setImageTokens(
          width: shape[3] * model.pixelsPerLatent, height: shape[2] * model.pixelsPerLatent,
          pixelsPerToken: model.pixelsPerToken)
      }
      return try Schedule(config, options, after: io[after], first: io[first] ?? 0)
    }
  }

  private func failing<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as ScheduleError {
      throw NodeFailure(error.message, at: error.option.rawValue)
    } catch let error as ModelError {
      throw NodeFailure(error.message, at: denoiser.name)
    }
  }

  /// What a message says of the schedule.
  private func settings(_ parameters: NodeParameters, count schedule: Schedule) -> String {
    let steps = parameters[timesteps]?.count ?? parameters[sigmas].map { $0.count - 1 } ?? parameters[steps]
    var parts = [parameters[convention], "\(steps) steps"]
    parts += [sampler, spacing, curve, end].compactMap { option in
      parameters[option].map { "\(option.declaration.name) \($0)" }
    }
    parts += [shift, mu].compactMap { option in parameters[option].map { "\(option.declaration.name) \($0)" } }
    if parameters[timesteps] != nil { parts.append("timesteps given") }
    if parameters[sigmas] != nil { parts.append("sigmas given") }
    if parameters[strength] != 1 { parts.append("strength \(parameters[strength])") }
    return parts.joined(separator: ", ")
  }

  private func options(_ parameters: NodeParameters, _ model: Model? = nil) -> ScheduleOptions {
    var options = ScheduleOptions(
      steps: parameters[steps], convention: ScheduleConvention(rawValue: parameters[convention]) ?? .ddim)
    options.spacing = parameters[spacing].flatMap(TimestepSpacing.init)
    options.offset = parameters[offset]
    options.curve = parameters[curve].flatMap(SigmaCurve.init)
    options.end = parameters[end].flatMap(ScheduleEnd.init)
    options.timesteps = parameters[timesteps]
    options.sigmas = parameters[sigmas]
    options.strength = parameters[strength]
    options.sampler = parameters[sampler].flatMap(ComfyUISampler.init)
    options.denoise = parameters[denoise]
    options.discard = parameters[discard]
    options.from = parameters[from]
    options.to = parameters[to]
    options.curveShape = parameters[curveShape]
    options.originalSteps = parameters[originalSteps]
    options.betaSchedule = parameters[betaSchedule].flatMap(BetaSchedule.init)
    options.betaStart = parameters[betaStart]
    options.betaEnd = parameters[betaEnd]
    options.zeroSNR = parameters[zeroSNR]
    options.prediction = parameters[prediction].flatMap(PredictionType.init)
    options.shift = parameters[shift]
    options.mu = parameters[mu]
    if let model, let width = parameters[width], let height = parameters[height] {
      options.setImageTokens(width: width, height: height, pixelsPerToken: model.pixelsPerToken)
    }
    return options
  }

  private static func names<Option: RawRepresentable<String> & CaseIterable>(_: Option.Type) -> [String] {
    Option.allCases.map(\.rawValue)
  }
}
