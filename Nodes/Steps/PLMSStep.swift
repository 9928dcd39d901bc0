import DiffusionModels
import GraphEngine

/// One evaluation of PLMS (Liu and others 2022; diffusers' `PNDMScheduler` with skip_prk_steps): `PLMS` has the formula.
package struct PLMSStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "PLMSStep", version: 1, lane: .compute,
    summary: "Takes one PLMS step by the last four predictions; the first step is taken twice.")
  private static let method = StepMethod(name: "PLMS", pattern: .restart, startsInPureNoise: [.diffusion])

  let ports = StepPorts()
  let past = MultistepPorts()

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    let step = io[ports.step]
    if step == 1, io[past.begin] == 1 {
      throw NodeFailure(
        "evaluation 1 of PLMS takes the first step again", at: past.begin.name,
        notes: ["begin at 2, which starts at the same level"])
    }
    let next = try ports.forecast(&io, of: Self.method)
    guard let previous = try past.forecast(&io, of: Self.method, ports: ports, next: next) else { return }
    // Evaluations 1 and 2 start at one level: only what made the history tells which of them comes next.
    guard step > 0, (step == 1) != (previous.step == 0) else { return }
    throw NodeFailure(
      step == 1
        ? "step 1 takes the first step again, but the history is that of a later step"
        : "step \(step) was given the history of step 0, whose step evaluation 1 takes again first",
      at: past.history.previous.name)
  }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let memory = try past.memory(io, of: Self.method, inputs: inputs)
    let plms = PLMS(kind: inputs.kind)
    var (next, kept): (LinearCombination, SolverMemory)
    if let start = memory.sample, let first = memory.outputs.last {
      let source = SolverMemory.Entry(start.tensor, level: inputs.schedule.source(of: inputs.step))
      (next, kept) = plms.redoFirstStep(from: source, first: first, output: inputs.output, to: inputs.target)
    } else {
      (next, kept) = plms.step(
        sample: inputs.latent, output: inputs.output, at: inputs.level, to: inputs.target, memory: memory)
      if inputs.step == 0 { kept.sample = .init(inputs.latent, level: inputs.level) }
    }
    ports.put(next, denoised: inputs.evaluation.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, kind: inputs.kind, inputs: inputs, to: &io)
  }
}
