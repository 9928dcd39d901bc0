import Foundation
import Synchronization

/// Runs tiles of work on several threads.
///
/// What a tile computes never depends on how many threads there are.
package enum Parallel {
  private static let setting = Atomic<Int>(0)

  /// How many threads kernels use; at first the number of cores this process may use.
  package static var threadCount: Int {
    get {
      let count = setting.load(ordering: .relaxed)
      return count > 0 ? count : availableCores
    }
    set { setting.store(max(1, newValue), ordering: .relaxed) }
  }

  private static let availableCores = ProcessInfo.processInfo.activeProcessorCount

  /// Calls `body` once for every tile in `0..<tiles`, in any order and on up to `threadCount` threads.
  ///
  /// Not checked for data races: kernels write disjoint parts of one buffer.
  package static func forEach(_ tiles: Int, _ body: (Int) -> Void) {
    forEach(tiles, scratch: 0) { tile, _ in body(tile) }
  }

  /// As `forEach`, with memory for `scratch` floats to work in, which a thread keeps from tile to tile.
  static func forEach(_ tiles: Int, scratch: Int, _ body: (Int, UnsafeMutablePointer<Float>) -> Void) {
    let workers = min(threadCount, tiles)
    guard workers > 1 else {
      let memory = AlignedStorage(count: scratch)
      return withExtendedLifetime(memory) { for tile in 0..<tiles { body(tile, memory.elements) } }
    }
    let next = Atomic<Int>(0)
    WorkerPool.shared.run(helpers: workers - 1) {
      let memory = AlignedStorage(count: scratch)
      withExtendedLifetime(memory) {
        while true {
          let tile = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard tile < tiles else { return }
          body(tile, memory.elements)
        }
      }
    }
  }
}
