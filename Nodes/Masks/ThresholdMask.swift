import GraphEngine
import Tensors

/// A mask of two values.
package struct ThresholdMask: Node {
  package static let info = NodeInfo(
    type: "ThresholdMask", version: 1, lane: .compute, summary: "Makes a mask 1 above a value, and 0 elsewhere.")

  let mask = Input<Mask>("mask", "The mask.")
  let value = Parameter("value", "Above this it becomes 1.", default: 0.5, min: 0, max: 1)
  let sharp = Output<Mask>("mask", "Ones and zeros.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let (mask, value) = (io[mask].tensor, Float(io[value]))
    io[sharp] = Mask(
      Tensor(shape: mask.shape) { target in
        mask.withUnsafeBufferPointer { source in
          for index in source.indices { target[index] = source[index] > value ? 1 : 0 }
        }
      })
  }
}
