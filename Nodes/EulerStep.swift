import DiffusionModels
import GraphEngine

/// One Euler step of k-diffusion, "Euler B" (Karras and others 2022; diffusers' `EulerDiscreteScheduler`).
///
/// `x' = x + (sigma' - sigma) e` in k-diffusion's scale is `signal' x_0 + noise' e` in the latent's: `Evaluation.moved`.
package struct EulerStep: ConventionStep {
  package static let info = NodeInfo(
    type: "EulerStep", version: 1, lane: .compute, summary: "Takes one Euler step, straight along the predicted noise.")
  package static let convention = ScheduleConvention.k

  let ports = StepPorts()

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, method: "Euler", needsSigma: false)
    let now = inputs.evaluation
    ports.put(now.moved(to: inputs.target), denoised: now.denoised, of: inputs, to: &io)
  }
}
