import GraphEngine
import Tensors

/// Guidance by a text and by a picture, each with a scale of its own (Brooks, Holynski and Efros 2023, equation 3).
package struct EditCombine: Node {
  package static let info = NodeInfo(
    type: "EditCombine", version: 1, lane: .compute,
    summary: "Steers by picture and text: uncond + image_scale (image - uncond) + scale (positive - image).")

  let uncond = Input<NoisePrediction>("uncond", "The prediction without prompt and picture.")
  let image = Input<NoisePrediction>("image", "The prediction for the picture, without the prompt.")
  let positive = Input<NoisePrediction>("positive", "The prediction for the picture and the prompt.")
  let scale = Parameter("scale", "How far to follow the prompt.", default: 7.5)
  let imageScale = Parameter("image_scale", "How far to follow the picture.", default: 1.5)
  let noise = Output<NoisePrediction>("noise", "The guided prediction.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let (uncond, image, positive) = (io[uncond], io[image], io[positive])
    for (port, other) in [(self.uncond.name, uncond), (self.image.name, image)] {
      try other.requireFit(positive, at: port)
    }
    io[noise] = NoisePrediction(
      uncond.tensor + Float(io[scale]) * (positive.tensor - image.tensor)
        + Float(io[imageScale]) * (image.tensor - uncond.tensor), kind: positive.kind ?? image.kind ?? uncond.kind)
  }
}

extension NoisePrediction {
  /// Refuses a prediction of another shape or kind than `positive`.
  func requireFit(_ positive: NoisePrediction, at port: String) throws {
    guard tensor.shape == positive.tensor.shape else {
      throw NodeFailure(
        "the prediction is \(tensor.shape), but 'positive' is \(positive.tensor.shape)", at: port)
    }
    if let kind, let expected = positive.kind, kind != expected {
      throw NodeFailure(
        "predictions of different kinds cannot be combined: this is of \(kind.rawValue), but 'positive' of "
          + expected.rawValue, at: port)
    }
  }
}
