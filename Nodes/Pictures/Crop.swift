import GraphEngine
import Tensors

/// A part of pictures.
package struct Crop: Node {
  package static let info = NodeInfo(
    type: "Crop", version: 1, lane: .compute, summary: "Cuts a rectangle out of pictures.")

  let image = Input<Image>("image", "The pictures.")
  let ports = RectanglePorts()
  let cropped = Output<Image>("image", "The rectangle.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let picture = io[image].tensor
    let part = try ports.rectangle(io.parameters, width: picture.shape[3], height: picture.shape[2], "the picture")
    io[cropped] = Image(picture.region(top: part.y, left: part.x, height: part.height, width: part.width))
  }
}
