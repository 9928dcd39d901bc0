/// Rounds f32 to the 16-bit float formats: to nearest, ties to even.
package enum HalfPrecision {
  /// To IEEE binary16; beyond its range becomes infinity.
  package static func narrowF16(_ value: Float) -> UInt16 { Float16(value).bitPattern }

  /// To bfloat16; not-a-number stays one.
  package static func narrowBF16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(bits >> 16) | 0x40 }
    return UInt16((bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }
}
