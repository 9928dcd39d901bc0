import GraphEngine
import Tensors

/// A picture, or one of its channels, as a mask.
package struct MaskFromImage: Node {
  enum Channel: String, CaseIterable { case luminance, red, green, blue }

  package static let info = NodeInfo(
    type: "MaskFromImage", version: 1, lane: .compute, summary: "Makes a mask of a picture's luminance or one colour.")

  let image = Input<Image>("image", "The pictures.")
  let channel = Parameter(
    "channel", "What the mask is made of: black is 0, white, or a full colour, 1.",
    default: Channel.luminance.rawValue, options: Channel.allCases.map(\.rawValue))
  let mask = Output<Mask>("mask", "The mask.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let picture = io[image].tensor
    let values =
      switch Channel(rawValue: io[channel]) {
      case .red: picture.channel(0)
      case .green: picture.channel(1)
      case .blue: picture.channel(2)
      case .luminance, nil: picture.luminance
      }
    io[mask] = Mask(Tensor.combination(0.5, values, 0.5, Tensor(repeating: 1, shape: values.shape)))
  }
}

extension Tensor {
  /// One channel alone: [n, c, h, w] -> [n, 1, h, w].
  fileprivate func channel(_ index: Int) -> Tensor {
    let planes = reshaped([shape[0] * shape[1], 1, shape[2], shape[3]])
    return Tensor(concatenating: (0..<shape[0]).map { planes.sample($0 * shape[1] + index) })
  }
}
