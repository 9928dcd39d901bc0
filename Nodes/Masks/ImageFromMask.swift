import GraphEngine
import Tensors

/// A mask to be looked at, or to be saved.
package struct ImageFromMask: Node {
  package static let info = NodeInfo(
    type: "ImageFromMask", version: 1, lane: .compute, summary: "Makes a grey picture of a mask: 0 black, 1 white.")

  let mask = Input<Mask>("mask", "The mask.")
  let image = Output<Image>("image", "The picture.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let mask = io[mask].tensor
    let values = Tensor.combination(2, mask, -1, Tensor(repeating: 1, shape: mask.shape))
    let pictures = (0..<mask.shape[0]).map { index in
      Tensor(concatenating: Array(repeating: values.sample(index), count: 3))
        .reshaped([1, 3, mask.shape[2], mask.shape[3]])
    }
    io[image] = Image(Tensor(concatenating: pictures))
  }
}
