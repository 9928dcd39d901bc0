/// NumPy's SeedSequence (O'Neill's seed_seq_fe with NumPy's constants): words from a number of any size and the path of a child.
package struct SeedSequence: Sendable {
  private static let (poolInitial, poolFactor): (UInt32, UInt32) = (0x43B0_D7E5, 0x931E_8875)
  private static let (outputInitial, outputFactor): (UInt32, UInt32) = (0x8B51_F9DD, 0x58F3_8DED)
  private static let (mixLeft, mixRight): (UInt32, UInt32) = (0xCA01_F9DD, 0x4973_F715)

  private let pool: [UInt32]

  /// `path` is what NumPy calls the spawn key.
  package init(entropy: UInt64, path: [UInt64] = [], poolSize: Int) {
    var words = Self.words(of: entropy)
    if !path.isEmpty {
      words += Array(repeating: 0, count: max(0, poolSize - words.count)) + path.flatMap(Self.words)
    }
    var constant = Self.poolInitial
    func hashed(_ value: UInt32) -> UInt32 {
      var value = value ^ constant
      constant = constant &* Self.poolFactor
      value = value &* constant
      return value ^ value >> 16
    }
    func mixed(_ x: UInt32, _ y: UInt32) -> UInt32 {
      let sum = Self.mixLeft &* x &- Self.mixRight &* y
      return sum ^ sum >> 16
    }
    var pool = (0..<poolSize).map { hashed($0 < words.count ? words[$0] : 0) }
    for source in pool.indices {
      for target in pool.indices where source != target { pool[target] = mixed(pool[target], hashed(pool[source])) }
    }
    for word in words.dropFirst(poolSize) {
      for target in pool.indices { pool[target] = mixed(pool[target], hashed(word)) }
    }
    self.pool = pool
  }

  /// Word 0 of `generate_state`, however many are asked for.
  package var firstWord: UInt32 {
    let value = (pool[0] ^ Self.outputInitial) &* (Self.outputInitial &* Self.outputFactor)
    return value ^ value >> 16
  }

  /// The least significant word first; at least one.
  private static func words(of number: UInt64) -> [UInt32] {
    let (low, high) = (UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32))
    return high == 0 ? [low] : [low, high]
  }
}
