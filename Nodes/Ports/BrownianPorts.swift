import DiffusionModels
import GraphEngine
import Tensors

/// The noise of methods that follow a stochastic differential equation: the increments of one Brownian path over the whole run,
/// so that what is drawn between two levels does not depend on the steps between them.
struct BrownianPorts: PortGroup {
  let seed = Parameter<UInt64>("seed", "Seed of the path; all its 64 bits count.", default: 0)
  let eta = Parameter("eta", "How much noise: 0 is none, 1 what the equation asks for.", default: 1.0, min: 0, max: 10)

  let scale = NoiseScale.parameter

  /// Without noise the seed makes no second key.
  func resolve(_ parameters: inout NodeParameters) {
    if parameters[eta] == 0 { (parameters[seed], parameters[scale]) = (0, nil) }
    NoiseScale.settle(&parameters, scale)
  }

  /// The noise between two levels of the schedule of `inputs`; nil without noise, and for a step that ends clean.
  func noise(
    _ io: NodeIO, from level: NoiseLevel, to target: NoiseLevel, inputs: StepPorts.Inputs
  ) -> LinearCombination? {
    guard io[eta] > 0, !target.isClean else { return nil }
    let range = inputs.schedule.timeRange
    // Times are of single precision, and the path tells numbers of 6 decimals apart.
    let tree = BrownianTree(
      from: single(range.lowerBound), to: single(range.upperBound), seed: io[seed], shape: inputs.latent.shape)
    return NoiseScale.scaled(
      LinearCombination(tree.noise(from: single(level.time), to: single(target.time))), by: io[scale])
  }

  private func single(_ time: Double) -> Double { Double(Float(time)) }
}

extension Schedule {
  /// From the least time above 0 to the most, on the line that samples move along: sigmas, as k-diffusion or a flow has them.
  var timeRange: ClosedRange<Double> {
    let ends = (starts.map { level(of: $0) } + [NoiseLevel(endLevel, kind)]).filter { !$0.isClean }.map(\.time)
    // A run that begins in all noise begins there also where its first evaluation is a little below it.
    let most = startsFromNoise && kind == .flow ? 1 : ends.max() ?? 1
    return min(ends.min() ?? 0, most)...most
  }
}
