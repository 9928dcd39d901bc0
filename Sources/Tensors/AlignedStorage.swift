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

/// Memory of tensors that went, which is kept for others.
package enum TensorMemory {
  /// Gives it back to the system: before work that needs much of another size.
  package static func giveBack() {
    MemoryPool.giveBackFree()
    HalfBlocks.giveBackFree()
  }

  /// The same, but for blocks of strips, which the next strips take.
  package static func giveBackTensors() { MemoryPool.giveBackFree() }
}

/// Keeps large blocks for reuse: a model asks for much the same sizes over and over, and fresh pages are slow.
private enum MemoryPool {
  struct Block: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    let byteCount: Int
  }

  /// Free blocks, the one that waits longest first.
  private static let free = Mutex<[Block]>([])
  private static let smallestPooled = 64 << 10
  /// Free memory beyond this goes back to the system.
  private static let mostPooled = 1 << 30
  private static let hugePage = 2 << 20

  /// A block of at least `byteCount`: the smallest free one that is not more than twice as large, or a new one.
  static func take(byteCount: Int) -> Block {
    guard byteCount >= smallestPooled else {
      return Block(start: .allocate(byteCount: max(byteCount, 64), alignment: 64), byteCount: byteCount)
    }
    let reused = free.withLock { free in
      free.indices.filter { (byteCount...2 * byteCount).contains(free[$0].byteCount) }
        .min { free[$0].byteCount < free[$1].byteCount }
        .map { free.remove(at: $0) }
    }
    if let reused { return reused }
    let alignment = byteCount >= 2 * hugePage ? hugePage : 64
    let start = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: alignment)
    if alignment == hugePage { madvise(start, byteCount, Int32(MADV_HUGEPAGE)) }
    return Block(start: start, byteCount: byteCount)
  }

  static func giveBackFree() {
    let blocks = free.withLock { free in
      defer { free = [] }
      return free
    }
    for block in blocks { block.start.deallocate() }
  }

  static func giveBack(_ block: Block) {
    guard block.byteCount >= smallestPooled else { return block.start.deallocate() }
    let surplus = free.withLock { free in
      free.append(block)
      var total = free.reduce(0) { $0 + $1.byteCount }
      var count = 0
      while total > mostPooled {
        total -= free[count].byteCount
        count += 1
      }
      defer { free.removeFirst(count) }
      return Array(free[..<count])
    }
    for block in surplus { block.start.deallocate() }
  }
}
