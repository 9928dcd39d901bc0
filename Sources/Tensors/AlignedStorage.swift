import Foundation
import Synchronization

/// Uninitialised floats on a 64-byte boundary, given back when the last tensor that uses them goes.
final class AlignedStorage: @unchecked Sendable {
  let elements: UnsafeMutablePointer<Float>
  private let block: MemoryPool.Block

  init(count: Int) {
    block = MemoryPool.take(byteCount: count * MemoryLayout<Float>.stride)
    elements = block.start.bindMemory(to: Float.self, capacity: count)
  }

  deinit { MemoryPool.giveBack(block) }
}

/// Keeps a few large blocks for reuse: a model asks for the same sizes over and over, and fresh pages cost a fault each.
enum MemoryPool {
  struct Block: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    let byteCount: Int
  }

  private struct FreeBlocks {
    var bySize: [Int: [Block]] = [:]
    var byteCount = 0
  }

  private static let free = Mutex(FreeBlocks())
  private static let smallestPooled = 64 << 10
  /// Freed memory beyond this goes back to the system at once.
  private static let mostPooled = 256 << 20
  private static let hugePage = 2 << 20

  static func take(byteCount: Int) -> Block {
    guard byteCount >= smallestPooled else {
      return Block(start: .allocate(byteCount: max(byteCount, 64), alignment: 64), byteCount: byteCount)
    }
    let size = roundedUp(byteCount)
    let reused = free.withLock { free -> Block? in
      guard let block = free.bySize[size]?.popLast() else { return nil }
      free.byteCount -= size
      return block
    }
    if let reused { return reused }
    let alignment = size >= 2 * hugePage ? hugePage : 64
    let start = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: alignment)
    if alignment == hugePage { madvise(start, size, Int32(MADV_HUGEPAGE)) }
    return Block(start: start, byteCount: size)
  }

  static func giveBack(_ block: Block) {
    let isKept =
      block.byteCount >= smallestPooled
      && free.withLock { free in
        guard free.byteCount + block.byteCount <= mostPooled else { return false }
        free.bySize[block.byteCount, default: []].append(block)
        free.byteCount += block.byteCount
        return true
      }
    if !isKept { block.start.deallocate() }
  }

  /// The next size with three significant bits, so that near sizes share blocks.
  private static func roundedUp(_ byteCount: Int) -> Int {
    let step = 1 << max(Int.bitWidth - 1 - byteCount.leadingZeroBitCount - 3, 0)
    return (byteCount + step - 1) / step * step
  }
}
