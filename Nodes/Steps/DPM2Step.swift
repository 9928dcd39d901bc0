import DiffusionModels
import GraphEngine

/// One evaluation of k-diffusion's DPM2 (diffusers' `KDPM2DiscreteScheduler`).
///
/// Even evaluations go halfway in log sigma, odd ones take the whole step with what they find: `dpm2Step` has the formula.
package struct DPM2Step: TwoStageStep {
  package static let info = NodeInfo(
    type: "DPM2Step", version: 1, lane: .compute,
    summary: "Goes halfway, then takes the whole step with the noise predicted there.")
  package static let method = StepMethod(
    name: "DPM2", pattern: .midpoints, kinds: [.diffusion, .flow], startsInPureNoise: [.flow])

  package let ports = StepPorts()
  package let past = TwoStagePorts()

  package init() {}

  package func secondStage(
    _ inputs: StepPorts.Inputs, from start: SolverMemory.Entry, outputs: [SolverMemory.Entry], io: NodeIO
  ) -> LinearCombination {
    dpm2Step(inputs.evaluation, from: start, to: inputs.target)
  }
}
