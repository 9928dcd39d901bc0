import GraphEngine

/// A rectangle within something, in pixels of a picture.
struct RectanglePorts: PortGroup {
  let x = Parameter(
    "x", "How far from the left it begins, in pixels.", default: 0, min: 0, max: Double(largestPictureSide))
  let y = Parameter(
    "y", "How far from the top it begins, in pixels.", default: 0, min: 0, max: Double(largestPictureSide))
  let width = OptionalParameter<Int>(
    "width", "Its width in pixels; up to the right side when left out.", min: 1, max: Double(largestPictureSide))
  let height = OptionalParameter<Int>(
    "height", "Its height in pixels; down to the lower side when left out.", min: 1, max: Double(largestPictureSide))

  struct Rectangle: Equatable {
    var x, y, width, height: Int
  }

  /// The rectangle within what is so wide and high.
  ///
  /// Throws `NodeFailure` for one that does not lie inside.
  func rectangle(_ parameters: NodeParameters, width: Int, height: Int, _ subject: String) throws -> Rectangle {
    let (x, y) = (parameters[x], parameters[y])
    let part = Rectangle(
      x: x, y: y, width: parameters[self.width] ?? width - x, height: parameters[self.height] ?? height - y)
    let sides = [
      (self.x.name, x, part.width, self.width.name, width), (self.y.name, y, part.height, self.height.name, height),
    ]
    for (start, from, length, side, whole) in sides where from >= whole || from + length > whole {
      throw NodeFailure(
        from >= whole
          ? "the rectangle begins at \(start) \(from), but \(subject) is \(width)x\(height)"
          : "the rectangle reaches from \(start) \(from) to \(from + length), but \(subject) is \(width)x\(height)",
        at: from >= whole ? start : side)
    }
    return part
  }
}

/// Where something is laid on another, in pixels of a picture.
struct PlacePorts: PortGroup {
  let x: Parameter<Int>
  let y: Parameter<Int>

  init(_ subject: String) {
    let most = Double(largestPictureSide)
    x = Parameter(
      "x", "Where the left side of \(subject) lies, in pixels; it may hang over.", default: 0, min: -most, max: most)
    y = Parameter(
      "y", "Where the upper side of \(subject) lies, in pixels; it may hang over.", default: 0, min: -most, max: most)
  }
}
