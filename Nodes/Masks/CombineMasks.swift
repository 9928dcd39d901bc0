import GraphEngine
import Tensors

/// Two masks as one.
package struct CombineMasks: Node {
  enum Operation: String, CaseIterable { case add, subtract, multiply, max, min, difference }

  package static let info = NodeInfo(
    type: "CombineMasks", version: 1, lane: .compute, summary: "Makes one mask of two.")

  let a = Input<Mask>("a", "The mask whose size stays.")
  let b = Input<Mask>("b", "The other one, which may be smaller; one for all, or one for each.")
  let operation = Parameter(
    "operation",
    "What becomes of a and b, place by place: max is either of them, min and multiply both, difference one "
      + "alone.",
    default: Operation.add.rawValue, options: Operation.allCases.map(\.rawValue))
  let place = PlacePorts("b")
  let mask = Output<Mask>("mask", "The mask, cut to 0...1; where b does not reach, a.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let (a, b) = (io[a].tensor, io[b].tensor)
    guard [1, a.shape[0]].contains(b.shape[0]) else {
      throw NodeFailure(
        "there are \(b.shape[0]) masks for \(a.shape[0]); one, or one for each, was expected", at: self.b.name)
    }
    let operation = Operation(rawValue: io[operation]) ?? .add
    // What b is at its place, of the size of a, and where that is.
    func placed(_ tensor: Tensor) -> Tensor {
      tensor.padded(top: io[place.y], left: io[place.x], height: a.shape[2], width: a.shape[3], .constant(0))
    }
    let other = placed(b).repeated(a.shape[0] / b.shape[0])
    let reached = placed(Tensor(repeating: 1, shape: [1, 1, b.shape[2], b.shape[3]]))
    io[mask] = Mask(a.mixed(with: Self.combined(a, other, operation).clamped(to: 0...1), by: reached))
  }

  private static func combined(_ a: Tensor, _ b: Tensor, _ operation: Operation) -> Tensor {
    switch operation {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .max, .min, .difference:
      Tensor(shape: a.shape) { target in
        a.withUnsafeBufferPointer { a in
          b.withUnsafeBufferPointer { b in
            for i in target.indices {
              target[i] =
                operation == .max ? Swift.max(a[i], b[i]) : operation == .min ? Swift.min(a[i], b[i]) : abs(a[i] - b[i])
            }
          }
        }
      }
    }
  }
}
