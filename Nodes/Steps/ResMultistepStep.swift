import DiffusionModels
import GraphEngine

/// One step of the second order of refined exponential solvers (Zhang and others 2023; ComfyUI's `res_multistep` and
/// `res_multistep_ancestral`): `ResMultistep` has the formula.
package struct ResMultistepStep: MultistepStep {
  package static let info = NodeInfo(
    type: "ResMultistepStep", version: 1, lane: .compute,
    summary: "Takes one exponential step by the last two predictions, with noise if asked for.")
  package static let method = StepMethod(
    name: "Res multistep", kinds: [.diffusion, .flow], startsInPureNoise: [.flow])

  package let ports = StepPorts()
  package let past = MultistepPorts()
  let eta = Parameter("eta", "0 takes no noise, 1 is the ancestral form.", default: 0.0, min: 0, max: 1)
  let random = NoisePorts(unused: "when eta is 0")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    random.resolve(&parameters, defaultDraw: parameters[eta] == 0 ? nil : parameters[ports.step] + 1)
  }

  package func step(
    _ inputs: StepPorts.Inputs, memory: SolverMemory, io: NodeIO
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let noise = io[eta] == 0 ? nil : random.noise(io, shape: inputs.latent.shape)
    return ResMultistep(eta: io[eta]).step(inputs.evaluation, to: inputs.target, memory: memory, noise: noise)
  }
}
