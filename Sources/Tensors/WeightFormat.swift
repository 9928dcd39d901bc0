import CKernels

/// How a file stores numbers: a block of so many in so many bytes, and the way from there to f32, which is exact.
///
/// Each format is one row of `all`; nothing else knows of any.
///
/// Sources: Micikevicius et al. 2022, "FP8 formats for deep learning"; ggml's `ggml-common.h` for the layout of blocks, and
/// `dequantize_blocks` of the package gguf for the order in which single precision computes their numbers.
package struct WeightFormat: Sendable {
  /// The name in safetensors or GGUF.
  package let name: String
  /// Numbers in a block.
  package let blockSize: Int
  /// Bytes of a block.
  package let blockBytes: Int
  /// Whether every number of this format is one of IEEE's half precision too.
  package let fitsHalf: Bool
  private let widenBlocks: @Sendable (UnsafeRawPointer, UnsafeMutablePointer<Float>, Int) -> Void

  private init(
    _ name: String, block: Int, bytes: Int, fitsHalf: Bool = false,
    _ widenBlocks: @escaping @Sendable (UnsafeRawPointer, UnsafeMutablePointer<Float>, Int) -> Void
  ) {
    (self.name, blockSize, blockBytes, self.fitsHalf) = (name, block, bytes, fitsHalf)
    self.widenBlocks = widenBlocks
  }

  package static let f32 = WeightFormat("F32", block: 1, bytes: 4, ck_widen_f32)
  package static let f16 = WeightFormat("F16", block: 1, bytes: 2, fitsHalf: true, ck_widen_f16)
  package static let bf16 = WeightFormat("BF16", block: 1, bytes: 2, ck_widen_bf16)
  package static let f8e4m3 = WeightFormat("F8_E4M3", block: 1, bytes: 1, fitsHalf: true, ck_widen_f8_e4m3)
  package static let f8e5m2 = WeightFormat("F8_E5M2", block: 1, bytes: 1, fitsHalf: true, ck_widen_f8_e5m2)

  package static let all = [
    f32, f16, bf16, f8e4m3, f8e5m2,
    WeightFormat("Q8_0", block: 32, bytes: 34, ck_widen_q8_0),
    WeightFormat("Q4_0", block: 32, bytes: 18, ck_widen_q4_0),
    WeightFormat("Q4_1", block: 32, bytes: 20, ck_widen_q4_1),
    WeightFormat("Q5_0", block: 32, bytes: 22, ck_widen_q5_0),
    WeightFormat("Q5_1", block: 32, bytes: 24, ck_widen_q5_1),
    WeightFormat("Q2_K", block: 256, bytes: 84, ck_widen_q2_k),
    WeightFormat("Q3_K", block: 256, bytes: 110, ck_widen_q3_k),
    WeightFormat("Q4_K", block: 256, bytes: 144, ck_widen_q4_k),
    WeightFormat("Q5_K", block: 256, bytes: 176, ck_widen_q5_k),
    WeightFormat("Q6_K", block: 256, bytes: 210, ck_widen_q6_k),
    WeightFormat("IQ4_NL", block: 32, bytes: 18, ck_widen_iq4_nl),
    WeightFormat("IQ4_XS", block: 256, bytes: 136, ck_widen_iq4_xs),
  ]

  /// The format of this name, as safetensors or GGUF call it; nil for one that weights do not come in.
  package init?(named name: String) {
    guard let format = Self.byName[name] else { return nil }
    self = format
  }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// The bytes that the blocks of `count` numbers take; nil where they fill no whole block, or for a count beyond Int.
  package func byteCount(_ count: Int) -> Int? {
    guard count >= 0, count.isMultiple(of: blockSize) else { return nil }
    let (bytes, overflow) = (count / blockSize).multipliedReportingOverflow(by: blockBytes)
    return overflow ? nil : bytes
  }

  /// Writes numbers `range` of those that begin at `source`, whatever blocks they are in.
  package func widen(_ source: UnsafeRawPointer, _ range: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    let (firstBlock, skipped) = range.lowerBound.quotientAndRemainder(dividingBy: blockSize)
    var (source, target, rest) = (source + firstBlock * blockBytes, target, range.count)
    func widenPart(from start: Int, count: Int) {
      withUnsafeTemporaryAllocation(of: Float.self, capacity: blockSize) { block in
        guard let numbers = block.baseAddress else { return }
        widenBlocks(source, numbers, 1)
        target.update(from: numbers + start, count: count)
      }
      (source, target, rest) = (source + blockBytes, target + count, rest - count)
    }
    if skipped > 0 { widenPart(from: skipped, count: min(blockSize - skipped, rest)) }
    let blocks = rest / blockSize
    widenBlocks(source, target, blocks)
    (source, target, rest) = (source + blocks * blockBytes, target + blocks * blockSize, rest - blocks * blockSize)
    if rest > 0 { widenPart(from: 0, count: rest) }
  }
}

extension WeightFormat {
  /// Writes all blocks that have some of the numbers `range`, and says how many come before the first of these.
  func widenBlocks(around range: Range<Int>, from source: UnsafeRawPointer, to target: UnsafeMutablePointer<Float>)
    -> Int
  {
    let first = range.lowerBound / blockSize
    let end = (range.upperBound + blockSize - 1) / blockSize
    widenBlocks(source + first * blockBytes, target, end - first)
    return range.lowerBound - first * blockSize
  }
}

extension WeightFormat: Hashable {
  /// A format is known by its name.
  package static func == (a: WeightFormat, b: WeightFormat) -> Bool { a.name == b.name }
  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
