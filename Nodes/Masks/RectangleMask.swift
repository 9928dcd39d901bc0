import GraphEngine
import Tensors

/// A rectangle as a mask, or a mask of one number everywhere.
package struct RectangleMask: ForecastingNode {
  package static let info = NodeInfo(
    type: "RectangleMask", version: 1, lane: .compute, summary: "Makes a mask of a rectangle.")

  let image = OptionalInput<Image>("image", "A picture whose size the mask is to have, in place of width and height.")
  let width = Parameter(
    "width", "Width of the mask in pixels, without a picture.", default: 512, min: 1, max: Double(largestPictureSide))
  let height = Parameter(
    "height", "Height of the mask in pixels, without a picture.", default: 512, min: 1,
    max: Double(largestPictureSide))
  let x = Parameter(
    "x", "Where the rectangle begins, from the left.", default: 0, min: 0, max: Double(largestPictureSide))
  let y = Parameter(
    "y", "Where the rectangle begins, from the top.", default: 0, min: 0, max: Double(largestPictureSide))
  let rectangleWidth = OptionalParameter<Int>(
    "rectangle_width", "Its width; up to the right side when left out.", min: 0, max: Double(largestPictureSide))
  let rectangleHeight = OptionalParameter<Int>(
    "rectangle_height", "Its height; down to the lower side when left out.", min: 0, max: Double(largestPictureSide))
  let value = Parameter("value", "What the mask is in the rectangle.", default: 1.0, min: 0, max: 1)
  let outside = Parameter("outside", "What it is elsewhere.", default: 0.0, min: 0, max: 1)
  let mask = Output<Mask>("mask", "The mask; of the rectangle as much as lies inside.")

  package init() {}

  package func forecast(_ io: inout NodeForecast) {
    guard io.isWired(image) else { return }
    io.parameters[width] = 512
    io.parameters[height] = 512
  }

  package func run(_ io: inout NodeIO) throws {
    let picture = io[image]?.tensor
    let (height, width) = (picture?.shape[2] ?? io[height], picture?.shape[3] ?? io[width])
    let columns = io[x]..<io[x] + (io[rectangleWidth] ?? width)
    let rows = io[y]..<io[y] + (io[rectangleHeight] ?? height)
    let (value, outside) = (Float(io[value]), Float(io[outside]))
    io[mask] = Mask(
      Tensor(shape: [1, 1, height, width]) { mask in
        for row in 0..<height {
          for column in 0..<width {
            mask[row * width + column] = rows.contains(row) && columns.contains(column) ? value : outside
          }
        }
      })
  }
}
