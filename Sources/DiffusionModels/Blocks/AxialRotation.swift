import Foundation
import Tensors

/// Rotations by position along several axes, of which each turns some channels of a head, as diffusers' FluxPosEmbed,
/// Flux2PosEmbed and Z-Image's RopeEmbedder.
struct AxialRotation: Sendable {
  /// Channels that each axis turns, two by two.
  let axes: [Int]
  let theta: Double
  /// Whether angles are rounded to single precision before their sine and cosine are taken, as in Z-Image.
  var roundsAngles = false

  /// Tables of the pictures drawn last: 2.4 MB for 1024x1024.
  private let recent = RecentValues<[[Int]], RotaryEmbedding>(byteLimit: 16 << 20) { $0.byteCount }

  init(axes: [Int], theta: Double, roundsAngles: Bool = false) {
    (self.axes, self.theta, self.roundsAngles) = (axes, theta, roundsAngles)
  }

  /// The rotations at positions, one number for each axis.
  func callAsFunction(_ positions: [[Int]]) -> RotaryEmbedding {
    recent.value(for: positions) {
      let frequencies = axes.map { channels in
        (0..<channels / 2).map { 1 / pow(theta, Double(2 * $0) / Double(channels)) }
      }
      return RotaryEmbedding(
        angles: positions.map { position in
          zip(position, frequencies).flatMap { place, frequencies in
            frequencies.map { roundsAngles ? Double(Float(Double(place) * $0)) : Double(place) * $0 }
          }
        }, pairing: .neighbours)
    }
  }

  /// The places of a picture's tokens, row by row, behind those that all have in common.
  static func grid(_ first: [Int], rows: Int, columns: Int, _ last: [Int] = []) -> [[Int]] {
    (0..<rows).flatMap { row in (0..<columns).map { first + [row, $0] + last } }
  }
}
