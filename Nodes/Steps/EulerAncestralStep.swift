import DiffusionModels
import GraphEngine

/// One ancestral Euler step of k-diffusion, "Euler A" (diffusers' `EulerAncestralDiscreteScheduler`):
/// `eulerAncestralStep` has the formula.
package struct EulerAncestralStep: ConventionStep, ForecastingNode {
  package static let info = NodeInfo(
    type: "EulerAncestralStep", version: 2, lane: .compute,
    summary: "Takes one Euler step a little too far, and adds noise up to the next level.")
  package static let convention = ScheduleConvention.eulerAncestral
  private static let method = StepMethod(
    name: "Euler ancestral", kinds: [.diffusion, .flow], startsInPureNoise: [.diffusion, .flow])

  let ports = StepPorts()
  let random = NoisePorts()

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    random.resolve(&parameters, defaultDraw: parameters[ports.step] + 1)
  }

  package func forecast(_ io: inout NodeForecast) throws { try ports.forecast(&io, of: Self.method) }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let (now, noise) = (inputs.evaluation, random.noise(io, shape: inputs.latent.shape))
    let next = eulerAncestralStep(now, to: inputs.target, noise: noise)
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
  }
}
