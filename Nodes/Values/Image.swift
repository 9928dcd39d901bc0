import GraphEngine
import Tensors

/// Pictures [n, 3, h, w], red, green and blue in -1...1.
package struct Image: TensorValue {
  package static let wireType = WireType("image", shape: ["n", "3", "h", "w"])

  package let tensor: Tensor
  var metadata: [String: String] { [:] }

  package init(_ tensor: Tensor) { self.tensor = tensor }
  init(tensor: Tensor, metadata: [String: String]) { self.init(tensor) }
}
