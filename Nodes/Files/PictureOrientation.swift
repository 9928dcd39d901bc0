/// How a stored picture is turned to be looked at, by the numbers of Exif's tag Orientation (Exif 2.32, 4.6.4).
package enum PictureOrientation: Int, Sendable, CaseIterable {
  case upright = 1
  case mirrored
  case halfTurn
  case flipped
  case transposed
  case quarterTurnRight
  case transversed
  case quarterTurnLeft

  /// Whether stored rows are columns.
  var swapsAxes: Bool { rawValue >= 5 }
  /// Whether a stored row runs to the left, or upwards where it is a column.
  var reversesColumns: Bool { [.mirrored, .halfTurn, .transversed, .quarterTurnLeft].contains(self) }
  /// Whether stored rows follow one another upwards, or to the left where they are columns.
  var reversesRows: Bool { [.halfTurn, .flipped, .quarterTurnRight, .transversed].contains(self) }
}

/// Where the pixels of a stored picture go in the upright one.
struct UprightLayout {
  /// Of the upright picture.
  let width: Int
  let height: Int
  let swapsAxes: Bool
  /// 3, or 4 with alpha.
  private let channels: Int
  /// Places in the upright picture, in pixels from its first: of the stored picture's first pixel, and from one to the
  /// next in a row and to the one below.
  private let first: Int
  private let columnStep: Int
  private let rowStep: Int

  init(storedWidth: Int, storedHeight: Int, _ orientation: PictureOrientation, channels: Int) {
    self.channels = channels
    swapsAxes = orientation.swapsAxes
    (width, height) = swapsAxes ? (storedHeight, storedWidth) : (storedWidth, storedHeight)
    let (column, row) = swapsAxes ? (width, 1) : (1, width)
    columnStep = orientation.reversesColumns ? -column : column
    rowStep = orientation.reversesRows ? -row : row
    first =
      (orientation.reversesColumns ? (storedWidth - 1) * column : 0)
      + (orientation.reversesRows ? (storedHeight - 1) * row : 0)
  }

  /// Writes stored rows of 8-bit samples to planes of the upright picture, one for each channel: each byte as its entry in
  /// `values`, that of alpha in a second table behind the first.
  func place(
    _ pixels: UnsafePointer<UInt8>, rows: Range<Int>, as values: UnsafePointer<Float>,
    to planes: UnsafeMutablePointer<Float>
  ) {
    let count = swapsAxes ? height : width
    let plane = width * height
    @inline(__always) func place(_ row: Int, _ column: Int) {
      let pixel = pixels + (row * count + column) * channels
      let target = planes + first + (rows.lowerBound + row) * rowStep + column * columnStep
      target[0] = values[Int(pixel[0])]
      target[plane] = values[Int(pixel[1])]
      target[2 * plane] = values[Int(pixel[2])]
      if channels == 4 { target[3 * plane] = values[256 + Int(pixel[3])] }
    }
    // What is neighbours in the upright picture is written in a row.
    if swapsAxes {
      for column in 0..<count { for row in 0..<rows.count { place(row, column) } }
    } else {
      for row in 0..<rows.count { for column in 0..<count { place(row, column) } }
    }
  }
}
