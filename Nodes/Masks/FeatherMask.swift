import GraphEngine
import Tensors

/// A mask with soft edges: smoothed by a Gaussian, and faded out towards sides.
package struct FeatherMask: Node {
  package static let info = NodeInfo(
    type: "FeatherMask", version: 1, lane: .compute, summary: "Softens the edges of a mask.")

  let mask = Input<Mask>("mask", "The mask.")
  let radius = Parameter(
    "radius", "The deviation of the Gaussian, in pixels: edges are soft over about twice as many on both sides.",
    default: 0.0, min: 0, max: 512)
  let left = Parameter(
    "left", "Pixels from the left over which the mask rises to what it is.", default: 0, min: 0, max: 16384)
  let top = Parameter("top", "The same from the top.", default: 0, min: 0, max: 16384)
  let right = Parameter("right", "The same from the right.", default: 0, min: 0, max: 16384)
  let bottom = Parameter("bottom", "The same from below.", default: 0, min: 0, max: 16384)
  let feathered = Output<Mask>("mask", "The mask after that.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let mask = io[mask].tensor
    let (height, width) = (mask.shape[2], mask.shape[3])
    let smooth = mask.resampledColumns(.gaussian(deviation: io[radius], count: width))
      .resampledRows(.gaussian(deviation: io[radius], count: height))
    let columns = Self.ramp(width, from: io[left], to: io[right])
    let rows = Self.ramp(height, from: io[top], to: io[bottom])
    io[feathered] = Mask(
      Tensor(shape: mask.shape) { target in
        smooth.withUnsafeBufferPointer { source in
          for i in target.indices { target[i] = source[i] * rows[i / width % height] * columns[i % width] }
        }
      })
  }

  /// Factors that rise over `first` places and fall over the `last` ones, 1 in between.
  private static func ramp(_ count: Int, from first: Int, to last: Int) -> [Float] {
    (0..<count).map { place in
      let rise = place < first ? Float(place + 1) / Float(first) : 1
      let fall = count - place <= last ? Float(count - place) / Float(last) : 1
      return rise * fall
    }
  }
}
