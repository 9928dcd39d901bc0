/// Byte strings with a number each, to be found as beginnings of other strings.
struct ByteTrie: Sendable {
  /// The node behind a node's edge, by node and byte; the root is 0.
  private var edges: [UInt64: Int32] = [:]
  /// The numbers of the strings that end at nodes, -1 where none does.
  private var values: [Int32] = [-1]

  /// Adds a string, or gives one that is there another number.
  mutating func insert(_ key: some Sequence<UInt8>, value: Int) {
    var node: Int32 = 0
    for byte in key {
      let edge = Self.edge(node, byte)
      if let next = edges[edge] {
        node = next
      } else {
        let next = Int32(values.count)
        edges[edge] = next
        values.append(-1)
        node = next
      }
    }
    values[Int(node)] = Int32(value)
  }

  /// Calls `body` with the length and number of each string that `text` begins with, from `start` on, the shortest first.
  @inline(__always) func forEachBeginning(
    of text: [UInt8], from start: Int, _ body: (_ length: Int, _ value: Int) -> Void
  ) {
    var node: Int32 = 0
    for position in start..<text.count {
      guard let next = edges[Self.edge(node, text[position])] else { return }
      node = next
      if values[Int(node)] >= 0 { body(position + 1 - start, Int(values[Int(node)])) }
    }
  }

  private static func edge(_ node: Int32, _ byte: UInt8) -> UInt64 { UInt64(node) << 8 | UInt64(byte) }
}
