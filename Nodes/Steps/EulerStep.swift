import DiffusionModels
import GraphEngine

/// One Euler step of k-diffusion, "Euler B" (Karras and others 2022; diffusers' `EulerDiscreteScheduler`).
///
/// `x' = x + (sigma' - sigma) e` in k-diffusion's scale is `signal' x_0 + noise' e` in the latent's: `Evaluation.moved`.
package struct EulerStep: ConventionStep, ForecastingNode {
  package static let info = NodeInfo(
    type: "EulerStep", version: 1, lane: .compute, summary: "Takes one Euler step, straight along the predicted noise.")
  package static let convention = ScheduleConvention.k
  private static let method = StepMethod(
    name: "Euler", kinds: [.diffusion, .flow], startsInPureNoise: [.diffusion, .flow])

  let ports = StepPorts()
  let guided = GuidedPorts()

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws { try ports.forecast(&io, of: Self.method) }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    var now = inputs.evaluation
    if let uncond = try guided.evaluation(io, inputs: inputs) { now = now.withNoise(of: uncond) }
    ports.put(now.moved(to: inputs.target), denoised: now.denoised, of: inputs, to: &io)
  }
}
