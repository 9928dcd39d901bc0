import DiffusionModels
import GraphEngine

/// One evaluation of k-diffusion's ancestral DPM2 (diffusers' `KDPM2AncestralDiscreteScheduler`).
///
/// Even evaluations go halfway in log sigma, odd ones take a step that is a little too long with what they find, and add
/// noise: `dpm2AncestralStep` has the formula.
package struct DPM2AncestralStep: TwoStageStep {
  package static let info = NodeInfo(
    type: "DPM2AncestralStep", version: 1, lane: .compute,
    summary: "Goes halfway, then takes a step a little too far from there, and adds noise.")
  package static let method = StepMethod(
    name: "DPM2 ancestral", pattern: .ancestralMidpoints, kinds: [.diffusion, .flow], startsInPureNoise: [.flow])

  package let ports = StepPorts()
  package let past = TwoStagePorts()
  let random = NoisePorts(unused: "where step is even", defaultDraw: "(step + 1) / 2")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    random.resolve(&parameters, forSecondStagesOf: ports)
  }

  package func secondStage(
    _ inputs: StepPorts.Inputs, from start: SolverMemory.Entry, outputs: [SolverMemory.Entry], io: NodeIO
  ) -> LinearCombination {
    dpm2AncestralStep(
      inputs.evaluation, from: start, to: inputs.target, noise: random.noise(io, shape: inputs.latent.shape))
  }
}
