import Foundation
import Tensors

/// Writes GGUF files (version 3, little-endian): without metadata, as stable-diffusion.cpp's converter does, or with some.
package struct GGUFWriter {
  private var tensors: [(name: String, type: UInt32, shape: [Int], bytes: [UInt8])] = []
  private var metadata: [(key: String, value: [UInt8])] = []

  package init() {}

  // MARK: - Metadata

  package mutating func set(_ key: String, _ text: String) {
    metadata.append((key, Self.little(8 as UInt32) + Self.text(text)))
  }

  package mutating func set(_ key: String, _ number: UInt32) {
    metadata.append((key, Self.little(4 as UInt32) + Self.little(number)))
  }

  package mutating func set(_ key: String, _ numbers: [Float]) {
    set(key, type: 6, numbers.map { Self.little($0.bitPattern) })
  }

  package mutating func set(_ key: String, _ numbers: [Int32]) { set(key, type: 5, numbers.map(Self.little)) }

  package mutating func set(_ key: String, _ texts: [String]) { set(key, type: 8, texts.map(Self.text)) }

  private mutating func set(_ key: String, type: UInt32, _ elements: [[UInt8]]) {
    metadata.append(
      (key, Self.little(9 as UInt32) + Self.little(type) + Self.little(UInt64(elements.count)) + elements.joined()))
  }

  // MARK: - Tensors

  package mutating func addF32(_ name: String, _ shape: [Int], _ numbers: [Float]) {
    tensors.append((name, 0, shape, numbers.flatMap { Self.little($0.bitPattern) }))
  }

  package mutating func addF16(_ name: String, _ shape: [Int], _ numbers: [Float]) {
    tensors.append((name, 1, shape, numbers.flatMap { Self.little(Float16($0).bitPattern) }))
  }

  /// A tensor in blocks of a format, by its name.
  package mutating func add(_ name: String, _ format: String, _ shape: [Int], _ bytes: [UInt8]) {
    tensors.append((name, Self.numbers[format] ?? 0, shape, bytes))
  }

  /// Source: `enum ggml_type` of ggml.h.
  private static let numbers: [String: UInt32] = [
    "F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q5_0": 6, "Q5_1": 7, "Q8_0": 8, "Q2_K": 10, "Q3_K": 11, "Q4_K": 12,
    "Q5_K": 13, "Q6_K": 14, "IQ4_NL": 20, "IQ4_XS": 23, "BF16": 30, "MXFP4": 39,
  ]

  // MARK: - The file

  /// The innermost dimension comes first, and data begin at multiples of 32.
  package func bytes() -> Data {
    var header = Data(
      "GGUF".utf8 + Self.little(UInt32(3)) + Self.little(UInt64(tensors.count)) + Self.little(UInt64(metadata.count)))
    for (key, value) in metadata { header += Self.text(key) + value }
    var data = Data()
    for (name, type, shape, bytes) in tensors {
      header += Self.text(name) + Self.little(UInt32(shape.count))
      for size in shape.reversed() { header += Self.little(UInt64(size)) }
      header += Self.little(type) + Self.little(UInt64(data.count))
      data += bytes + [UInt8](repeating: 0, count: -bytes.count & 31)
    }
    return header + [UInt8](repeating: 0, count: -header.count & 31) + data
  }

  private static func text(_ text: String) -> [UInt8] { little(UInt64(text.utf8.count)) + Array(text.utf8) }

  private static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
