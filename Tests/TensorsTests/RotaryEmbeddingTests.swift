import Foundation
import Testing

import Tensors

@Suite struct RotaryEmbeddingTests {
  @Test(arguments: [RotaryEmbedding.Pairing.halves, .neighbours], [2, 24, 128])
  func pairsAreTurned(_ pairing: RotaryEmbedding.Pairing, width: Int) {
    let (samples, tokens, heads, pairs) = (2, 5, 3, width / 2)
    let angles = (0..<tokens + 1).map { token in
      (0..<pairs).map { Double(token) / pow(10_000, Double($0) / Double(pairs)) }
    }
    let x = randomTensor([samples, tokens, heads * width], seed: 1)
    let values = x.values.map(Double.init)
    var expected = values
    for head in 0..<samples * tokens * heads {
      for pair in 0..<pairs {
        let (a, b) = pairing == .halves ? (pair, pair + pairs) : (2 * pair, 2 * pair + 1)
        let (first, second) = (head * width + a, head * width + b)
        let angle = angles[head / heads % tokens][pair]
        expected[first] = values[first] * cos(angle) - values[second] * sin(angle)
        expected[second] = values[second] * cos(angle) + values[first] * sin(angle)
      }
    }
    #expect(relativeError(RotaryEmbedding(angles: angles, pairing: pairing)(x), expected) < 1e-6)
  }
}
