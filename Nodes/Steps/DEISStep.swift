import DiffusionModels
import GraphEngine

/// One step of DEIS (Zhang and Chen 2023; diffusers' `DEISMultistepScheduler`): `DEIS` has the formula.
package struct DEISStep: MultistepStep {
  package static let info = NodeInfo(
    type: "DEISStep", version: 1, lane: .compute,
    summary: "Takes one DEIS step along a polynomial in log sigma through the last predictions.")
  package static let method = StepMethod(name: "DEIS", kinds: [.diffusion, .flow], followsLine: true)

  package let ports = StepPorts()
  package let past = MultistepPorts()
  let order = Parameter(
    "order", "How many predictions to look at.", default: 2, min: 1, max: Double(DEIS.orders.upperBound))
  let lowerOrderFinal = Parameter(
    "lower_order_final", "Lowers the order of the last steps in runs of less than 15.", default: true)

  package init() {}

  package func step(
    _ inputs: StepPorts.Inputs, memory: SolverMemory, io: NodeIO
  ) -> (next: LinearCombination, memory: SolverMemory) {
    if inputs.isOfComfyUI {
      return DEISClock(order: io[order]).step(inputs.evaluation, to: inputs.target, memory: memory)
    }
    let order = finalOrder(io[order], step: inputs.step, of: inputs.count, isLowered: io[lowerOrderFinal])
    return DEIS(order: order).step(inputs.evaluation, to: inputs.target, memory: memory)
  }
}
