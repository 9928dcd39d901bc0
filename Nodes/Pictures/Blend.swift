import Foundation
import GraphEngine
import Tensors

/// Two pictures mixed pixel by pixel, by the formulas of W3C's Compositing and Blending Level 1, section 10.1.
package struct Blend: Node {
  enum Mode: String, CaseIterable { case normal, multiply, screen, overlay, softLight = "soft_light", difference }

  package static let info = NodeInfo(
    type: "Blend", version: 1, lane: .compute, summary: "Blends two pictures: (1 - amount) a + amount mode(a, b).")

  let a = Input<Image>("a", "The picture at amount 0.")
  let b = Input<Image>("b", "The other one, of the same size; one for all, or one for each.")
  let mask = OptionalInput<Mask>("mask", "Where to blend; everywhere when left out.")
  let amount = Parameter("amount", "How far to blend.", default: 0.5, min: 0, max: 1)
  let mode = Parameter(
    "mode", "What the pictures make together: b itself, or a formula of both.", default: Mode.normal.rawValue,
    options: Mode.allCases.map(\.rawValue))
  let image = Output<Image>("image", "The blend.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let (a, b) = (io[a].tensor, io[b].tensor)
    guard a.shape.dropFirst() == b.shape.dropFirst(), [1, a.shape[0]].contains(b.shape[0]) else {
      throw NodeFailure(
        "'b' is \(b.shape[0]) of \(sizeText(b)), but 'a' is \(a.shape[0]) of \(sizeText(a))", at: self.b.name,
        notes: ["ResizeImage makes pictures of one size; Composite lays a smaller one on another"])
    }
    let mode = Mode(rawValue: io[mode]) ?? .normal
    let blended = mode == .normal ? b : Self.blended(a, b.shape[0] == a.shape[0] ? b : b.repeated(a.shape[0]), mode)
    let everywhere = Tensor(repeating: 1, shape: [1, 1, a.shape[2], a.shape[3]])
    let mask = try io[mask]?.fitted(to: a, called: "the picture", at: self.mask.name, warn: io.warn)
    io[image] = Image(a.mixed(with: blended, by: Float(io[amount]) * (mask ?? everywhere)))
  }

  /// The formula for pictures in -1...1, each number of which is one in 0...1 to it.
  private static func blended(_ a: Tensor, _ b: Tensor, _ mode: Mode) -> Tensor {
    Tensor(shape: a.shape) { target in
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          for i in target.indices {
            let (x, y) = (min(max(a[i] / 2 + 0.5, 0), 1), min(max(b[i] / 2 + 0.5, 0), 1))
            target[i] = 2 * blended(x, y, mode) - 1
          }
        }
      }
    }
  }

  private static func blended(_ a: Float, _ b: Float, _ mode: Mode) -> Float {
    switch mode {
    case .normal: b
    case .multiply: a * b
    case .screen: 1 - (1 - a) * (1 - b)
    case .overlay: a <= 0.5 ? 2 * a * b : 1 - 2 * (1 - a) * (1 - b)
    case .difference: abs(a - b)
    case .softLight where b <= 0.5: a - (1 - 2 * b) * a * (1 - a)
    case .softLight: a + (2 * b - 1) * ((a <= 0.25 ? ((16 * a - 12) * a + 4) * a : a.squareRoot()) - a)
    }
  }
}
