import Dispatch
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
    let workers = min(threadCount, tiles)
    guard workers > 1 else {
      for tile in 0..<tiles { body(tile) }
      return
    }
    withoutActuallyEscaping(body) { body in
      nonisolated(unsafe) let body = body
      let next = Atomic<Int>(0)
      DispatchQueue.concurrentPerform(iterations: workers) { _ in
        while true {
          let tile = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard tile < tiles else { return }
          body(tile)
        }
      }
    }
  }
}
