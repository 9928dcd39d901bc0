import DiffusionModels
import GraphEngine

/// One step of DPM-Solver++ 2M SDE or 3M SDE as k-diffusion has them (ComfyUI's `dpmpp_2m_sde`, `dpmpp_2m_sde_heun` and
/// `dpmpp_3m_sde`): `DPMSDE` has the formula.
package struct DPMSDEStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "DPMSDEStep", version: 1, lane: .compute,
    summary: "Takes one step of DPM-Solver++ SDE by the last two or three predictions, with Brownian noise.")
  private static let method = StepMethod(name: "DPM-Solver++ SDE", kinds: [.diffusion, .flow])

  let ports = StepPorts()
  let past = MultistepPorts()
  let order = Parameter(
    "order", "How many predictions to look at.", default: 2, min: 1, max: Double(DPMSDE.orders.upperBound))
  let variant = Parameter(
    "type", "How a difference of two predictions is weighted.", default: DPMSolver.Variant.midpoint.rawValue,
    options: DPMSolver.Variant.allCases.map(\.rawValue))
  let random = BrownianPorts()

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) { random.resolve(&parameters) }

  package func forecast(_ io: inout NodeForecast) throws {
    let next = try ports.forecast(&io, of: Self.method)
    try past.forecast(&io, of: Self.method, ports: ports, next: next)
  }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let memory = try past.memory(io, of: Self.method, inputs: inputs)
    let now = inputs.evaluation
    let solver = DPMSDE(
      order: io[order], variant: DPMSolver.Variant(rawValue: io[variant]) ?? .midpoint, eta: io[random.eta])
    let noise = random.noise(io, from: inputs.level, to: inputs.target, inputs: inputs)
    let (next, kept) = solver.step(now, to: inputs.target, memory: memory, noise: noise)
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, inputs: inputs, to: &io)
  }
}
