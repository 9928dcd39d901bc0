import Safetensors
import Tensors
import Testing

@Suite("Half precision")
struct HalfPrecisionTests {
  private let patterns = Array(UInt16.min...UInt16.max)

  /// Widens all patterns from an odd address, in a count that leaves a rest after whole vectors.
  private func widened(
    _ format: WeightFormat
  ) -> [Float] {
    var bytes: [UInt8] = [0]
    for pattern in patterns { bytes += [UInt8(pattern & 0xFF), UInt8(pattern >> 8)] }
    return bytes.withUnsafeBytes { source in
      [Float](unsafeUninitializedCapacity: patterns.count) { target, count in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        format.widen(from + 1, 0..<65_533, to: to)
        format.widen(from + 1, 65_533..<65_536, to: to + 65_533)
        count = patterns.count
      }
    }
  }

  @Test func everyF16() {
    let floats = widened(.f16)
    let wrong = zip(patterns, floats).filter { pattern, value in
      let exact = Float(Float16(bitPattern: pattern))
      if exact.isNaN { return !value.isNaN || value.sign != exact.sign }
      return value.bitPattern != exact.bitPattern || HalfPrecision.narrowF16(value) != pattern
    }
    #expect(wrong.isEmpty)
  }

  @Test func everyBF16() {
    let floats = widened(.bf16)
    let wrong = zip(patterns, floats).filter { pattern, value in
      value.bitPattern != UInt32(pattern) << 16 || (!value.isNaN && HalfPrecision.narrowBF16(value) != pattern)
    }
    #expect(wrong.isEmpty)
  }

  @Test func narrowingRoundsToNearestEven() {
    #expect(HalfPrecision.narrowBF16(Float(bitPattern: 0x3F80_8000)) == 0x3F80)
    #expect(HalfPrecision.narrowBF16(Float(bitPattern: 0x3F81_8000)) == 0x3F82)
    #expect(HalfPrecision.narrowBF16(Float(bitPattern: 0x3F80_8001)) == 0x3F81)
    #expect(HalfPrecision.narrowBF16(.greatestFiniteMagnitude) == 0x7F80)
    #expect(Float(bitPattern: UInt32(HalfPrecision.narrowBF16(Float(bitPattern: 0x7F80_0001))) << 16).isNaN)
    #expect(HalfPrecision.narrowF16(1 + 0x1p-11) == 0x3C00)
    #expect(HalfPrecision.narrowF16(1 + 0x3p-11) == 0x3C02)
    #expect(HalfPrecision.narrowF16(70_000) == 0x7C00)
  }
}
