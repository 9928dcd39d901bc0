import CKernels
import Foundation
import Synchronization

/// Numbers in half precision, IEEE's binary16, times a power of two that brings the largest near the end of its range.
///
/// So each is off by at most 2^-11 of itself, or 2^-39 of the largest.
final class HalfRows {
  private let count: Int
  /// Enough of them; the last may not be full.
  private let blocks: [HalfBlocks.Block]
  /// What a stored number is multiplied by.
  private let scale: Float

  /// Numbers that are scaled at a time, before they are rounded.
  private static let numbersPerChunk = 1 << 13
  private static let hasKernel = ck_has_avx2()

  /// Rounds `count` numbers.
  init(_ source: UnsafePointer<Float>, count: Int) {
    self.count = count
    blocks = HalfBlocks.take((count + HalfBlocks.size - 1) / HalfBlocks.size)
    let largest = Self.largestMagnitude(source, count: count)
    // What is not finite stays so, and is found at the end.
    let exponent = largest.isFinite && largest > 0 ? min(max(14 - Int(largest.exponent), -126), 126) : 0
    let factor = Float(sign: .plus, exponent: exponent, significand: 1)
    scale = 1 / factor
    let blocks = blocks
    Parallel.forEach(blocks.count, scratch: Self.numbersPerChunk) { block, scratch in
      let end = min((block + 1) * HalfBlocks.size, count)
      for first in stride(from: block * HalfBlocks.size, to: end, by: Self.numbersPerChunk) {
        let size = min(Self.numbersPerChunk, end - first)
        let target = blocks[block].halves + (first - block * HalfBlocks.size)
        for i in 0..<size { scratch[i] = factor * source[first + i] }
        let whole = Self.hasKernel ? size / 8 * 8 : 0
        if whole > 0 { ck_narrow_f16(scratch, target, whole) }
        for i in whole..<size { target[i] = Float16(scratch[i]).bitPattern }
      }
    }
  }

  deinit { HalfBlocks.giveBack(blocks) }

  /// Writes some of the numbers in single precision.
  func widen(_ range: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    let (blocks, scale, size) = (blocks, scale, HalfBlocks.size)
    let first = range.lowerBound / size
    let end = (range.upperBound + size - 1) / size
    Parallel.forEach(end - first) { index in
      let block = first + index
      let part = (block * size..<(block + 1) * size).clamped(to: range)
      let target = target + (part.lowerBound - range.lowerBound)
      ck_widen_f16(blocks[block].halves + (part.lowerBound - block * size), target, part.count)
      for i in 0..<part.count { target[i] *= scale }
    }
  }

  private static func largestMagnitude(_ source: UnsafePointer<Float>, count: Int) -> Float {
    let tile = 1 << 18
    var magnitudes = [UInt32](repeating: 0, count: (count + tile - 1) / tile)
    magnitudes.withUnsafeMutableBufferPointer { magnitudes in
      guard let magnitudes = magnitudes.baseAddress else { return }
      Parallel.forEach((count + tile - 1) / tile) { index in
        // As integers, magnitudes are in the same order.
        var largest: UInt32 = 0
        for i in index * tile..<min((index + 1) * tile, count) {
          largest = max(largest, source[i].bitPattern & 0x7FFF_FFFF)
        }
        magnitudes[index] = largest
      }
    }
    return Float(bitPattern: magnitudes.max() ?? 0)
  }
}

/// Memory in blocks of one size, a huge page, so that what one picture frees is just what another one needs.
enum HalfBlocks {
  struct Block: @unchecked Sendable {
    let halves: UnsafeMutablePointer<UInt16>
  }

  /// Numbers of a block.
  static let size = byteCount / MemoryLayout<UInt16>.stride

  private static let byteCount = 2 << 20
  private static let free = Mutex<[Block]>([])

  static func take(_ count: Int) -> [Block] {
    let reused = free.withLock { free in
      defer { free.removeLast(min(count, free.count)) }
      return Array(free.suffix(count))
    }
    return reused
      + (reused.count..<count).map { _ in
        let start = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: byteCount)
        madvise(start, byteCount, Int32(MADV_HUGEPAGE))
        return Block(halves: start.bindMemory(to: UInt16.self, capacity: size))
      }
  }

  static func giveBack(_ blocks: [Block]) { free.withLock { $0 += blocks } }

  /// Gives the system what nothing holds.
  static func giveBackFree() {
    let blocks = free.withLock { free in
      defer { free = [] }
      return free
    }
    for block in blocks { UnsafeMutableRawPointer(block.halves).deallocate() }
  }
}
