import DiffusionModels
import GraphEngine

/// One evaluation of DPM-Solver++ SDE (ComfyUI's `dpmpp_sde`).
///
/// Even evaluations go halfway in log(signal / noise), odd ones take the whole step with what they find, each with noise:
/// `dpmppSDEStep` has the formula.
package struct DPMPPSDEStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "DPMPPSDEStep", version: 1, lane: .compute,
    summary: "Goes halfway with noise, then takes the whole step from there, with Brownian noise.")
  private static let method = StepMethod(
    name: "DPM-Solver++ SDE of two stages", pattern: .logMidpoints, kinds: [.diffusion, .flow])

  let ports = StepPorts()
  let past = TwoStagePorts()
  let random = BrownianPorts()

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) { random.resolve(&parameters) }

  package func forecast(_ io: inout NodeForecast) throws {
    let next = try ports.forecast(&io, of: Self.method)
    try past.forecast(&io, of: Self.method, ports: ports, next: next)
  }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let now = inputs.evaluation
    let first = try past.firstStage(io, of: Self.method, inputs: inputs)?.sample
    let (start, level) = first.map { (LinearCombination($0.tensor), $0.level) } ?? (now.sample, inputs.level)
    var kept = SolverMemory.empty
    if first == nil { kept.sample = .init(inputs.latent, level: inputs.level) }
    let noise = random.noise(io, from: level, to: inputs.target, inputs: inputs)
    let next =
      inputs.target.isClean
      ? now.denoised
      : dpmppSDEStep(
        from: start, at: level, denoised: now.denoised, to: inputs.target, eta: io[random.eta], noise: noise)
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, inputs: inputs, to: &io)
  }
}
