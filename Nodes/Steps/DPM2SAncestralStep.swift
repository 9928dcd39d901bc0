import DiffusionModels
import GraphEngine

/// One evaluation of ancestral DPM-Solver++ 2S (ComfyUI's `dpmpp_2s_ancestral`).
///
/// Even evaluations go halfway in log(signal / noise) to a level below the next one, odd ones take the whole way with what they
/// find, and add noise: `dpmpp2SAncestralStep` has the formula.
package struct DPM2SAncestralStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "DPM2SAncestralStep", version: 1, lane: .compute,
    summary: "Goes halfway, then takes a step of DPM-Solver++ a little too far from there, and adds noise.")
  private static let method = StepMethod(
    name: "DPM-Solver++ 2S ancestral", pattern: .ancestralLogMidpoints, kinds: [.diffusion, .flow],
    startsInPureNoise: [.flow])

  let ports = StepPorts()
  let past = TwoStagePorts()
  let random = NoisePorts(unused: "where step is even", defaultDraw: "(step + 1) / 2")

  package init() {}

  /// Only second evaluations draw.
  package func resolve(_ parameters: inout NodeParameters) {
    let step = parameters[ports.step]
    random.resolve(&parameters, defaultDraw: step.isMultiple(of: 2) ? nil : (step + 1) / 2)
  }

  package func forecast(_ io: inout NodeForecast) throws {
    let next = try ports.forecast(&io, of: Self.method)
    try past.forecast(&io, of: Self.method, ports: ports, next: next)
  }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let now = inputs.evaluation
    var (next, kept) = (now.moved(to: inputs.target), SolverMemory.empty)
    if let start = try past.firstStage(io, of: Self.method, inputs: inputs)?.sample {
      let noise = random.noise(io, shape: inputs.latent.shape)
      next = dpmpp2SAncestralStep(now, from: start, to: inputs.target, eta: 1, noise: noise)
    } else {
      kept.sample = .init(inputs.latent, level: inputs.level)
    }
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, inputs: inputs, to: &io)
  }
}
