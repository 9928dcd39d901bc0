import Testing

import Tensors

@Suite struct AttentionTests {
  @Test(arguments: [
    (samples: 1, queries: 1, keys: 1, heads: 1, width: 1), (2, 5, 3, 2, 6), (2, 77, 77, 4, 64), (1, 300, 77, 8, 320),
    (1, 513, 530, 2, 80), (1, 20, 4100, 1, 40),
  ])
  func attentionAgreesWithOracle(samples: Int, queries: Int, keys: Int, heads: Int, width: Int) {
    let query = randomTensor([samples, queries, width], seed: 1, in: -3...3)
    let key = randomTensor([samples, keys, width], seed: 2, in: -3...3)
    let value = randomTensor([samples, keys, width], seed: 3)
    for isCausal in [false, true] {
      let y = attention(query: query, key: key, value: value, heads: heads, isCausal: isCausal)
      let expected = Oracle.attention(query: query, key: key, value: value, heads: heads, isCausal: isCausal)
      #expect(y.shape == query.shape)
      #expect(relativeError(y, expected) < 2e-6)
    }
  }

  /// A bias by distance, its own scale, and heads that share keys.
  @Test(arguments: [(queries: 5, keys: 3), (77, 77), (130, 270), (200, 140)], [1, 2, 4])
  func attentionWithBiasAgreesWithOracle(_ size: (queries: Int, keys: Int), keyHeads: Int) {
    let (queries, keys, heads, d) = (size.queries, size.keys, 4, 9)
    let query = randomTensor([1, queries, heads * d], seed: 1)
    let key = randomTensor([1, keys, keyHeads * d], seed: 2)
    let value = randomTensor([1, keys, keyHeads * d], seed: 3)
    let bias = randomTensor([heads, queries + keys - 1], seed: 4, in: -3...3)
    for isCausal in [false, true] {
      let y = attention(
        query: query, key: key, value: value, heads: heads, keyHeads: keyHeads, scale: 0.7, distanceBias: bias,
        isCausal: isCausal)
      let expected = Oracle.attention(
        query: query, key: key, value: value, heads: heads, keyHeads: keyHeads, scale: 0.7, distanceBias: bias,
        isCausal: isCausal)
      #expect(relativeError(y, expected) < 2e-6)
    }
  }

  /// Scores of several hundred overflow an exponential that is not taken relative to the maximum.
  @Test func hugeScoresStayFinite() {
    let query = randomTensor([1, 9, 8], seed: 1, in: -60...60)
    let key = randomTensor([1, 21, 8], seed: 2, in: -60...60)
    let value = randomTensor([1, 21, 8], seed: 3)
    let expected = Oracle.attention(query: query, key: key, value: value, heads: 1, isCausal: false)
    #expect(relativeError(attention(query: query, key: key, value: value, heads: 1), expected) < 1e-3)
  }
}
