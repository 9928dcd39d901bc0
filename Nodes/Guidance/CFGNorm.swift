import DiffusionModels
import GraphEngine
import Tensors

/// Guidance whose clean latent is nowhere longer than that of the positive prediction, as ComfyUI's CFGNorm has it.
///
/// At each place x_0 is scaled by min(1, |positive x_0| / |guided x_0|), lengths over the channels, and then by `strength`.
package struct CFGNorm: ForecastingNode {
  package static let info = NodeInfo(
    type: "CFGNorm", version: 1, lane: .compute,
    summary: "Keeps guidance from making a clean latent longer than the positive prediction does.")

  let ports = GuidedNoisePorts()
  let strength = Parameter("strength", "What the clean latent is multiplied by then.", default: 1.0, min: 0, max: 100)

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws { try ports.forecast(&io) }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io)
    let strength = Float(io[strength])
    ports.put(&io, inputs) { index in
      let sample = inputs.sample(index)
      let guided = inputs.evaluation(inputs.guided, index, of: sample).denoised.evaluated()
      let positive = inputs.evaluation(inputs.positive, index, of: sample).denoised.evaluated()
      return Evaluation.output(
        inputs.kind, sample: sample, denoised: LinearCombination(guided.kept(to: positive, times: strength)),
        level: inputs.level)
    }
  }
}

extension Tensor {
  /// [1, c, h, w] at each place no longer than `other`, and then multiplied.
  fileprivate func kept(to other: Tensor, times strength: Float) -> Tensor {
    let (channels, places) = (shape[1], shape[2] * shape[3])
    return Tensor(shape: shape) { target in
      withUnsafeBufferPointer { own in
        other.withUnsafeBufferPointer { limit in
          for place in 0..<places {
            var (length, most) = (0.0, 0.0)
            for channel in 0..<channels {
              let (a, b) = (Double(own[channel * places + place]), Double(limit[channel * places + place]))
              length += a * a
              most += b * b
            }
            let factor = Float(min(1, most.squareRoot() / (length.squareRoot() + 1e-8))) * strength
            for channel in 0..<channels { target[channel * places + place] = own[channel * places + place] * factor }
          }
        }
      }
    }
  }
}
