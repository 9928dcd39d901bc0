import DiffusionModels
import GraphEngine

/// One step of the second order of refined exponential solvers (Zhang and others 2023; ComfyUI's `res_multistep` and
/// `res_multistep_ancestral`): `ResMultistep` has the formula.
package struct ResMultistepStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "ResMultistepStep", version: 1, lane: .compute,
    summary: "Takes one exponential step by the last two predictions, with noise if asked for.")
  private static let method = StepMethod(
    name: "Res multistep", kinds: [.diffusion, .flow], startsInPureNoise: [.flow])

  let ports = StepPorts()
  let past = MultistepPorts()
  let eta = Parameter("eta", "0 takes no noise, 1 is the ancestral form.", default: 0.0, min: 0, max: 1)
  let random = NoisePorts(unused: "when eta is 0")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    random.resolve(&parameters, defaultDraw: parameters[eta] == 0 ? nil : parameters[ports.step] + 1)
  }

  package func forecast(_ io: inout NodeForecast) throws {
    let next = try ports.forecast(&io, of: Self.method)
    try past.forecast(&io, of: Self.method, ports: ports, next: next)
  }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let memory = try past.memory(io, of: Self.method, inputs: inputs)
    let now = inputs.evaluation
    let noise = io[eta] == 0 ? nil : random.noise(io, shape: inputs.latent.shape)
    let (next, kept) = ResMultistep(eta: io[eta]).step(now, to: inputs.target, memory: memory, noise: noise)
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, inputs: inputs, to: &io)
  }
}
