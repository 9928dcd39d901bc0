import DiffusionModels
import GraphEngine
import Tensors

/// A model's own output [n, c, h, w], tagged with what it predicts.
package struct NoisePrediction: TensorValue {
  package static let wireType = WireType("noise", shape: ["n", "c", "h", "w"])

  package let tensor: Tensor
  /// Nil for a tensor of unknown origin, which is taken for what the schedule's model predicts.
  package let kind: PredictionType?

  package init(_ tensor: Tensor, kind: PredictionType?) {
    self.tensor = tensor
    self.kind = kind
  }

  var metadata: [String: String] { kind.map { ["prediction": $0.rawValue] } ?? [:] }

  init(tensor: Tensor, metadata: [String: String]) {
    self.init(tensor, kind: metadata["prediction"].flatMap(PredictionType.init))
  }
}
