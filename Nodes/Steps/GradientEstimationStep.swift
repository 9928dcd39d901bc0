import DiffusionModels
import GraphEngine

/// One Euler step with an extrapolated slope (Permenter and Yuan 2023; ComfyUI's `gradient_estimation`):
/// `gradientEstimationStep` has the formula.
package struct GradientEstimationStep: MultistepStep {
  package static let info = NodeInfo(
    type: "GradientEstimationStep", version: 1, lane: .compute,
    summary: "Takes one Euler step along a slope that is carried beyond the newest one.")
  package static let method = StepMethod(
    name: "Gradient estimation", kinds: [.diffusion, .flow], startsInPureNoise: [.flow])

  package let ports = StepPorts()
  package let past = MultistepPorts()
  let gamma = Parameter("gamma", "How far the slope is carried: 1 is Euler's step.", default: 2.0, min: 1, max: 5)

  package init() {}

  package func step(
    _ inputs: StepPorts.Inputs, memory: SolverMemory, io: NodeIO
  ) -> (next: LinearCombination, memory: SolverMemory) {
    gradientEstimationStep(inputs.evaluation, to: inputs.target, gamma: io[gamma], memory: memory)
  }
}
