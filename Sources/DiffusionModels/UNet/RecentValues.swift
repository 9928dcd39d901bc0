import Synchronization

/// Values made not long ago, by what they were made of; the oldest go when all together become too large.
package final class RecentValues<Key: Equatable & Sendable, Value: Sendable>: Sendable {
  private struct Entry {
    let key: Key
    let value: Value
    let byteCount: Int
  }

  /// The one used last is the last one.
  private let entries = Mutex<[Entry]>([])
  private let byteLimit: Int
  private let byteCount: @Sendable (Value) -> Int

  package init(byteLimit: Int, byteCount: @escaping @Sendable (Value) -> Int) {
    self.byteLimit = byteLimit
    self.byteCount = byteCount
  }

  /// The value for a key, made if it is not at hand.
  package func value(for key: Key, _ make: () -> Value) -> Value {
    if let known = entries.withLock({ entries in
      entries.firstIndex { $0.key == key }.map { index in
        entries.append(entries.remove(at: index))
        return entries[entries.count - 1].value
      }
    }) {
      return known
    }
    let value = make()
    let entry = Entry(key: key, value: value, byteCount: byteCount(value))
    entries.withLock { entries in
      if entry.byteCount <= byteLimit { entries.append(entry) }
      var total = entries.reduce(0) { $0 + $1.byteCount }
      while total > byteLimit { total -= entries.removeFirst().byteCount }
    }
    return value
  }
}
