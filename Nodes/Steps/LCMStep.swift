import DiffusionModels
import GraphEngine

/// One step of a latent consistency model (Luo and others 2023; diffusers' `LCMScheduler`): `lcmStep` has the formula.
package struct LCMStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "LCMStep", version: 1, lane: .compute,
    summary: "Takes one step of a latent consistency model: to the clean latent, and back up with noise.")
  private static let method = StepMethod(
    name: "LCM", kinds: [.diffusion, .flow], startsInPureNoise: [.diffusion, .flow])

  let ports = StepPorts()
  let timestepScaling = Parameter(
    "timestep_scaling", "How fast the step's own latent fades from the clean one with time.", default: 10.0, min: 0)
  let random = NoisePorts()

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    random.resolve(&parameters, defaultDraw: parameters[ports.step] + 1)
  }

  package func forecast(_ io: inout NodeForecast) throws { try ports.forecast(&io, of: Self.method) }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let (next, denoised) = lcmStep(
      inputs.evaluation, time: inputs.schedule.timesteps[inputs.step],
      timestepScaling: inputs.isOfComfyUI ? nil : io[timestepScaling],
      to: inputs.target, noise: random.noise(io, shape: inputs.latent.shape))
    ports.put(next, denoised: denoised, of: inputs, to: &io)
  }
}
