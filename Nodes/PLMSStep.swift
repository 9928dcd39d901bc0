import DiffusionModels
import GraphEngine

/// One evaluation of PLMS (Liu and others 2022; diffusers' `PNDMScheduler` with skip_prk_steps): `PLMS` has the formula.
package struct PLMSStep: Node {
  package static let info = NodeInfo(
    type: "PLMSStep", version: 1, lane: .compute,
    summary: "Takes one PLMS step by the last four predictions; the first step is taken twice.")
  private static let method = "PLMS"

  let ports = StepPorts()
  let past = MultistepPorts()

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, method: Self.method, pattern: .restart, needsSigma: false)
    if inputs.step == 1, io[past.begin] == 1 {
      throw NodeFailure(
        "evaluation 1 of PLMS takes the first step again", at: past.begin.name,
        notes: ["begin at 2, which starts at the same level"])
    }
    let memory = try past.memory(io, method: Self.method, inputs: inputs)
    try requireTurn(memory, step: inputs.step)
    let plms = PLMS(kind: inputs.kind)
    var (next, kept): (LinearCombination, SolverMemory)
    if let start = memory.sample, let first = memory.outputs.last {
      let source = SolverMemory.Entry(start.tensor, level: NoiseLevel(inputs.schedule.sourceLevels[inputs.step]))
      (next, kept) = plms.redoFirstStep(from: source, first: first, output: inputs.output, to: inputs.target)
    } else {
      (next, kept) = plms.step(
        sample: inputs.latent, output: inputs.output, at: inputs.level, to: inputs.target, memory: memory)
      if inputs.step == 0 { kept.sample = .init(inputs.latent, level: inputs.level) }
    }
    ports.put(next, denoised: inputs.evaluation.denoised, of: inputs, to: &io)
    past.history.put(kept, method: Self.method, kind: inputs.kind, of: inputs, to: &io)
  }

  /// Evaluations 1 and 2 start at one level: only what the history holds tells which of them comes next.
  private func requireTurn(_ memory: SolverMemory, step: Int) throws {
    let isRedone = memory.sample == nil
    guard step > 0, isRedone == (step == 1) else { return }
    throw NodeFailure(
      isRedone
        ? "step 1 takes the first step again, but the history is that of a later step"
        : "step \(step) was given the history of step 0, whose step evaluation 1 takes again first",
      at: past.history.previous.name)
  }
}
