import DiffusionModels
import Foundation
import GraphEngine

/// A schedule travels as JSON, whose numbers are written so that they are read back to the bit.
extension Schedule: WireValue {
  package static let wireType = WireType("schedule")
  package typealias Forecast = ScheduleForecast

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
}
