/// Copies of rows side by side, for AMX, which would have to make them for every panel.
struct GatheredRows {
  private let capacity: Int
  /// Words from one row to the next.
  private let stride: Int
  private var copies: AlignedStorage?

  /// Rows that AMX takes at a time.
  private static let group = 16

  /// Room for so many rows of `words` or fewer, taken when the first is copied.
  init(capacity: Int, words: Int) { (self.capacity, stride) = (capacity, FactorRows.stride(words: words)) }

  /// Replaces some of all pointers, `count` from number `first` on, where they are not at equal distances, 16 by 16; good
  /// while this lives and until the same are replaced again.
  mutating func replace(
    _ all: UnsafeMutablePointer<UnsafePointer<Float>?>, from first: Int, count: Int, words: Int
  ) {
    for start in Swift.stride(from: first, to: first + count, by: Self.group) {
      let size = min(Self.group, first + count - start)
      guard !isEven(all + start, count: size) else { continue }
      let storage = copies ?? AlignedStorage(count: capacity * stride)
      copies = storage
      for index in start..<start + size {
        guard let source = all[index] else { continue }
        let copy = storage.elements + index * stride
        copy.update(from: source, count: words)
        all[index] = UnsafePointer(copy)
      }
    }
  }

  private func isEven(_ rows: UnsafePointer<UnsafePointer<Float>?>, count: Int) -> Bool {
    guard count > 2, let first = rows[0], let second = rows[1] else { return true }
    let distance = second - first
    for row in 2..<count where rows[row] != first + row * distance { return false }
    return true
  }
}
