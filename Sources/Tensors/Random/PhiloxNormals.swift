import Glibc

/// Normals as torch.randn draws them on a CUDA device, where every number has a thread of its own.
///
/// Philox 4x32-10 (Salmon et al. 2011) keyed with the seed, its counter being {draw, 0, index of the number, 0}; the first
/// two words of each block give one number by Box-Muller. Source: cuRAND's curand_normal4 and, on a CPU,
/// stable-diffusion-webui's rng_philox.py.
struct PhiloxNormals: Sendable {
  private let key: SIMD2<UInt32>
  private let draw: UInt32

  init(seed: UInt64, draw: Int) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.draw = UInt32(truncatingIfNeeded: draw)
  }

  /// The whole draw.
  func fill(_ target: UnsafeMutableBufferPointer<Float>) {
    for index in target.indices {
      let words = Self.block(SIMD4(draw, 0, UInt32(truncatingIfNeeded: index), 0), key)
      target[index] = Self.normal(words[0], words[1])
    }
  }

  /// Box-Muller, in double precision, on the middles of 2^32 equal intervals.
  private static func normal(_ x: UInt32, _ y: UInt32) -> Float {
    let radius = (-2 * log((Double(x) + 0.5) * 0x1p-32)).squareRoot()
    return Float(radius * sin((Double(y) + 0.5) * (2 * Double.pi * 0x1p-32)))
  }

  /// The 128 random bits of one counter: ten rounds.
  static func block(_ counter: SIMD4<UInt32>, _ key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (counter, key) = (counter, key)
    for _ in 0..<10 {
      let first = counter[0].multipliedFullWidth(by: 0xD251_1F53)
      let second = counter[2].multipliedFullWidth(by: 0xCD9E_8D57)
      counter = SIMD4(
        second.high ^ counter[1] ^ key[0], second.low, first.high ^ counter[3] ^ key[1], first.low)
      key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return counter
  }
}
