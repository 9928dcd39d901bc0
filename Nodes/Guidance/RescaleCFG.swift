import DiffusionModels
import GraphEngine
import Tensors

/// Guidance with the contrast of the positive prediction, in the measure of a model that predicts v (Lin and others 2023, equations
/// 15 and 16), as ComfyUI's RescaleCFG has it.
///
/// The guided v is scaled so that its standard deviation over a picture goes `amount` of the way to that of the positive one.
/// Of a flow, v is that of the diffusion whose sigma is the flow's, which is what ComfyUI takes any model for.
package struct RescaleCFG: ForecastingNode {
  package static let info = NodeInfo(
    type: "RescaleCFG", version: 1, lane: .compute,
    summary: "Brings the contrast of guidance back to that of the positive prediction, in v.")

  let ports = GuidedNoisePorts()
  let amount = Parameter(
    "amount", "How far: 0 is guidance as it is, 1 the contrast of the positive prediction.", default: 0.7, min: 0,
    max: 1)

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws { try ports.forecast(&io) }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io)
    let amount = io[amount]
    ports.put(&io, inputs) { index in
      let sample = inputs.sample(index)
      let guided = inputs.evaluation(inputs.guided, index, of: sample)
      let (velocity, line) = Self.velocity(guided)
      let (positive, _) = Self.velocity(inputs.evaluation(inputs.positive, index, of: sample))
      let ratio = positive.evaluated().standardDeviation / velocity.evaluated().standardDeviation
      let factor = ratio.isFinite ? amount * ratio + 1 - amount : 1
      let denoised = line.level.signal * line.sample - line.level.noise * (factor * velocity)
      return Evaluation.output(inputs.kind, sample: sample, denoised: denoised, level: inputs.level)
    }
  }

  private static func velocity(_ evaluation: Evaluation) -> (velocity: LinearCombination, line: Evaluation) {
    let line = evaluation.onLine
    return (
      Evaluation.output(.v, sample: line.sample, denoised: line.denoised, level: line.level), line
    )
  }
}
