import Foundation
import Tensors

/// Numbers in narrow formats, as other tools store them, and the f32 that they stand for.
enum NarrowNumbers {
  /// 8 bits with a scale: the nearest E4M3 of x / scale.
  static func f8e4m3(_ numbers: [Float], scale: Float) -> (bytes: [UInt8], values: [Float]) {
    let bytes = numbers.map { number -> UInt8 in
      let magnitude = abs(number / scale)
      var (low, high) = (0, 126)
      while low < high {
        let middle = (low + high) / 2
        if magnitudes[middle] < magnitude { low = middle + 1 } else { high = middle }
      }
      if low > 0, magnitude - magnitudes[low - 1] < magnitudes[low] - magnitude { low -= 1 }
      return UInt8(low) | (number < 0 ? 128 : 0)
    }
    return (bytes, bytes.map { ($0 & 128 == 0 ? 1 : -1) * magnitudes[Int($0 & 127)] * scale })
  }

  /// The finite magnitudes of E4M3, by their bits.
  private static let magnitudes: [Float] = (0..<127).map { bits in
    let (exponent, fraction) = (bits >> 3, Float(bits & 7) / 8)
    return exponent == 0 ? fraction * 0x1p-6 : (1 + fraction) * Float(pow(2, Double(exponent - 7)))
  }

  /// GGUF's blocks of 32 with a scale in half precision and 8 bits for each number.
  static func eightBitBlocks(_ numbers: [Float]) -> (bytes: [UInt8], values: [Float]) {
    var (bytes, values): ([UInt8], [Float]) = ([], [])
    for start in stride(from: 0, to: numbers.count, by: 32) {
      let block = numbers[start..<start + 32]
      let scale = Float16((block.map(abs).max() ?? 0) / 127)
      bytes += [UInt8(scale.bitPattern & 0xFF), UInt8(scale.bitPattern >> 8)]
      for number in block {
        let level = scale == 0 ? 0 : Int8(max(-127, min(127, (number / Float(scale)).rounded())))
        bytes.append(UInt8(bitPattern: level))
        values.append(Float(level) * Float(scale))
      }
    }
    return (bytes, values)
  }
}

/// Writes GGUF files without metadata, as stable-diffusion.cpp's converter does.
struct GGUFWriter {
  private var tensors: [(name: String, type: UInt32, shape: [Int], bytes: [UInt8])] = []

  mutating func addF32(_ name: String, _ shape: [Int], _ numbers: [Float]) {
    tensors.append((name, 0, shape, numbers.flatMap { Self.little($0.bitPattern) }))
  }

  mutating func addF16(_ name: String, _ shape: [Int], _ numbers: [Float]) {
    tensors.append((name, 1, shape, numbers.flatMap { Self.little(Float16($0).bitPattern) }))
  }

  mutating func addEightBitBlocks(_ name: String, _ shape: [Int], _ bytes: [UInt8]) {
    tensors.append((name, 8, shape, bytes))
  }

  func bytes() -> Data {
    var header = Data(
      "GGUF".utf8 + Self.little(UInt32(3)) + Self.little(UInt64(tensors.count)) + Self.little(UInt64(0)))
    var data = Data()
    for (name, type, shape, bytes) in tensors {
      header += Self.little(UInt64(name.utf8.count)) + Array(name.utf8) + Self.little(UInt32(shape.count))
      for size in shape.reversed() { header += Self.little(UInt64(size)) }
      header += Self.little(type) + Self.little(UInt64(data.count))
      data += bytes + [UInt8](repeating: 0, count: -bytes.count & 31)
    }
    return header + [UInt8](repeating: 0, count: -header.count & 31) + data
  }

  private static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
