import DiffusionModels
import GraphEngine

/// One step of ER-SDE-Solver (Cui and others 2023; ComfyUI's `er_sde`): `ERSDE` has the formula.
package struct ERSDEStep: MultistepStep {
  package static let info = NodeInfo(
    type: "ERSDEStep", version: 1, lane: .compute,
    summary: "Takes one step of an extended reverse-time SDE by the last three predictions, with noise.")
  package static let method = StepMethod(name: "ER-SDE", kinds: [.diffusion, .flow])

  package let ports = StepPorts()
  package let past = MultistepPorts()
  let order = Parameter(
    "order", "How many predictions to look at.", default: ERSDE.orders.upperBound, min: 1,
    max: Double(ERSDE.orders.upperBound))
  let random = NoisePorts()

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    random.resolve(&parameters, defaultDraw: parameters[ports.step] + 1)
  }

  package func step(
    _ inputs: StepPorts.Inputs, memory: SolverMemory, io: NodeIO
  ) -> (next: LinearCombination, memory: SolverMemory) {
    ERSDE(order: io[order]).step(
      inputs.evaluation, to: inputs.target, memory: memory, noise: random.noise(io, shape: inputs.latent.shape))
  }
}
