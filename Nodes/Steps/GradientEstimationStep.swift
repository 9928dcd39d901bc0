import DiffusionModels
import GraphEngine

/// One Euler step with an extrapolated slope (Permenter and Yuan 2023; ComfyUI's `gradient_estimation`):
/// `gradientEstimationStep` has the formula.
package struct GradientEstimationStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "GradientEstimationStep", version: 1, lane: .compute,
    summary: "Takes one Euler step along a slope that is carried beyond the newest one.")
  private static let method = StepMethod(
    name: "Gradient estimation", kinds: [.diffusion, .flow], startsInPureNoise: [.flow])

  let ports = StepPorts()
  let past = MultistepPorts()
  let gamma = Parameter("gamma", "How far the slope is carried: 1 is Euler's step.", default: 2.0, min: 1, max: 5)

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    let next = try ports.forecast(&io, of: Self.method)
    try past.forecast(&io, of: Self.method, ports: ports, next: next)
  }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let memory = try past.memory(io, of: Self.method, inputs: inputs)
    let now = inputs.evaluation
    let (next, kept) = gradientEstimationStep(now, to: inputs.target, gamma: io[gamma], memory: memory)
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, inputs: inputs, to: &io)
  }
}
