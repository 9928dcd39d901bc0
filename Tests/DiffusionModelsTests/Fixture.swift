import Foundation
import Safetensors
import Tensors
import Testing

import DiffusionModels

/// A folder of `Tests/Fixtures` that `make_fixtures.py` wrote.
struct Fixture {
  let name: String
  private let reader: SafetensorsReader

  init(_ name: String) throws {
    self.name = name
    reader = try SafetensorsReader(path: "\(Self.folder)/\(name)/modules.safetensors")
  }

  /// A reference that lies elsewhere.
  init(referencePath path: String) throws {
    name = path
    reader = try SafetensorsReader(path: path)
  }

  static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures").path

  var modelPath: String { "\(Self.folder)/\(name)/model" }

  func tensor(_ name: String) throws -> Tensor { try reader.tensor(name) }

  /// Token ids, one row a text.
  func ids(_ name: String) throws -> [[Int]] {
    let shape = try #require(reader.info(name)?.shape)
    return try reader.withBytes(name) { bytes in
      (0..<shape[0]).map { row in
        (0..<shape[1]).map { Int(bytes.loadUnaligned(fromByteOffset: 8 * (row * shape[1] + $0), as: Int64.self)) }
      }
    }
  }

  /// The middles of all names `prefix` MIDDLE `suffix`.
  func cases(_ prefix: String, _ suffix: String) -> [String] {
    reader.names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
      .map { String($0.dropFirst(prefix.count).dropLast(suffix.count)) }
  }
}

/// Checks a whole tensor against its reference: `||a - b|| / ||b||`, in double precision.
func expectClose(
  _ actual: Tensor, _ expected: Tensor, within tolerance: Double = 1e-4, _ name: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.shape == expected.shape else {
    Issue.record("\(name): shape \(actual.shape), expected \(expected.shape)", sourceLocation: sourceLocation)
    return
  }
  var (difference, norm, largest) = (0.0, 0.0, 0.0)
  for (a, b) in zip(actual.values, expected.values) {
    let error = Double(a) - Double(b)
    difference += error * error
    norm += Double(b) * Double(b)
    largest = max(largest, abs(error))
  }
  let relative = (difference / norm).squareRoot()
  print("\(name): relative error \(relative), largest \(largest)")
  // Not-a-number is not below anything.
  #expect(relative <= tolerance, "\(name): largest error \(largest)", sourceLocation: sourceLocation)
}
