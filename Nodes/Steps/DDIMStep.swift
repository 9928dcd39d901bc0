import DiffusionModels
import GraphEngine

/// One step of DDIM (Song, Meng and Ermon 2021, equation 12; diffusers' `DDIMScheduler`): `ddimStep` has the formula.
package struct DDIMStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "DDIMStep", version: 2, lane: .compute, summary: "Takes one DDIM step: from x_t to x_{t-1}.")
  private static let method = StepMethod(name: "DDIM", startsInPureNoise: [.diffusion])

  let ports = StepPorts()
  let eta = Parameter("eta", "0 is deterministic DDIM, 1 draws as much noise as DDPM.", default: 0.0, min: 0, max: 1)
  let random = NoisePorts(unused: "when eta is 0")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    random.resolve(&parameters, defaultDraw: parameters[eta] == 0 ? nil : parameters[ports.step] + 1)
  }

  package func forecast(_ io: inout NodeForecast) throws { try ports.forecast(&io, of: Self.method) }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let now = inputs.evaluation
    let next = ddimStep(
      now, to: inputs.target, eta: io[eta],
      noise: io[eta] == 0 ? nil : random.noise(io, shape: inputs.latent.shape))
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
  }
}
