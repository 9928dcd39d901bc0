// bf16 numbers in vectors: the high halves of single-precision ones, two to a word.

private typealias Words = SIMD16<UInt32>

extension Vector {
  /// The numbers in the low halves of 16 words.
  @inline(__always) init(lowBF16 words: UnsafePointer<Float>) {
    self = unsafeBitCast(UnsafeRawPointer(words).loadUnaligned(as: Words.self) &<< 16, to: Vector.self)
  }

  /// The numbers in the high halves of 16 words.
  @inline(__always) init(highBF16 words: UnsafePointer<Float>) {
    self = unsafeBitCast(UnsafeRawPointer(words).loadUnaligned(as: Words.self) & 0xFFFF_0000, to: Vector.self)
  }

  /// Rounds the first `count` lanes and stores them one after the other; zero follows an odd one.
  @inline(__always) func storeBF16(to target: UnsafeMutablePointer<Float>, count: Int) {
    let halves = SIMD16<UInt16>(truncatingIfNeeded: roundedBits &>> 16)
    let target = UnsafeMutableRawPointer(target)
    if count == Vector.scalarCount { return target.storeBytes(of: halves, as: SIMD16<UInt16>.self) }
    for lane in 0..<count + count % 2 {
      target.storeBytes(of: lane < count ? halves[lane] : 0, toByteOffset: 2 * lane, as: UInt16.self)
    }
  }

  /// Rounds two vectors and stores them side by side: this one in the low halves of 16 words.
  @inline(__always) func storeBF16(beside high: Vector, to target: UnsafeMutablePointer<Float>) {
    let words = roundedBits &>> 16 | high.roundedBits & 0xFFFF_0000
    UnsafeMutableRawPointer(target).storeBytes(of: words, as: Words.self)
  }

  /// Bits whose high half is the number rounded to nearest, ties to even; for finite numbers.
  @inline(__always) private var roundedBits: Words {
    let bits = unsafeBitCast(self, to: Words.self)
    return bits &+ 0x7FFF &+ (bits &>> 16 & 1)
  }
}
