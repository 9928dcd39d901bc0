import DiffusionModels
import Foundation
import GraphEngine

/// A schedule travels as JSON, whose numbers are written so that they are read back to the bit.
extension Schedule: WireValue {
  package static let wireType = WireType("schedule")

  package var byteCount: Int { (timesteps.count + levels.count + targetLevels.count) * MemoryLayout<Double>.size }
  package var isFinite: Bool { (timesteps + levels + targetLevels + [endLevel]).allSatisfy(\.isFinite) }

  package func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return Array(try encoder.encode(self))
  }

  package init(decoding bytes: UnsafeRawBufferPointer) throws {
    self = try JSONDecoder().decode(Schedule.self, from: Data(bytes))
  }

  /// Whether step `step` works at a level, but for the rounding of whoever computed it.
  func starts(_ step: Int, at level: Double) -> Bool {
    abs(level - levels[step]) <= 1e-6 * max(levels[step], 1e-3)
  }

  /// Refuses a step beyond the end of the evaluation list.
  func requireStep(_ step: Int, port: String) throws {
    guard timesteps.indices.contains(step) else {
      throw NodeFailure(
        "\(port) is \(step), but the schedule has \(timesteps.count) steps, 0 to \(timesteps.count - 1)", at: port)
    }
  }
}
