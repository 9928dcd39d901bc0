/// Conversions between the 16-bit float formats and f32.
///
/// To f32 they are exact; from f32 they round to nearest, ties to even.
package enum HalfPrecision {
  private typealias Lanes = SIMD16<UInt32>

  /// IEEE binary16 to f32.
  ///
  /// Source and target need no alignment beyond their elements' and hold equally many.
  package static func widenF16(_ source: UnsafeRawPointer, to target: UnsafeMutablePointer<Float>, count: Int) {
    widen(source, to: target, count: count, f16Bits)
  }

  /// bfloat16 to f32.
  package static func widenBF16(_ source: UnsafeRawPointer, to target: UnsafeMutablePointer<Float>, count: Int) {
    widen(source, to: target, count: count) { $0 &<< 16 }
  }

  /// f32 to IEEE binary16; beyond its range becomes infinity.
  package static func narrowF16(_ value: Float) -> UInt16 { Float16(value).bitPattern }

  /// f32 to bfloat16; not-a-number stays one.
  package static func narrowBF16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(bits >> 16) | 0x40 }
    return UInt16((bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }

  @inline(__always)
  private static func widen(
    _ source: UnsafeRawPointer, to target: UnsafeMutablePointer<Float>, count: Int, _ bits: (Lanes) -> Lanes
  ) {
    var index = 0
    while index + 16 <= count {
      let half = source.loadUnaligned(fromByteOffset: 2 * index, as: SIMD16<UInt16>.self)
      let wide = SIMD16<Float>(bitPattern: bits(Lanes(truncatingIfNeeded: half)))
      UnsafeMutableRawPointer(target + index).storeBytes(of: wide, as: SIMD16<Float>.self)
      index += 16
    }
    var rest = SIMD16<UInt16>()
    for lane in 0..<count - index {
      rest[lane] = source.loadUnaligned(fromByteOffset: 2 * (index + lane), as: UInt16.self)
    }
    let wide = SIMD16<Float>(bitPattern: bits(Lanes(truncatingIfNeeded: rest)))
    for lane in 0..<count - index { target[index + lane] = wide[lane] }
  }

  /// Exponent and fraction moved into f32's places, then scaled by 2^112, the distance of the two exponent biases: one
  /// multiplication that is exact for normal and subnormal values alike.
  ///
  /// Infinity and not-a-number are set apart.
  @inline(__always)
  private static func f16Bits(_ half: Lanes) -> Lanes {
    let sign = (half & 0x8000) &<< 16
    let magnitude = half & 0x7FFF
    let scaled = (SIMD16<Float>(bitPattern: magnitude &<< 13) * 0x1p112).bitPattern
    // All ones where the magnitude is 0x7C00 or more; comparisons of lanes compile to a loop.
    let special = 0 &- ((magnitude &+ 0x0400) &>> 15)
    return sign | scaled | (special & 0x7F80_0000)
  }
}

extension SIMD16<Float> {
  fileprivate init(bitPattern bits: SIMD16<UInt32>) { self = unsafeBitCast(bits, to: Self.self) }
  fileprivate var bitPattern: SIMD16<UInt32> { unsafeBitCast(self, to: SIMD16<UInt32>.self) }
}
