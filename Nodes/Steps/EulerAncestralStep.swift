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
  let guided = GuidedPorts()
  let eta = OptionalParameter<Double>(
    "eta", "How far to go towards independence of the past, 1 when left out; 0 is Euler's step.", min: 0, max: 1)
  let random = NoisePorts()

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    random.resolve(&parameters, defaultDraw: parameters[ports.step] + 1)
    if parameters[eta] == 1 { parameters[eta] = nil }
  }

  package func forecast(_ io: inout NodeForecast) throws { try ports.forecast(&io, of: Self.method) }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let (now, noise, eta) = (inputs.evaluation, random.noise(io, shape: inputs.latent.shape), io[eta] ?? 1)
    var next = eulerAncestralStep(now, to: inputs.target, eta: eta, noise: noise)
    if let uncond = try guided.evaluation(io, inputs: inputs) {
      next = eulerAncestralGuidedStep(now.withNoise(of: uncond), to: inputs.target, eta: eta, noise: noise)
    }
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
  }
}
