import CKernels

/// What the factors of matrix products are rounded to; sums and everything else are in single precision.
package enum Precision: String, Sendable, CaseIterable {
  /// IEEE single precision.
  case f32
  /// bfloat16, 8 bits of mantissa: twice as fast where the processor has AVX512_BF16, and half the memory for weights.
  case bf16

  /// Whether this processor can compute in it.
  package var isSupported: Bool { self == .f32 || Self.hasBF16 }

  /// Weights are packed in AVX-512's panels for it, which AVX2's products do not use.
  private static let hasBF16 = ck_has_avx512_bf16() && ProductEngine.current != .avx2

  /// Whether its products are AMX's.
  var isMultipliedByAMX: Bool { self == .bf16 && ProductEngine.current == .amx }

  /// How many factors a 32-bit word holds.
  @inline(__always) var factorsPerWord: Int { self == .f32 ? 1 : 2 }

  /// The words that `count` factors take.
  @inline(__always) func words(_ count: Int) -> Int { (count + factorsPerWord - 1) / factorsPerWord }
}
