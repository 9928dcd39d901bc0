import DiffusionModels
import GraphEngine

/// One step of UniPC (Zhao and others 2023; diffusers' `UniPCMultistepScheduler`): `UniPC` has the formula.
package struct UniPCStep: MultistepStep {
  package static let info = NodeInfo(
    type: "UniPCStep", version: 1, lane: .compute,
    summary: "Takes one UniPC step: corrects the last one by what the model says here, then predicts the next.")
  package static let method = StepMethod(name: "UniPC", kinds: [.diffusion, .flow], followsLine: true)

  package let ports = StepPorts()
  package let past = MultistepPorts()
  let order = Parameter(
    "order", "How many predictions to look at.", default: 2, min: 1, max: Double(UniPC.orders.upperBound))
  let variant = Parameter(
    "type", "B(h): bh2 is e^h - 1, bh1 is h, for very few steps.", default: UniPC.Variant.bh2.rawValue,
    options: UniPC.Variant.allCases.map(\.rawValue))
  let lowerOrderFinal = Parameter("lower_order_final", "Lowers the order of the last steps.", default: true)

  package init() {}

  package func step(
    _ inputs: StepPorts.Inputs, memory: SolverMemory, io: NodeIO
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let (now, target) = inputs.line
    let memory = inputs.memoryOnLine(memory)
    var order = io[lowerOrderFinal] ? min(io[order], inputs.count - inputs.step) : io[order]
    // In ComfyUI never of more orders than there are steps to look back on.
    if inputs.isOfComfyUI { order = min(order, max(inputs.count - 1, 1)) }
    let solver = UniPC(
      order: order, variant: UniPC.Variant(rawValue: io[variant]) ?? .bh2,
      arithmetic: inputs.isOfComfyUI ? .single : .double)
    let (moved, kept) = solver.step(now, to: target, memory: memory)
    // Its loop there asks the model at the first sigma and steps from the second on, of which a list of one step has none.
    let stays = inputs.isOfComfyUI && inputs.count == 1
    let next = inputs.offLine(stays ? now.sample : moved)
    // There the last step stops short of 0, and what it leads to is taken for clean.
    let isEnd = inputs.isOfComfyUI && inputs.isLast && inputs.schedule.endLevel == 1
    return (isEnd ? next / inputs.target.signal : next, inputs.memoryOffLine(kept))
  }
}
