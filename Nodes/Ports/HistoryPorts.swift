import DiffusionModels
import GraphEngine

/// The memory of a method, handed from step to step.
struct HistoryPorts: PortGroup {
  let previous = OptionalInput<History>("history", "The history of the step before.")
  let next = Output<History>("history", "What the next step of this method needs to know.")

  /// The memory that is wired; nil when none is.
  ///
  /// Throws `NodeFailure` as `forecast` does, and for a history of another shape or another kind of prediction.
  func memory(_ io: NodeIO, of method: StepMethod, inputs: StepPorts.Inputs) throws -> SolverMemory? {
    guard let history = io[previous] else { return nil }
    try require(
      method, step: inputs.step, of: ScheduleForecast(inputs.schedule), owner: history.method,
      latent: LatentForecast(level: history.level))
    if let shape = history.shape, shape != inputs.latent.shape {
      throw NodeFailure(
        "the history is of latents \(shape), but the latent is \(inputs.latent.shape)", at: previous.name)
    }
    if let kind = history.kind, kind != inputs.kind {
      throw NodeFailure(
        "the history is of \(kind.rawValue) predictions, but 'noise' is of \(inputs.kind.rawValue)", at: previous.name)
    }
    return history.memory
  }

  /// What is known of the history that is wired; nil when none is, or nothing is known of it.
  ///
  /// Throws `NodeFailure` for a history of another method or another level.
  func forecast(
    _ io: NodeForecast, of method: StepMethod, step: Int, schedule: ScheduleForecast?
  ) throws -> HistoryForecast? {
    guard let history = io[previous] else { return nil }
    try require(method, step: step, of: schedule, owner: history.method, latent: history.latent)
    return history
  }

  /// What plans and runs check alike.
  private func require(
    _ method: StepMethod, step: Int, of schedule: ScheduleForecast?, owner: String, latent: LatentForecast?
  ) throws {
    guard owner == method.name else {
      throw NodeFailure("the history is that of \(owner); \(method.name) keeps another", at: previous.name)
    }
    guard let schedule, let latent else { return }
    try LevelCheck(subject: "the history", latent: latent, schedule: schedule, step: step).require(at: previous.name)
  }

  func put(
    _ memory: SolverMemory, of method: StepMethod, kind: PredictionType? = nil, inputs: StepPorts.Inputs,
    to io: inout NodeIO
  ) {
    io[next] = History(
      method: method.name, level: inputs.schedule.level(after: inputs.step), kind: kind, memory: memory)
  }
}

/// The memory of a multistep method, and where it begins without one.
package struct MultistepPorts: PortGroup {
  let history = HistoryPorts()
  let begin = Parameter(
    "begin", "The step at which the method begins; used where no history is wired.", default: 0, min: 0)

  /// The memory that is wired, or an empty one where the method begins.
  ///
  /// Throws `NodeFailure` as `HistoryPorts.memory` does.
  func memory(_ io: NodeIO, of method: StepMethod, inputs: StepPorts.Inputs) throws -> SolverMemory {
    try history.memory(io, of: method, inputs: inputs) ?? .empty
  }

  /// Checks and tells the history; `begin` becomes the step at which the chain began, whatever it said.
  ///
  /// So a chain has one key, in how many calls it may be written. Gives what is known of the history that is wired. Throws
  /// `NodeFailure` as `HistoryPorts.forecast` does, and for a step later than `begin` without history.
  @discardableResult
  func forecast(
    _ io: inout NodeForecast, of method: StepMethod, ports: StepPorts, next: LatentForecast?
  ) throws -> HistoryForecast? {
    let (step, begin) = (io[ports.step], io[begin])
    guard step >= begin else {
      throw NodeFailure("step is \(step), but the method begins at step \(begin)", at: self.begin.name)
    }
    let previous = try history.forecast(io, of: method, step: step, schedule: io[ports.schedule])
    guard io.isWired(history.previous) || step == begin else {
      throw NodeFailure(
        "step \(step) of \(method.name) needs the history of the step before", at: history.previous.name,
        notes: ["wire the previous step's 'history', or set 'begin: \(step)' to start the method afresh here"])
    }
    let start = previous?.begin ?? begin
    io.parameters[self.begin] = start
    io[history.next] = HistoryForecast(method: method.name, step: step, begin: start, latent: next)
    return previous
  }
}

/// The memory between the two evaluations of one step.
package struct TwoStagePorts: PortGroup {
  let history = HistoryPorts()

  /// Nil for a first evaluation, and the memory of the first one for a second evaluation.
  ///
  /// Throws `NodeFailure` as `HistoryPorts.memory` does, and where first and second do not follow each other.
  func firstStage(_ io: NodeIO, of method: StepMethod, inputs: StepPorts.Inputs) throws -> SolverMemory? {
    let memory = try history.memory(io, of: method, inputs: inputs)
    let isPending = memory?.sample != nil
    try require(method, step: inputs.step, isPending: isPending)
    return isPending ? memory : nil
  }

  /// Checks and tells the history; throws `NodeFailure` as `firstStage` does.
  func forecast(_ io: inout NodeForecast, of method: StepMethod, ports: StepPorts, next: LatentForecast?) throws {
    let step = io[ports.step]
    let previous = try history.forecast(io, of: method, step: step, schedule: io[ports.schedule])
    if previous != nil || !io.isWired(history.previous) {
      try require(method, step: step, isPending: previous?.step.isMultiple(of: 2) ?? false)
    }
    io[history.next] = HistoryForecast(method: method.name, step: step, begin: 0, latent: next)
  }

  private func require(_ method: StepMethod, step: Int, isPending: Bool) throws {
    if step.isMultiple(of: 2) {
      guard isPending else { return }
      throw NodeFailure(
        "the history is that of a first evaluation, but step \(step) is one too", at: history.previous.name)
    }
    guard isPending else {
      throw NodeFailure(
        "step \(step) is the second evaluation of a step of \(method.name) and needs the history of the first",
        at: history.previous.name, notes: ["wire the 'history' of step \(step - 1)"])
    }
  }
}
