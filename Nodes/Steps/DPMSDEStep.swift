import DiffusionModels
import GraphEngine

/// One step of DPM-Solver++ 2M SDE or 3M SDE as k-diffusion has them (ComfyUI's `dpmpp_2m_sde`, `dpmpp_2m_sde_heun` and
/// `dpmpp_3m_sde`): `DPMSDE` has the formula.
package struct DPMSDEStep: MultistepStep {
  package static let info = NodeInfo(
    type: "DPMSDEStep", version: 1, lane: .compute,
    summary: "Takes one step of DPM-Solver++ SDE by the last two or three predictions, with Brownian noise.")
  package static let method = StepMethod(name: "DPM-Solver++ SDE", kinds: [.diffusion, .flow])

  package let ports = StepPorts()
  package let past = MultistepPorts()
  let order = Parameter(
    "order", "How many predictions to look at.", default: 2, min: 1, max: Double(DPMSDE.orders.upperBound))
  let variant = Parameter(
    "type", "How a difference of two predictions is weighted.", default: DPMSolver.Variant.midpoint.rawValue,
    options: DPMSolver.Variant.allCases.map(\.rawValue))
  let random = BrownianPorts()

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) { random.resolve(&parameters) }

  package func step(
    _ inputs: StepPorts.Inputs, memory: SolverMemory, io: NodeIO
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let solver = DPMSDE(
      order: io[order], variant: DPMSolver.Variant(rawValue: io[variant]) ?? .midpoint, eta: io[random.eta])
    let noise = random.noise(io, from: inputs.level, to: inputs.target, inputs: inputs)
    return solver.step(inputs.evaluation, to: inputs.target, memory: memory, noise: noise)
  }
}
