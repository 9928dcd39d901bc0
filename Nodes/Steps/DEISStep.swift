import DiffusionModels
import GraphEngine

/// One step of DEIS (Zhang and Chen 2023; diffusers' `DEISMultistepScheduler`): `DEIS` has the formula.
package struct DEISStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "DEISStep", version: 1, lane: .compute,
    summary: "Takes one DEIS step along a polynomial in log sigma through the last predictions.")
  private static let method = StepMethod(name: "DEIS", kinds: [.diffusion, .flow], followsLine: true)

  let ports = StepPorts()
  let past = MultistepPorts()
  let order = Parameter(
    "order", "How many predictions to look at.", default: 2, min: 1, max: Double(DEIS.orders.upperBound))
  let lowerOrderFinal = Parameter(
    "lower_order_final", "Lowers the order of the last steps in runs of less than 15.", default: true)

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    let next = try ports.forecast(&io, of: Self.method)
    try past.forecast(&io, of: Self.method, ports: ports, next: next)
  }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let memory = try past.memory(io, of: Self.method, inputs: inputs)
    let now = inputs.evaluation
    let order = finalOrder(io[order], step: inputs.step, of: inputs.count, isLowered: io[lowerOrderFinal])
    let (next, kept) =
      inputs.isOfComfyUI
      ? DEISClock(order: io[self.order]).step(now, to: inputs.target, memory: memory)
      : DEIS(order: order).step(now, to: inputs.target, memory: memory)
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, inputs: inputs, to: &io)
  }
}
