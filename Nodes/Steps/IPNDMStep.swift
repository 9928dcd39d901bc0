import DiffusionModels
import GraphEngine

/// One step of iPNDM (Zhang and Chen 2023; ComfyUI's `ipndm` and `ipndm_v`): `IPNDM` has the formula.
package struct IPNDMStep: MultistepStep {
  package static let info = NodeInfo(
    type: "IPNDMStep", version: 1, lane: .compute,
    summary:
      "Takes one multistep step by Adams and Bashforth's coefficients, or by others that follow the steps' widths.")

  package let ports = StepPorts()
  package let past = MultistepPorts()
  let order = Parameter(
    "order", "How many predictions to look at.", default: IPNDM.orders.upperBound, min: 1,
    max: Double(IPNDM.orders.upperBound))
  let variant = Parameter(
    "type", "Coefficients of even steps, or of the steps as they are.", default: IPNDM.Variant.fixed.rawValue,
    options: IPNDM.Variant.allCases.map(\.rawValue))
  package static let method = StepMethod(name: "iPNDM", kinds: [.diffusion, .flow], startsInPureNoise: [.flow])

  package init() {}

  package func step(
    _ inputs: StepPorts.Inputs, memory: SolverMemory, io: NodeIO
  ) -> (next: LinearCombination, memory: SolverMemory) {
    IPNDM(order: io[order], variant: IPNDM.Variant(rawValue: io[variant]) ?? .fixed)
      .step(inputs.evaluation, to: inputs.target, memory: memory)
  }
}
