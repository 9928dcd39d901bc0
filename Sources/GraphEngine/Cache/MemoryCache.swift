import Synchronization

/// Results kept in memory for the runs of one process, up to a size; what was not used for longest goes first.
package final class MemoryCache: Sendable {
  struct Item: Sendable {
    /// In declared order.
    let values: [any WireValue]
    let warnings: [NodeWarning]

    var byteCount: Int { values.reduce(0) { $0 + $1.byteCount } }
  }

  private struct State {
    var items: [ContentDigest: (item: Item, use: UInt64)] = [:]
    var bytes = 0
    var uses: UInt64 = 0
  }

  private let limit: Int
  private let state = Mutex(State())

  package init(limit: Int = 256 << 20) { self.limit = limit }

  func item(for key: ContentDigest) -> Item? {
    state.withLock { state in
      guard let found = state.items[key] else { return nil }
      state.uses += 1
      state.items[key] = (found.item, state.uses)
      return found.item
    }
  }

  /// Keeps results, unless they alone are too large.
  func keep(_ item: Item, for key: ContentDigest) {
    let size = item.byteCount
    guard size <= limit else { return }
    state.withLock { state in
      state.uses += 1
      if let old = state.items.updateValue((item, state.uses), forKey: key) { state.bytes -= old.item.byteCount }
      state.bytes += size
      while state.bytes > limit, let oldest = state.items.min(by: { $0.value.use < $1.value.use }) {
        state.items[oldest.key] = nil
        state.bytes -= oldest.value.item.byteCount
      }
    }
  }
}
