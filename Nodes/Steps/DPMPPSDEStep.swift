import DiffusionModels
import GraphEngine

/// One evaluation of DPM-Solver++ SDE (ComfyUI's `dpmpp_sde`).
///
/// Even evaluations go halfway in log(signal / noise), odd ones take the whole step with what they find, each with noise:
/// `dpmppSDEStep` has the formula.
package struct DPMPPSDEStep: TwoStageStep {
  package static let info = NodeInfo(
    type: "DPMPPSDEStep", version: 1, lane: .compute,
    summary: "Goes halfway with noise, then takes the whole step from there, with Brownian noise.")
  package static let method = StepMethod(
    name: "DPM-Solver++ SDE of two stages", pattern: .logMidpoints, kinds: [.diffusion, .flow])

  package let ports = StepPorts()
  package let past = TwoStagePorts()
  let random = BrownianPorts()

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) { random.resolve(&parameters) }

  package func firstStage(_ inputs: StepPorts.Inputs, io: NodeIO) -> LinearCombination {
    move(inputs, from: inputs.evaluation.sample, at: inputs.level, io: io)
  }

  package func secondStage(
    _ inputs: StepPorts.Inputs, from start: SolverMemory.Entry, outputs: [SolverMemory.Entry], io: NodeIO
  ) -> LinearCombination {
    move(inputs, from: LinearCombination(start.tensor), at: start.level, io: io)
  }

  private func move(
    _ inputs: StepPorts.Inputs, from start: LinearCombination, at level: NoiseLevel, io: NodeIO
  ) -> LinearCombination {
    let denoised = inputs.evaluation.denoised
    if inputs.target.isClean { return denoised }
    return dpmppSDEStep(
      from: start, at: level, denoised: denoised, to: inputs.target, eta: io[random.eta],
      noise: random.noise(io, from: level, to: inputs.target, inputs: inputs))
  }
}
