import GraphEngine
import Tensors

/// Classifier-free guidance (Ho and Salimans 2022) in its three-branch and its two-branch form.
package struct CFGCombine: Node {
  package static let info = NodeInfo(
    type: "CFGCombine", version: 1, lane: .compute,
    summary: "Steers noise predictions: uncond + scale (positive - negative).")

  let uncond = Input<NoisePrediction>("uncond", "The noise predicted without a prompt.")
  let positive = Input<NoisePrediction>("positive", "The noise predicted for the prompt.")
  let negative = OptionalInput<NoisePrediction>(
    "negative", "The noise predicted for the negative prompt; uncond stands in for it when left out.")
  let scale = Parameter("scale", "How far to steer; 1 without a negative prompt is no guidance.", default: 7.5)
  let rescale = Parameter(
    "rescale", "How far to restore the contrast of the positive prediction (Lin et al. 2023, eq. 15 and 16).",
    default: 0.0, min: 0, max: 1)
  let noise = Output<NoisePrediction>("noise", "The guided prediction.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let (uncond, positive, negative) = (io[uncond], io[positive], io[negative])
    for (port, other) in [(self.uncond.name, uncond), (self.negative.name, negative ?? uncond)] {
      try other.requireFit(positive, at: port)
    }
    let direction = positive.tensor - (negative ?? uncond).tensor
    var guided = uncond.tensor + Float(io[scale]) * direction
    let rescale = io[rescale]
    if rescale > 0 {
      guided = Self.rescaled(guided, toContrastOf: positive.tensor, by: rescale)
    }
    io[noise] = NoisePrediction(guided, kind: positive.kind ?? uncond.kind)
  }

  /// Each sample's standard deviation brought `fraction` of the way to the reference's (diffusers' `rescale_noise_cfg`).
  private static func rescaled(_ guided: Tensor, toContrastOf reference: Tensor, by fraction: Double) -> Tensor {
    Tensor(
      concatenating: (0..<guided.shape[0]).map { index in
        let sample = guided.sample(index)
        let ratio = reference.sample(index).standardDeviation / sample.standardDeviation
        guard ratio.isFinite else { return sample }
        return Float(fraction * ratio + (1 - fraction)) * sample
      })
  }
}
