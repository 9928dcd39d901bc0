import DiffusionModels
import GraphEngine

/// The memory of a method, handed from step to step.
struct HistoryPorts: PortGroup {
  let previous = OptionalInput<History>("history", "The history of the step before.")
  let next = Output<History>("history", "What the next step of this method needs to know.")

  /// The memory that is wired; nil when none is.
  ///
  /// Throws `NodeFailure` for a history of another method, another level or another shape.
  func memory(_ io: NodeIO, method: String, inputs: StepPorts.Inputs) throws -> SolverMemory? {
    guard let history = io[previous] else { return nil }
    guard history.method == method else {
      throw NodeFailure("the history is that of \(history.method); \(method) keeps another", at: previous.name)
    }
    guard inputs.schedule.starts(inputs.step, at: history.level) else {
      let place = inputs.schedule.levels.indices.first { inputs.schedule.starts($0, at: history.level) }
      throw NodeFailure(
        "the history goes on at noise level \(history.level), but step \(inputs.step) of the schedule starts at "
          + "\(inputs.schedule.levels[inputs.step])", at: previous.name,
        notes: place.map { ["that is the level of step \($0) of this schedule"] } ?? [])
    }
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

  func put(
    _ memory: SolverMemory, method: String, kind: PredictionType? = nil, of inputs: StepPorts.Inputs,
    to io: inout NodeIO
  ) {
    io[next] = History(
      method: method, level: inputs.schedule.level(after: inputs.step), kind: kind, memory: memory)
  }
}

/// The memory of a multistep method, and where it begins without one.
struct MultistepPorts: PortGroup {
  let history = HistoryPorts()
  let begin = Parameter("begin", "The step at which the method begins, without a history.", default: 0, min: 0)

  /// The memory that is wired, or an empty one at the step where the method begins.
  ///
  /// Throws `NodeFailure` as `HistoryPorts.memory` does, and for a later step without history.
  func memory(_ io: NodeIO, method: String, inputs: StepPorts.Inputs) throws -> SolverMemory {
    let (step, begin) = (inputs.step, io[begin])
    guard step >= begin else {
      throw NodeFailure("step is \(step), but the method begins at step \(begin)", at: self.begin.name)
    }
    if let memory = try history.memory(io, method: method, inputs: inputs) { return memory }
    guard step == begin else {
      throw NodeFailure(
        "step \(step) of \(method) needs the history of the step before", at: history.previous.name,
        notes: ["wire the previous step's 'history', or set 'begin: \(step)' to start the method afresh here"])
    }
    return .empty
  }
}

/// The memory between the two evaluations of one step.
struct TwoStagePorts: PortGroup {
  let history = HistoryPorts()

  /// Nil for a first evaluation, and the memory of the first one for a second evaluation.
  ///
  /// Throws `NodeFailure` as `HistoryPorts.memory` does, and where first and second do not follow each other.
  func firstStage(_ io: NodeIO, method: String, inputs: StepPorts.Inputs) throws -> SolverMemory? {
    let (step, memory) = (inputs.step, try history.memory(io, method: method, inputs: inputs))
    let isPending = memory?.sample != nil
    if step.isMultiple(of: 2) {
      guard isPending else { return nil }
      throw NodeFailure(
        "the history is that of a first evaluation, but step \(step) is one too", at: history.previous.name)
    }
    guard isPending else {
      throw NodeFailure(
        "step \(step) is the second evaluation of a step of \(method) and needs the history of the first",
        at: history.previous.name, notes: ["wire the 'history' of step \(step - 1)"])
    }
    return memory
  }
}
