import DiffusionModels
import GraphEngine

/// One step of UniPC (Zhao and others 2023; diffusers' `UniPCMultistepScheduler`): `UniPC` has the formula.
package struct UniPCStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "UniPCStep", version: 1, lane: .compute,
    summary: "Takes one UniPC step: corrects the last one by what the model says here, then predicts the next.")
  private static let method = StepMethod(name: "UniPC", kinds: [.diffusion, .flow], followsLine: true)

  let ports = StepPorts()
  let past = MultistepPorts()
  let order = Parameter(
    "order", "How many predictions to look at.", default: 2, min: 1, max: Double(UniPC.orders.upperBound))
  let variant = Parameter(
    "type", "B(h): bh2 is e^h - 1, bh1 is h, for very few steps.", default: UniPC.Variant.bh2.rawValue,
    options: UniPC.Variant.allCases.map(\.rawValue))
  let lowerOrderFinal = Parameter("lower_order_final", "Lowers the order of the last steps.", default: true)

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    let next = try ports.forecast(&io, of: Self.method)
    try past.forecast(&io, of: Self.method, ports: ports, next: next)
  }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let memory = inputs.memoryOnLine(try past.memory(io, of: Self.method, inputs: inputs))
    let (now, target) = inputs.line
    let order = io[lowerOrderFinal] ? min(io[order], inputs.count - inputs.step) : io[order]
    let variant = UniPC.Variant(rawValue: io[variant]) ?? .bh2
    if inputs.isOfComfyUI {
      // Never of more orders than there are steps to look back on.
      let solver = UniPC(order: min(order, max(inputs.count - 1, 1)), variant: variant)
      var (moved, kept) = solver.singleStep(now, to: target, memory: memory)
      // Its loop asks the model at the first sigma and steps from the second on, of which a list of one step has none.
      if inputs.count == 1 { moved = now.sample }
      // The last step stops short of 0, and what it leads to is taken for clean.
      let isEnd = inputs.isLast && inputs.schedule.endLevel == 1
      let next = isEnd ? inputs.offLine(moved) / inputs.target.signal : inputs.offLine(moved)
      ports.put(next, denoised: now.denoised, of: inputs, to: &io)
      return past.history.put(inputs.memoryOffLine(kept), of: Self.method, inputs: inputs, to: &io)
    }
    let (next, kept) = UniPC(order: order, variant: variant).step(now, to: inputs.target, memory: memory)
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, inputs: inputs, to: &io)
  }
}
