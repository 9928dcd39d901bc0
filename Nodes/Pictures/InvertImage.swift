import GraphEngine
import Tensors

/// A negative: each colour's distance from white becomes that from black.
package struct InvertImage: Node {
  package static let info = NodeInfo(
    type: "InvertImage", version: 1, lane: .compute, summary: "Inverts the colours of pictures.")

  let image = Input<Image>("image", "The pictures.")
  let inverted = Output<Image>("image", "Their negatives.")

  package init() {}

  package func run(_ io: inout NodeIO) { io[inverted] = Image(-1 * io[image].tensor) }
}
