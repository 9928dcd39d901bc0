import DiffusionModels
import GraphEngine
import Tensors

/// A step of a method that shares the name `k` with others: of which convention a `k` schedule is that it takes.
package protocol ConventionStep: Node {
  static var convention: ScheduleConvention { get }
}

/// What is known of a method without its numbers.
package struct StepMethod: Sendable {
  let name: String
  /// How its evaluations follow each other.
  var pattern = ScheduleConvention.Pattern.single
  /// The models that it is for.
  var kinds: Set<LevelKind> = [.diffusion]
  /// In which of them it can start in pure noise: where it does not divide by the signal in a sample.
  var startsInPureNoise: Set<LevelKind> = []
  /// Whether on a schedule of ComfyUI's it takes a flow's sample for k-diffusion's, as ComfyUI does: `Evaluation.onLine`.
  var followsLine = false
}

extension StepMethod {
  static let namesForFlows = "Euler, Euler ancestral, Heun, LMS, DPM-Solver++, UniPC, DEIS and LCM"
}

/// The wires and the step that every solver step has, and what every one checks.
package struct StepPorts: PortGroup {
  let latent = Input<Latent>("latent", "x_t, at the level of `step`.")
  let noise = Input<NoisePrediction>("noise", "The prediction for x_t.")
  let schedule = Input<Schedule>("schedule", "The levels to step between.")
  let step = Parameter<Int>(
    "step", "Index into the evaluation list.", min: 0, max: Double(NormalStream.maximumDraw - 1))
  let next = Output<Latent>("latent", "The sample at the level where the next step starts.")
  let denoised = Output<Latent>("denoised", "The clean latent x_0 that the prediction amounts to.")

  /// What a step works on.
  package struct Inputs {
    let schedule: Schedule
    let step: Int
    let latent: Tensor
    let output: Tensor
    let kind: PredictionType
    /// One for all that a step computes, so that sums of its parts are merged.
    let evaluation: Evaluation

    init(schedule: Schedule, step: Int, latent: Tensor, output: Tensor, kind: PredictionType) {
      (self.schedule, self.step, self.latent, self.output, self.kind) = (schedule, step, latent, output, kind)
      evaluation = Evaluation(
        sample: LinearCombination(latent), output: LinearCombination(output), kind: kind,
        level: schedule.level(of: step))
    }

    var level: NoiseLevel { schedule.level(of: step) }
    var target: NoiseLevel { schedule.target(of: step) }
    var count: Int { schedule.timesteps.count }
    var isLast: Bool { step + 1 == count }
    var isOfComfyUI: Bool { schedule.convention == .comfyui }

    /// What a method works on that follows the line on ComfyUI's schedules.
    var line: (evaluation: Evaluation, target: NoiseLevel) {
      takesLine ? (evaluation.onLine, target.onLine) : (evaluation, target)
    }

    private var takesLine: Bool { isOfComfyUI && schedule.kind == .flow }

    func memoryOnLine(_ memory: SolverMemory) -> SolverMemory { takesLine ? memory.mapLevels(\.onLine) : memory }

    /// What such a method gives, as a sample and a memory of the schedule's kind.
    func offLine(_ next: LinearCombination) -> LinearCombination {
      takesLine ? target.scale / target.onLine.signal * next : next
    }

    func memoryOffLine(_ memory: SolverMemory) -> SolverMemory {
      takesLine ? memory.mapLevels(\.flowOffLine) : memory
    }
  }

  /// Reads the inputs of a step of `method`.
  ///
  /// Throws `NodeFailure` as `forecast` does, and for a prediction that does not fit.
  func inputs(_ io: NodeIO, of method: StepMethod) throws -> Inputs {
    let (latent, prediction, schedule, step) = (io[latent], io[noise], io[schedule], io[step])
    try require(method, step, of: ScheduleForecast(schedule), latent: latent.level.map { LatentForecast(level: $0) })
    guard prediction.tensor.shape == latent.tensor.shape else {
      throw NodeFailure(
        "the prediction is \(prediction.tensor.shape), but the latent is \(latent.tensor.shape)", at: noise.name)
    }
    let kind = prediction.kind ?? schedule.predictionType
    guard kind.levelKind == schedule.kind else {
      throw NodeFailure(
        "the prediction is that of a \(kind.levelKind.modelName), but the schedule is that of a \(schedule.kind.modelName)",
        at: noise.name)
    }
    if schedule.levels[step] == 0, kind == .epsilon {
      throw NodeFailure(
        "step \(step) starts in pure noise, of which a model that predicts the noise tells nothing",
        at: self.schedule.name, notes: ["a model that predicts v was expected"])
    }
    return Inputs(
      schedule: schedule, step: step, latent: latent.tensor, output: prediction.tensor, kind: kind)
  }

  /// Tells the levels of the outputs; gives that of the sample, nil where the schedule is not known.
  ///
  /// Throws `NodeFailure` for a schedule of another pattern than the method's, a step beyond its end, and a latent of
  /// another level.
  @discardableResult
  func forecast(_ io: inout NodeForecast, of method: StepMethod) throws -> LatentForecast? {
    io[denoised] = LatentForecast(level: .clean, shape: io[latent]?.shape)
    guard let schedule = io[schedule] else { return nil }
    let step = io[step]
    try require(method, step, of: schedule, latent: io[latent])
    let isLast = step + 1 == schedule.schedule.timesteps.count
    let latent = LatentForecast(
      level: schedule.schedule.level(after: step), shape: io[self.latent]?.shape, schedule: schedule,
      step: isLast ? nil : step + 1)
    io[next] = latent
    return latent
  }

  /// What plans and runs check alike.
  private func require(
    _ method: StepMethod, _ step: Int, of schedule: ScheduleForecast, latent: LatentForecast?
  ) throws {
    try schedule.schedule.requirePattern(method.pattern, method: method.name, port: self.schedule.name)
    let kind = schedule.schedule.kind
    let isOnLine = method.followsLine && schedule.schedule.convention == .comfyui
    guard method.kinds.contains(kind) || isOnLine else {
      throw NodeFailure(
        "\(schedule.name) is that of a \(kind.modelName), for which \(method.name) is not defined",
        at: self.schedule.name,
        notes: kind == .flow ? ["methods for a flow are \(StepMethod.namesForFlows)"] : [])
    }
    try schedule.requireStep(step, port: self.step.name)
    if let latent { try LevelCheck(latent: latent, schedule: schedule, step: step).require(at: self.latent.name) }
    if schedule.schedule.levels[step] == 0, !method.startsInPureNoise.contains(kind), !(isOnLine && kind == .flow) {
      throw NodeFailure(
        "step \(step) starts in pure noise, where \(method.name) is not defined", at: self.schedule.name,
        notes: [
          kind == .diffusion
            ? "a DDIMStep is" : "the flow schedules of the conventions dpm, unipc and deis start just below it"
        ])
    }
  }

  /// Puts out the sample that the step gives, and x_0.
  func put(_ sample: LinearCombination, denoised: LinearCombination, of inputs: Inputs, to io: inout NodeIO) {
    io[next] = Latent(sample.evaluated(), level: inputs.schedule.level(after: inputs.step))
    io[self.denoised] = Latent(denoised.evaluated(), level: .clean)
  }
}

extension Schedule {
  /// Refuses a schedule whose evaluations follow another pattern than the method's.
  func requirePattern(_ pattern: ScheduleConvention.Pattern, method: String, port: String) throws {
    guard self.pattern != pattern else { return }
    if convention == .comfyui {
      let samplers = ComfyUISampler.allCases.filter { $0.pattern == pattern }.map(\.rawValue)
      throw NodeFailure(
        "the schedule is that of a sampler of ComfyUI's whose evaluations follow each other otherwise than those of \(method)",
        at: port,
        notes: samplers.isEmpty ? [] : ["set 'sampler' on its NoiseSchedule to \(samplers.joined(separator: ", "))"])
    }
    let fitting = ScheduleConvention.allCases.filter { $0 != .comfyui && $0.pattern == pattern }.map(\.rawValue)
    throw NodeFailure(
      "the schedule's convention is '\(convention.rawValue)', which \(method) cannot follow", at: port,
      notes: [
        fitting.isEmpty
          ? "it follows samplers of the convention comfyui"
          : fitting.count == 1
            ? "set 'convention: \(fitting[0])' on its NoiseSchedule" : "expected \(fitting.joined(separator: ", "))"
      ])
  }
}
