import Glibc

/// Normals as PyTorch's generator on a CPU draws them (ATen's CPUGeneratorImpl, normal_fill and normal_distribution).
///
/// Draws of 16 numbers or more take 24-bit uniforms and Box-Muller in blocks of 16; smaller ones go number by number in
/// double precision, where every second number is kept for later, also over the end of a draw.
package struct TorchNormals: Sendable {
  private static let block = 16

  private var engine: MersenneTwister
  private var kept: Double?

  /// Only the seed's low 32 bits count, as in PyTorch.
  package init(seed: UInt64) { engine = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed)) }

  /// One draw.
  package mutating func fill(_ target: UnsafeMutableBufferPointer<Float>) {
    if target.count < Self.block {
      for index in target.indices { target[index] = Float(nextInDouble()) }
      return
    }
    for index in target.indices { target[index] = nextUniform() }
    let whole = target.count / Self.block * Self.block
    for start in stride(from: 0, to: whole, by: Self.block) { boxMuller(target, start) }
    if whole < target.count {
      let start = target.count - Self.block
      for index in start..<target.count { target[index] = nextUniform() }
      boxMuller(target, start)
    }
  }

  /// Passes over `draws` draws of `count` numbers.
  package mutating func skip(draws: Int, count: Int) {
    if count >= Self.block {
      engine.skip(draws * (count + (count % Self.block == 0 ? 0 : Self.block)))
      return
    }
    var rest = draws * count
    if rest > 0, kept != nil {
      kept = nil
      rest -= 1
    }
    // Two numbers take two uniforms of 64 bits.
    engine.skip(rest / 2 * 4)
    if rest % 2 == 1 { _ = nextInDouble() }
  }

  /// 24 random bits as a number in [0, 1).
  private mutating func nextUniform() -> Float { Float(engine.next() & 0xFF_FFFF) * 0x1p-24 }

  /// 53 random bits as a number in [0, 1).
  private mutating func nextUniformInDouble() -> Double {
    let high = UInt64(engine.next())
    let low = UInt64(engine.next())
    return Double((high << 32 | low) & (1 << 53 - 1)) * 0x1p-53
  }

  private mutating func nextInDouble() -> Double {
    if let number = kept {
      kept = nil
      return number
    }
    let angle = 2 * Double.pi * nextUniformInDouble()
    let radius = (-2 * log1p(-nextUniformInDouble())).squareRoot()
    kept = radius * sin(angle)
    return radius * cos(angle)
  }

  /// Two pi to the nearest; Float.pi is rounded down.
  private static let turn = Float(2 * Double.pi)

  /// Turns 16 uniforms into normals: the first 8 give the radii, the last 8 the angles.
  private func boxMuller(_ target: UnsafeMutableBufferPointer<Float>, _ start: Int) {
    for index in start..<start + 8 {
      let radius = (-2 * logf(1 - target[index])).squareRoot()
      let angle = Self.turn * target[index + 8]
      target[index] = radius * cosf(angle)
      target[index + 8] = radius * sinf(angle)
    }
  }
}
