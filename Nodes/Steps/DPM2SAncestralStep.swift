import DiffusionModels
import GraphEngine

/// One evaluation of ancestral DPM-Solver++ 2S (ComfyUI's `dpmpp_2s_ancestral`).
///
/// Even evaluations go halfway in log(signal / noise) to a level below the next one, odd ones take the whole way with what they
/// find, and add noise: `dpmpp2SAncestralStep` has the formula.
package struct DPM2SAncestralStep: TwoStageStep {
  package static let info = NodeInfo(
    type: "DPM2SAncestralStep", version: 1, lane: .compute,
    summary: "Goes halfway, then takes a step of DPM-Solver++ a little too far from there, and adds noise.")
  package static let method = StepMethod(
    name: "DPM-Solver++ 2S ancestral", pattern: .ancestralLogMidpoints, kinds: [.diffusion, .flow],
    startsInPureNoise: [.flow])

  package let ports = StepPorts()
  package let past = TwoStagePorts()
  let random = NoisePorts(unused: "where step is even", defaultDraw: "(step + 1) / 2")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    random.resolve(&parameters, forSecondStagesOf: ports)
  }

  package func secondStage(
    _ inputs: StepPorts.Inputs, from start: SolverMemory.Entry, outputs: [SolverMemory.Entry], io: NodeIO
  ) -> LinearCombination {
    dpmpp2SAncestralStep(
      inputs.evaluation, from: start, to: inputs.target, eta: 1, noise: random.noise(io, shape: inputs.latent.shape))
  }
}
