import GraphEngine
import Tensors

/// A mask that reaches further: each number becomes the largest of those around it or, to shrink, the smallest.
package struct GrowMask: Node {
  enum Corners: String, CaseIterable { case tapered, square }

  package static let info = NodeInfo(
    type: "GrowMask", version: 1, lane: .compute, summary: "Grows or shrinks what a mask covers.")

  let mask = Input<Mask>("mask", "The mask.")
  let pixels = Parameter(
    "pixels", "How far it grows; below 0 it shrinks.", default: 6, min: -1024, max: 1024)
  let corners = Parameter(
    "corners", "Whether a pixel reaches so far in rows and columns together, or in each of them.",
    default: Corners.tapered.rawValue, options: Corners.allCases.map(\.rawValue))
  let window = OptionalParameter<Int>(
    "window",
    "In place of `pixels`: how many rows and columns a pixel looks at, with itself in the middle; of an even number one more "
      + "above and to the left.", min: 1, max: 1024)
  let grown = Output<Mask>("mask", "The mask after that; beyond its sides nothing is seen.")

  package init() {}

  /// What has no effect makes no second key.
  package func resolve(_ parameters: inout NodeParameters) {
    guard parameters[window] != nil else { return }
    (parameters[pixels], parameters[corners]) = (0, Corners.square.rawValue)
  }

  package func run(_ io: inout NodeIO) throws {
    var mask = io[mask].tensor
    if let window = io[window] {
      for _ in 0..<(window - 1) / 2 { mask = mask.grownSquarely }
      io[grown] = Mask(window.isMultiple(of: 2) ? mask.grownDown : mask)
      return
    }
    let grows = io[pixels] > 0
    // What shrinks is the rest of what grows.
    if !grows { mask = mask.inverted }
    for _ in 0..<abs(io[pixels]) {
      mask = io[corners] == Corners.square.rawValue ? mask.grownSquarely : mask.grownTapering
    }
    io[grown] = Mask(grows ? mask : mask.inverted)
  }
}

extension Tensor {
  /// One less each number, of a mask.
  var inverted: Tensor { Tensor(repeating: 1, shape: shape) - self }

  /// Each number the largest of itself and its four neighbours.
  fileprivate var grownTapering: Tensor { largest(self, along: [(-1, 0), (1, 0), (0, -1), (0, 1)]) }

  /// Each number the largest of itself and its eight neighbours.
  fileprivate var grownSquarely: Tensor {
    let wide = largest(self, along: [(0, -1), (0, 1)])
    return wide.largest(wide, along: [(-1, 0), (1, 0)])
  }

  /// Each number the largest of itself and those above, to the left, and in between.
  fileprivate var grownDown: Tensor {
    let wide = largest(self, along: [(0, -1)])
    return wide.largest(wide, along: [(-1, 0)])
  }

  /// The largest of `start` and of neighbours some rows and columns away, as far as there are any.
  private func largest(_ start: Tensor, along steps: [(row: Int, column: Int)]) -> Tensor {
    let (height, width) = (shape[2], shape[3])
    return Tensor(shape: shape) { target in
      guard let target = target.baseAddress else { return }
      withUnsafeBufferPointer { source in
        start.withUnsafeBufferPointer { start in
          guard let source = source.baseAddress, let start = start.baseAddress else { return }
          Parallel.forEach(shape[0] * height) { line in
            let row = target + line * width
            row.update(from: start + line * width, count: width)
            for step in steps where (0..<height).contains(line % height + step.row) {
              let neighbours = source + (line + step.row) * width + step.column
              for column in max(0, -step.column)..<max(0, -step.column, width - max(0, step.column)) {
                row[column] = max(row[column], neighbours[column])
              }
            }
          }
        }
      }
    }
  }
}
