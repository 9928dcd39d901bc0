import DiffusionModels
import GraphEngine

/// One evaluation of Heun's method (Karras and others 2022, algorithm 1; diffusers' `HeunDiscreteScheduler`).
///
/// Even evaluations are Euler's step, odd ones correct it by the mean of both slopes: `heunStep` has the formula.
package struct HeunStep: TwoStageStep {
  package static let info = NodeInfo(
    type: "HeunStep", version: 1, lane: .compute,
    summary: "Takes Euler's step, then again with the mean of the slopes at both its ends.")
  package static let method = StepMethod(
    name: "Heun", pattern: .pairs, kinds: [.diffusion, .flow], startsInPureNoise: [.flow])

  package let ports = StepPorts()
  package let past = TwoStagePorts()

  package init() {}

  package func outputs(ofFirstStage inputs: StepPorts.Inputs) -> [SolverMemory.Entry] {
    [.init(inputs.evaluation.slope.evaluated(), level: inputs.level)]
  }

  package func secondStage(
    _ inputs: StepPorts.Inputs, from start: SolverMemory.Entry, outputs: [SolverMemory.Entry], io: NodeIO
  ) -> LinearCombination {
    guard let slope = outputs.first else { return inputs.evaluation.moved(to: inputs.target) }
    return heunStep(inputs.evaluation, from: start, firstSlope: slope, to: inputs.target)
  }
}
