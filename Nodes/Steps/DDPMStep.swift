import DiffusionModels
import GraphEngine

/// One step of DDPM (Ho, Jain and Abbeel 2020, equation 7; diffusers' `DDPMScheduler`): `ddpmStep` has the formula.
package struct DDPMStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "DDPMStep", version: 1, lane: .compute, summary: "Takes one DDPM step, with the noise of the posterior.")
  private static let method = StepMethod(
    name: "DDPM", startsInPureNoise: [.diffusion], followsLine: true)

  let ports = StepPorts()
  let random = NoisePorts()

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    random.resolve(&parameters, defaultDraw: parameters[ports.step] + 1)
  }

  package func forecast(_ io: inout NodeForecast) throws { try ports.forecast(&io, of: Self.method) }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let ((now, target), noise) = (inputs.line, random.noise(io, shape: inputs.latent.shape))
    let next = ddpmStep(now, to: target, noise: noise)
    ports.put(inputs.offLine(next), denoised: now.denoised, of: inputs, to: &io)
  }
}
