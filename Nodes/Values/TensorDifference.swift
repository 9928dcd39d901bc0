import Foundation
import Safetensors
import Tensors

/// How far apart two tensors are that the cache holds.
package struct TensorDifference: Sendable, Encodable {
  package let shapes: [[Int]]
  /// The largest difference; nil for tensors of different shapes.
  package let maximum: Double?
  /// The Euclidean norm of the difference over that of the first tensor; nil for a first tensor of zeros.
  package let relative: Double?

  /// Nil when the bytes are not those of tensors.
  package init?(cached first: [UInt8], _ second: [UInt8]) {
    guard let a = Self.tensor(first), let b = Self.tensor(second) else { return nil }
    shapes = [a.shape, b.shape]
    guard a.shape == b.shape else {
      maximum = nil
      relative = nil
      return
    }
    var (maximum, squares, norm) = (0.0, 0.0, 0.0)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        for (x, y) in zip(a, b) {
          let difference = Double(x) - Double(y)
          maximum = max(maximum, abs(difference))
          squares += difference * difference
          norm += Double(x) * Double(x)
        }
      }
    }
    self.maximum = maximum
    relative = norm > 0 ? (squares / norm).squareRoot() : nil
  }

  private static func tensor(_ bytes: [UInt8]) -> Tensor? {
    bytes.withUnsafeBytes { try? SafetensorsReader(borrowing: $0, source: "a cached value").tensor("tensor") }
  }

  /// Such as `at most 0.25 apart, 3.1 % of its size`.
  package var text: String {
    guard let maximum else { return "shape \(shapes[0]) became \(shapes[1])" }
    let size = relative.map { String(format: ", %.2g %% of its size", $0 * 100) } ?? ""
    return String(format: "at most %.3g apart", maximum) + size
  }
}
