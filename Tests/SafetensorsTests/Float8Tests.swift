import Foundation
import Safetensors
import Tensors
import Testing

/// The 8-bit formats against their definition, value by value.
struct Float8Tests {
  private func decoded(_ type: DType) throws -> [Float] {
    var writer = SafetensorsWriter()
    writer.add("x", type, shape: [256], bytes: (0..<256).map { UInt8($0) })
    let bytes = writer.bytes()
    return try bytes.withUnsafeBytes { try SafetensorsReader(borrowing: $0, source: "x").tensor("x").values }
  }

  /// (-1)^s 2^(e - bias) (1 + m / 2^k), and without the 1 where the exponent's bits are 0.
  private func defined(_ byte: Int, exponentBits: Int, bias: Int) -> Double {
    let fractionBits = 7 - exponentBits
    let exponent = byte >> fractionBits & (1 << exponentBits - 1)
    let fraction = Double(byte & (1 << fractionBits - 1)) / Double(1 << fractionBits)
    let magnitude =
      exponent == 0 ? fraction * pow(2, Double(1 - bias)) : (1 + fraction) * pow(2, Double(exponent - bias))
    return byte & 128 == 0 ? magnitude : -magnitude
  }

  @Test func e4m3() throws {
    let values = try decoded(.f8e4m3)
    for byte in 0..<256 {
      if byte & 127 == 127 {
        #expect(values[byte].isNaN)
      } else {
        #expect(Double(values[byte]) == defined(byte, exponentBits: 4, bias: 7), "\(byte)")
      }
    }
    #expect(values[0x7E] == 448 && values[1] == 0x1p-9)
  }

  @Test func e5m2() throws {
    let values = try decoded(.f8e5m2)
    for byte in 0..<256 {
      switch byte & 127 {
      case 124: #expect(values[byte].isInfinite)
      case 125...127: #expect(values[byte].isNaN)
      default: #expect(Double(values[byte]) == defined(byte, exponentBits: 5, bias: 15), "\(byte)")
      }
    }
    #expect(values[0x7B] == 57344)
  }
}
