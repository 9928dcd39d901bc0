import DiffusionModels
import GraphEngine

/// One step of ER-SDE-Solver (Cui and others 2023; ComfyUI's `er_sde`): `ERSDE` has the formula.
package struct ERSDEStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "ERSDEStep", version: 1, lane: .compute,
    summary: "Takes one step of an extended reverse-time SDE by the last three predictions, with noise.")
  private static let method = StepMethod(name: "ER-SDE", kinds: [.diffusion, .flow])

  let ports = StepPorts()
  let past = MultistepPorts()
  let order = Parameter(
    "order", "How many predictions to look at.", default: ERSDE.orders.upperBound, min: 1,
    max: Double(ERSDE.orders.upperBound))
  let random = NoisePorts()

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    random.resolve(&parameters, defaultDraw: parameters[ports.step] + 1)
  }

  package func forecast(_ io: inout NodeForecast) throws {
    let next = try ports.forecast(&io, of: Self.method)
    try past.forecast(&io, of: Self.method, ports: ports, next: next)
  }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let memory = try past.memory(io, of: Self.method, inputs: inputs)
    let (now, noise) = (inputs.evaluation, random.noise(io, shape: inputs.latent.shape))
    let (next, kept) = ERSDE(order: io[order]).step(now, to: inputs.target, memory: memory, noise: noise)
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, inputs: inputs, to: &io)
  }
}
