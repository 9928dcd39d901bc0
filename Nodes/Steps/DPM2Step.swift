import DiffusionModels
import GraphEngine

/// One evaluation of k-diffusion's DPM2 (diffusers' `KDPM2DiscreteScheduler`).
///
/// Even evaluations go halfway in log sigma, odd ones take the whole step with what they find: `dpm2Step` has the formula.
package struct DPM2Step: ForecastingNode {
  package static let info = NodeInfo(
    type: "DPM2Step", version: 1, lane: .compute,
    summary: "Goes halfway, then takes the whole step with the noise predicted there.")
  private static let method = StepMethod(
    name: "DPM2", pattern: .midpoints, kinds: [.diffusion, .flow], startsInPureNoise: [.flow])

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
    if let start = memory?.sample {
      next = dpm2Step(now, from: start, to: inputs.target)
    } else {
      kept.sample = .init(inputs.latent, level: inputs.level)
    }
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, inputs: inputs, to: &io)
  }
}
