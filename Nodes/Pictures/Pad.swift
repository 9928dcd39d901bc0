import Foundation
import GraphEngine
import Tensors

/// Pictures with more around them, and a mask of that: what outpainting begins with.
package struct Pad: Node {
  enum Fill: String, CaseIterable { case grey, edge, reflect }

  package static let info = NodeInfo(
    type: "Pad", version: 1, lane: .compute, summary: "Makes pictures larger, with a mask of what was added.")

  let image = Input<Image>("image", "The pictures.")
  let left = Parameter("left", "Pixels to add on the left.", default: 0, min: 0, max: Double(largestPictureSide))
  let top = Parameter("top", "Pixels to add at the top.", default: 0, min: 0, max: Double(largestPictureSide))
  let right = Parameter("right", "Pixels to add on the right.", default: 0, min: 0, max: Double(largestPictureSide))
  let bottom = Parameter("bottom", "Pixels to add below.", default: 0, min: 0, max: Double(largestPictureSide))
  let multiple = Parameter(
    "multiple", "Both sides become multiples of this by more on the right and below.", default: 1, min: 1, max: 1024)
  let fill = Parameter(
    "fill", "What is added: grey, the outermost pixels again, or the picture mirrored.",
    default: Fill.grey.rawValue, options: Fill.allCases.map(\.rawValue))
  let feather = Parameter(
    "feather",
    "Over so many pixels from sides that get larger the mask falls, by squares, into the picture; nothing where the "
      + "picture is not more than twice as large.",
    default: 0, min: 0, max: Double(largestPictureSide), reaches: ["mask"])
  let padded = Output<Image>("image", "The larger pictures.")
  let mask = Output<Mask>("mask", "1 where something was added, 0 in the picture.", isAside: true)

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let picture = io[image].tensor
    let (h, w, multiple) = (picture.shape[2], picture.shape[3], io[multiple])
    func rounded(_ side: Int) -> Int { (side + multiple - 1) / multiple * multiple }
    let (height, width) = (rounded(io[top] + h + io[bottom]), rounded(io[left] + w + io[right]))
    guard max(height, width) <= largestPictureSide else {
      throw NodeFailure("the picture would be \(width)x\(height), more than \(largestPictureSide) a side")
    }
    let border: PictureBorder =
      switch Fill(rawValue: io[fill]) {
      case .edge: .edge
      case .reflect: .reflect
      case .grey, nil: .constant(0)
      }
    io[padded] = Image(picture.padded(top: io[top], left: io[left], height: height, width: width, border))
    let grown = Sides(
      top: io[top] > 0, left: io[left] > 0, bottom: height > io[top] + h, right: width > io[left] + w)
    let inside = Self.feathered(height: h, width: w, by: io[feather], at: grown)
    io[mask] = Mask(inside.padded(top: io[top], left: io[left], height: height, width: width, .constant(1)))
  }

  private struct Sides {
    let top, left, bottom, right: Bool
  }

  /// The mask within the picture: the square of how near a side that grows is, as in ComfyUI's ImagePadForOutpaint.
  private static func feathered(height: Int, width: Int, by feather: Int, at sides: Sides) -> Tensor {
    guard feather > 0, 2 * feather < height, 2 * feather < width else { return .zeros([1, 1, height, width]) }
    return Tensor(shape: [1, 1, height, width]) { mask in
      for y in 0..<height {
        let vertical = min(sides.top ? y : height, sides.bottom ? height - y : height)
        for x in 0..<width {
          let horizontal = min(sides.left ? x : width, sides.right ? width - x : width)
          let near = max(0, Float(feather - min(vertical, horizontal)) / Float(feather))
          mask[y * width + x] = near * near
        }
      }
    }
  }
}
