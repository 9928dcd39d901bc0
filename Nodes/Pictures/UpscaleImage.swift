import DiffusionModels
import GraphEngine
import Tensors

/// Pictures made larger by a network, as spandrel runs it, in tiles that see more than they give.
package struct UpscaleImage: Node {
  package static let info = NodeInfo(
    type: "UpscaleImage", version: 1, lane: .compute, summary: "Enlarges pictures by a network of the ESRGAN family.")

  let upscaler = Input<UpscalerHandle>("upscaler", "The network, whose scale is how many times larger sides become.")
  let image = Input<Image>("image", "The pictures.")
  let tile = Parameter(
    "tile", "The longest side, in pixels, of what is enlarged at once; larger pictures take several turns.",
    default: 256,
    min: 16, max: Double(largestPictureSide))
  let margin = Parameter(
    "margin",
    "How many pixels a tile sees beyond those that it gives: as many as the network has convolutions, and no number differs "
      + "from that of the whole picture.",
    default: 32, min: 0, max: 4096)
  let large = Output<Image>("image", "The pictures, larger, in -1...1.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws {
    guard parameters[tile] <= 2 * parameters[margin] else { return }
    throw NodeFailure(
      "a tile of \(parameters[tile]) pixels is no more than the margins of \(parameters[margin]) on both sides",
      at: margin.name)
  }

  package func run(_ io: inout NodeIO) throws {
    let upscaler = try io[upscaler].lazy.model(at: upscaler.name)
    let (picture, scale) = (io[image].tensor, upscaler.config.scale)
    let (height, width) = (picture.shape[2], picture.shape[3])
    guard max(height, width) * scale <= largestPictureSide else {
      throw NodeFailure(
        "a picture of \(sizeText(picture)) would be \(width * scale)x\(height * scale), more than \(largestPictureSide) a side",
        at: image.name)
    }
    let large = try upscaler(io[image].halves, tile: io[tile], margin: io[margin]) { [isCancelled = io.isCancelled] in
      if isCancelled() { throw CancellationError() }
    }
    let cut = large.clamped(to: 0...1)
    io[self.large] = Image(Tensor.combination(2, cut, -1, Tensor(repeating: 1, shape: cut.shape)))
  }
}
