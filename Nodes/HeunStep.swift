import DiffusionModels
import GraphEngine

/// One evaluation of Heun's method (Karras and others 2022, algorithm 1; diffusers' `HeunDiscreteScheduler`).
///
/// Even evaluations are Euler's step, odd ones correct it by the mean of both slopes: `heunStep` has the formula.
package struct HeunStep: Node {
  package static let info = NodeInfo(
    type: "HeunStep", version: 1, lane: .compute,
    summary: "Takes Euler's step, then again with the mean of the slopes at both its ends.")
  private static let method = "Heun"

  let ports = StepPorts()
  let past = TwoStagePorts()

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, method: Self.method, pattern: .pairs)
    let now = inputs.evaluation
    let memory = try past.firstStage(io, method: Self.method, inputs: inputs)
    var (next, kept) = (now.moved(to: inputs.target), SolverMemory.empty)
    if let start = memory?.sample, let first = memory?.outputs.first {
      next = heunStep(now, from: start, firstNoise: first, to: inputs.target)
    } else {
      kept.sample = .init(inputs.latent, level: inputs.level)
      kept.outputs = [.init(now.noise.evaluated(), level: inputs.level)]
    }
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
    past.history.put(kept, method: Self.method, of: inputs, to: &io)
  }
}
