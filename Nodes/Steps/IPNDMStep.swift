import DiffusionModels
import GraphEngine

/// One step of iPNDM (Zhang and Chen 2023; ComfyUI's `ipndm` and `ipndm_v`): `IPNDM` has the formula.
package struct IPNDMStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "IPNDMStep", version: 1, lane: .compute,
    summary:
      "Takes one multistep step by Adams and Bashforth's coefficients, or by others that follow the steps' widths.")

  let ports = StepPorts()
  let past = MultistepPorts()
  let order = Parameter(
    "order", "How many predictions to look at.", default: IPNDM.orders.upperBound, min: 1,
    max: Double(IPNDM.orders.upperBound))
  let variant = Parameter(
    "type", "Coefficients of even steps, or of the steps as they are.", default: IPNDM.Variant.fixed.rawValue,
    options: IPNDM.Variant.allCases.map(\.rawValue))
  private static let method = StepMethod(name: "iPNDM", kinds: [.diffusion, .flow], startsInPureNoise: [.flow])

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    let next = try ports.forecast(&io, of: Self.method)
    try past.forecast(&io, of: Self.method, ports: ports, next: next)
  }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let memory = try past.memory(io, of: Self.method, inputs: inputs)
    let now = inputs.evaluation
    let solver = IPNDM(order: io[order], variant: IPNDM.Variant(rawValue: io[variant]) ?? .fixed)
    let (next, kept) = solver.step(now, to: inputs.target, memory: memory)
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, inputs: inputs, to: &io)
  }
}
