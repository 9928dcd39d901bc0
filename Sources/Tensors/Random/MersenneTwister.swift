/// The generator mt19937 (Matsumoto and Nishimura 1998), seeded as the reference implementation's `init_genrand`.
struct MersenneTwister: Sendable {
  private static let size = 624
  private static let middle = 397

  private var state: [UInt32]
  /// The next word of `state` to give; all are used up at first.
  private var position = Self.size

  init(seed: UInt32) {
    state = [seed]
    state.reserveCapacity(Self.size)
    for index in 1..<Self.size {
      let last = state[index - 1]
      state.append(1_812_433_253 &* (last ^ last >> 30) &+ UInt32(index))
    }
  }

  mutating func next() -> UInt32 {
    if position == Self.size {
      twist()
      position = 0
    }
    var word = state[position]
    position += 1
    word ^= word >> 11
    word ^= word << 7 & 0x9D2C_5680
    word ^= word << 15 & 0xEFC6_0000
    word ^= word >> 18
    return word
  }

  /// Passes over `count` words.
  mutating func skip(_ count: Int) {
    var rest = count
    while rest > Self.size - position {
      rest -= Self.size - position
      twist()
      position = 0
    }
    position += rest
  }

  private mutating func twist() {
    state.withUnsafeMutableBufferPointer { state in
      func step(_ index: Int, _ next: Int, _ far: Int) {
        let mixed = state[index] & 0x8000_0000 | state[next] & 0x7FFF_FFFF
        state[index] = state[far] ^ mixed >> 1 ^ (0 &- (mixed & 1)) & 0x9908_B0DF
      }
      let turn = Self.size - Self.middle
      for index in 0..<turn { step(index, index + 1, index + Self.middle) }
      for index in turn..<Self.size - 1 { step(index, index + 1, index - turn) }
      step(Self.size - 1, 0, Self.middle - 1)
    }
  }
}
