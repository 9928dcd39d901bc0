import DiffusionModels
import GraphEngine

/// A step of a method that looks back at earlier predictions: such a node is its ports and its formula.
package protocol MultistepStep: ForecastingNode {
  static var method: StepMethod { get }
  var ports: StepPorts { get }
  var past: MultistepPorts { get }

  /// The sample at the next level, and what the next step needs to know; `memory` is empty where the method begins.
  func step(
    _ inputs: StepPorts.Inputs, memory: SolverMemory, io: NodeIO
  ) throws -> (next: LinearCombination, memory: SolverMemory)
}

extension MultistepStep {
  package func forecast(_ io: inout NodeForecast) throws {
    let next = try ports.forecast(&io, of: Self.method)
    try past.forecast(&io, of: Self.method, ports: ports, next: next)
  }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let memory = try past.memory(io, of: Self.method, inputs: inputs)
    let (next, kept) = try step(inputs, memory: memory, io: io)
    ports.put(next, denoised: inputs.evaluation.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, inputs: inputs, to: &io)
  }
}

/// An evaluation of a method that takes a step by two, the second from the sample that the first one started from.
package protocol TwoStageStep: ForecastingNode {
  static var method: StepMethod { get }
  var ports: StepPorts { get }
  var past: TwoStagePorts { get }

  /// The sample that the second evaluation is to look at.
  func firstStage(_ inputs: StepPorts.Inputs, io: NodeIO) -> LinearCombination

  /// What the second evaluation needs to know of the first, beside its sample.
  func outputs(ofFirstStage inputs: StepPorts.Inputs) -> [SolverMemory.Entry]

  /// The sample at the end of the step; `start` and `outputs` are of its first evaluation.
  func secondStage(
    _ inputs: StepPorts.Inputs, from start: SolverMemory.Entry, outputs: [SolverMemory.Entry], io: NodeIO
  ) -> LinearCombination
}

extension TwoStageStep {
  package func firstStage(_ inputs: StepPorts.Inputs, io: NodeIO) -> LinearCombination {
    inputs.evaluation.moved(to: inputs.target)
  }

  package func outputs(ofFirstStage inputs: StepPorts.Inputs) -> [SolverMemory.Entry] { [] }

  package func forecast(_ io: inout NodeForecast) throws {
    let next = try ports.forecast(&io, of: Self.method)
    try past.forecast(&io, of: Self.method, ports: ports, next: next)
  }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let first = try past.firstStage(io, of: Self.method, inputs: inputs)
    let (next, kept): (LinearCombination, SolverMemory)
    if let first, let start = first.sample {
      next = secondStage(inputs, from: start, outputs: first.outputs, io: io)
      kept = .empty
    } else {
      next = firstStage(inputs, io: io)
      kept = SolverMemory(
        outputs: outputs(ofFirstStage: inputs), sample: .init(inputs.latent, level: inputs.level))
    }
    ports.put(next, denoised: inputs.evaluation.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, inputs: inputs, to: &io)
  }
}
