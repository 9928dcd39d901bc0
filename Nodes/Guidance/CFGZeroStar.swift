import DiffusionModels
import GraphEngine
import Tensors

/// CFG-Zero* (Fan and others 2025, equation 13): guidance away from as much of the negative prediction as is in the positive one.
///
/// With a the projection <v_p, v_u> / |v_u|^2 of slopes, over a picture, x_0 changes by (a - 1) (1 - scale) of that of the negative
/// prediction, which makes a x_u + scale (x_p - a x_u) of plain guidance, as in ComfyUI's CFGZeroStar.
package struct CFGZeroStar: ForecastingNode {
  package static let info = NodeInfo(
    type: "CFGZeroStar", version: 1, lane: .compute,
    summary: "Scales the negative part of guidance to what the positive prediction has of it.")

  let ports = GuidedNoisePorts()
  let uncond = Input<NoisePrediction>("uncond", "The prediction for the negative prompt.")
  let scale = Parameter("scale", "That of the guidance.", default: 7.5)

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws { try ports.forecast(&io) }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io)
    let (uncond, scale) = (io[uncond], io[scale])
    try uncond.requireFit(io[ports.positive], at: self.uncond.name)
    ports.put(&io, inputs) { index in
      let sample = inputs.sample(index)
      let negative = inputs.evaluation(uncond.tensor, index, of: sample)
      let positive = inputs.evaluation(inputs.positive, index, of: sample)
      let (away, towards) = (negative.slope.evaluated(), positive.slope.evaluated())
      let time = inputs.level.time
      // What keeps it from dividing by nothing is of x - x_0, the slope times sigma.
      let part = away.product(with: towards) / (away.product(with: away) + (time > 0 ? 1e-8 / (time * time) : 1e-8))
      let guided = inputs.evaluation(inputs.guided, index, of: sample).denoised
      return Evaluation.output(
        inputs.kind, sample: sample, denoised: guided + (part - 1) * (1 - scale) * negative.denoised,
        level: inputs.level)
    }
  }
}

extension Tensor {
  /// The sum of products, in double precision.
  fileprivate func product(with other: Tensor) -> Double {
    withUnsafeBufferPointer { a in
      other.withUnsafeBufferPointer { b in
        var sum = 0.0
        for index in 0..<a.count { sum += Double(a[index]) * Double(b[index]) }
        return sum
      }
    }
  }
}
