import GraphEngine
import Tensors

/// The text encoder's hidden states [n, t, d].
package struct Conditioning: TensorValue {
  package static let wireType = WireType("conditioning", shape: ["n", "t", "d"])

  let tensor: Tensor
  var metadata: [String: String] { [:] }

  package init(_ tensor: Tensor) { self.tensor = tensor }
  init(tensor: Tensor, metadata: [String: String]) { self.init(tensor) }
}
