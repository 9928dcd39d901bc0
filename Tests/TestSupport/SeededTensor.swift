import Tensors

/// A tensor of a tiny model, made anew from its name: `[name, shape, scale, offset]` in a fixture.
package struct SeededTensor: Decodable, Sendable {
  package let name: String
  package let shape: [Int]
  private let scale: Double
  private let offset: Double

  package init(_ name: String, _ shape: [Int], scale: Double, offset: Double = 0) {
    (self.name, self.shape, self.scale, self.offset) = (name, shape, scale, offset)
  }

  package init(from decoder: any Decoder) throws {
    var list = try decoder.unkeyedContainer()
    name = try list.decode(String.self)
    shape = try list.decode([Int].self)
    scale = try list.decode(Double.self)
    offset = try list.decode(Double.self)
  }

  /// Uniform around the offset: SplitMix64 of the name's FNV-1a hash and the index, rounded to half precision.
  package var tensor: Tensor {
    let seed = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return Tensor(shape: shape.isEmpty ? [1] : shape) { numbers in
      for index in 0..<numbers.count {
        var z = seed &+ UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        numbers[index] = Float(Float16(offset + scale * (2 * Double(z >> 40) / Double(1 << 24) - 1)))
      }
    }
  }
}
