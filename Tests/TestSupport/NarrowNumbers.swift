import Foundation
import Tensors

/// Numbers in narrow formats, as other tools store them, and the f32 that they stand for.
package enum NarrowNumbers {
  /// 8 bits with a scale: the nearest E4M3 of x / scale.
  package static func f8e4m3(_ numbers: [Float], scale: Float) -> (bytes: [UInt8], values: [Float]) {
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
  package static func eightBitBlocks(_ numbers: [Float]) -> (bytes: [UInt8], values: [Float]) {
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

  /// Blocks of any bits for `count` numbers, whose scales make the largest about `largest`, and the numbers.
  ///
  /// No one has to know how to choose the bits well: what they mean is compared elsewhere with the package gguf.
  package static func anyBlocks(
    _ format: WeightFormat, count: Int, largest: Float, seed name: String
  ) -> (bytes: [UInt8], values: [Float]) {
    var state = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    var bytes = (0..<count / format.blockSize * format.blockBytes).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(state >> 56)
    }
    func setScales(_ scale: Float16) {
      for block in stride(from: 0, to: bytes.count, by: format.blockBytes) {
        for place in scales[format.name] ?? [] {
          bytes[block + place] = UInt8(scale.bitPattern & 0xFF)
          bytes[block + place + 1] = UInt8(scale.bitPattern >> 8)
        }
      }
    }
    setScales(1)
    let unscaled = widened(bytes, format, count: count).map(abs).max() ?? 1
    setScales(Float16(largest / unscaled))
    return (bytes, widened(bytes, format, count: count))
  }

  /// Where a block has numbers in half precision that multiply the others.
  private static let scales = [
    "Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q2_K": [80, 82], "Q3_K": [108],
    "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0],
  ]

  private static func widened(_ bytes: [UInt8], _ format: WeightFormat, count: Int) -> [Float] {
    bytes.withUnsafeBytes { bytes in
      [Float](unsafeUninitializedCapacity: count) { target, filled in
        guard let source = bytes.baseAddress, let start = target.baseAddress else { return }
        format.widen(source, 0..<count, to: start)
        filled = count
      }
    }
  }
}
