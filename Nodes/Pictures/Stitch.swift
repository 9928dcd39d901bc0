import GraphEngine
import Tensors

/// Two pictures side by side, or one below the other, as ComfyUI's ImageStitch joins them.
package struct Stitch: Node {
  enum Direction: String, CaseIterable { case right, down, left, up }
  enum Colour: String, CaseIterable {
    case white, black, red, green, blue

    /// Red, green and blue, -1 to 1.
    var channels: [Float] {
      switch self {
      case .white: [1, 1, 1]
      case .black: [-1, -1, -1]
      case .red: [1, -1, -1]
      case .green: [-1, 1, -1]
      case .blue: [-1, -1, 1]
      }
    }
    /// What surrounds a smaller picture: colours other than white and black are for the gap alone.
    var border: Float { self == .white ? 1 : -1 }
  }

  package static let info = NodeInfo(
    type: "Stitch", version: 1, lane: .compute, summary: "Joins two pictures side by side, or one below the other.")

  let first = Input<Image>("first", "The picture that the other one is joined to.")
  let second = Input<Image>("second", "The other one.")
  let direction = Parameter(
    "direction", "Where the second one goes.", default: Direction.right.rawValue,
    options: Direction.allCases.map(\.rawValue))
  let match = Parameter(
    "match",
    "Whether the second one is resized to the side of the first one where they meet; the smaller is centred "
      + "otherwise.", default: true)
  let gap = Parameter(
    "gap", "Pixels between them; an odd number becomes the next even one.", default: 0, min: 0, max: 1024)
  let colour = Parameter(
    "color", "The colour of the gap; around a smaller picture it is black but for white.",
    default: Colour.white.rawValue, options: Colour.allCases.map(\.rawValue))
  let image = Output<Image>("image", "The picture of both.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let direction = Direction(rawValue: io[direction]) ?? .right
    let colour = Colour(rawValue: io[colour]) ?? .white
    let isRow = direction == .right || direction == .left
    let count = max(io[first].tensor.shape[0], io[second].tensor.shape[0])
    var (a, b) = (Self.filled(io[first].tensor, to: count), Self.filled(io[second].tensor, to: count))
    if io[match] {
      let (height, width) = (b.shape[2], b.shape[3])
      let ratio = Double(width) / Double(height)
      let size =
        isRow
        ? (height: a.shape[2], width: Int(Double(a.shape[2]) * ratio))
        : (height: Int(Double(a.shape[3]) / ratio), width: a.shape[3])
      b = b.resizedPicture(height: max(1, size.height), width: max(1, size.width), .lanczos, in: -1...1)
    }
    let across = isRow ? 2 : 3
    let side = max(a.shape[across], b.shape[across])
    let gap = io[gap] + io[gap] % 2
    let length = a.shape[5 - across] + gap + b.shape[5 - across]
    guard max(side, length) <= largestPictureSide else {
      throw NodeFailure(
        "the picture would be \(isRow ? length : side)x\(isRow ? side : length), more than \(largestPictureSide) a side"
      )
    }
    a = Self.centred(a, isRow: isRow, side: side, colour.border)
    b = Self.centred(b, isRow: isRow, side: side, colour.border)
    let parts = direction == .right || direction == .down ? [a, b] : [b, a]
    let bar = gap == 0 ? nil : Self.bar(colour, count: count, height: isRow ? side : gap, width: isRow ? gap : side)
    io[image] = Image(Self.joined([parts[0], bar, parts[1]].compactMap(\.self), isRow: isRow))
  }

  /// As many pictures as the other has: the last one again and again.
  private static func filled(_ pictures: Tensor, to count: Int) -> Tensor {
    let missing = count - pictures.shape[0]
    guard missing > 0 else { return pictures }
    return Tensor(concatenating: [pictures, pictures.sample(pictures.shape[0] - 1).repeated(missing)])
  }

  private static func centred(_ picture: Tensor, isRow: Bool, side: Int, _ border: Float) -> Tensor {
    let (height, width) = (picture.shape[2], picture.shape[3])
    return isRow
      ? picture.padded(top: (side - height) / 2, left: 0, height: side, width: width, .constant(border))
      : picture.padded(top: 0, left: (side - width) / 2, height: height, width: side, .constant(border))
  }

  private static func bar(_ colour: Colour, count: Int, height: Int, width: Int) -> Tensor {
    let plane = height * width
    return Tensor(shape: [count, 3, height, width]) { target in
      for i in target.indices { target[i] = colour.channels[i / plane % 3] }
    }
  }

  /// Pictures [n, c, h, w] that agree in all but the side along which they are joined.
  private static func joined(_ parts: [Tensor], isRow: Bool) -> Tensor {
    let lengths = parts.map { isRow ? $0.shape[3] : $0.shape[2] }
    let (height, width) = (
      isRow ? parts[0].shape[2] : lengths.reduce(0, +), isRow ? lengths.reduce(0, +) : parts[0].shape[3]
    )
    var (result, place) = (Tensor.zeros(parts[0].shape.prefix(2) + [height, width]), 0)
    for (part, length) in zip(parts, lengths) {
      let moved = part.padded(
        top: isRow ? 0 : place, left: isRow ? place : 0, height: height, width: width, .constant(0))
      // Parts lie side by side, so each number is of one of them.
      result = result + moved
      place += length
    }
    return result
  }
}
