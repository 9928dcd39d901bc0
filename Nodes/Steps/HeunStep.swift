import DiffusionModels
import GraphEngine

/// One evaluation of Heun's method (Karras and others 2022, algorithm 1; diffusers' `HeunDiscreteScheduler`).
///
/// Even evaluations are Euler's step, odd ones correct it by the mean of both slopes: `heunStep` has the formula.
package struct HeunStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "HeunStep", version: 1, lane: .compute,
    summary: "Takes Euler's step, then again with the mean of the slopes at both its ends.")
  private static let method = StepMethod(
    name: "Heun", pattern: .pairs, kinds: [.diffusion, .flow], startsInPureNoise: [.flow])

  let ports = StepPorts()
  let past = TwoStagePorts()

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    let next = try ports.forecast(&io, of: Self.method)
    try past.forecast(&io, of: Self.method, ports: ports, next: next)
  }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let now = inputs.evaluation
    let memory = try past.firstStage(io, of: Self.method, inputs: inputs)
    var (next, kept) = (now.moved(to: inputs.target), SolverMemory.empty)
    if let start = memory?.sample, let first = memory?.outputs.first {
      next = heunStep(now, from: start, firstSlope: first, to: inputs.target)
    } else {
      kept.sample = .init(inputs.latent, level: inputs.level)
      kept.outputs = [.init(now.slope.evaluated(), level: inputs.level)]
    }
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, inputs: inputs, to: &io)
  }
}
