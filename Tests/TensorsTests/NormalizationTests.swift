import Testing

import Tensors

@Suite struct NormalizationTests {
  @Test(arguments: [
    (samples: 2, height: 9, width: 7, channels: 320, groups: 32), (1, 1, 1, 12, 4), (3, 5, 6, 33, 3), (1, 17, 13, 8, 8),
    (2, 16, 16, 64, 1),
  ])
  func groupsAgreeWithOracle(samples: Int, height: Int, width: Int, channels: Int, groups: Int) {
    let x = randomTensor([samples, height, width, channels], seed: 1, in: -2...3)
    let weight = randomTensor([channels], seed: 2)
    let bias = randomTensor([channels], seed: 3)
    let norm = GroupNorm(groups: groups, eps: 1e-5, weight: weight, bias: bias)
    let expected = Oracle.normalization(x, samples: samples, groups: groups, eps: 1e-5, weight: weight, bias: bias)
    #expect(relativeError(norm(x), expected) < 2e-6)
    #expect(relativeError(norm(x, silu: true), expected.map(Oracle.silu)) < 2e-6)
  }

  /// The sum of squares alone would lose every digit of this variance.
  @Test func largeMeanLeavesTheVarianceExact() {
    let x = randomTensor([1, 40, 30, 16], seed: 1, in: 4000...4001)
    let ones = Tensor(repeating: 1, shape: [16])
    let norm = GroupNorm(groups: 2, eps: 1e-6, weight: ones, bias: .zeros([16]))
    let expected = Oracle.normalization(x, samples: 1, groups: 2, eps: 1e-6, weight: ones, bias: .zeros([16]))
    // `factor x + constant` rounds at the size of the mean.
    #expect(relativeError(norm(x), expected) < 4000 * 4e-7)
  }

  @Test(arguments: [(rows: 3, channels: 768), (1, 1), (40, 5), (33, 37)])
  func layersAgreeWithOracle(rows: Int, channels: Int) {
    let x = randomTensor([2, rows, channels], seed: 1, in: -2...3)
    let weight = randomTensor([channels], seed: 2)
    let bias = randomTensor([channels], seed: 3)
    let norm = LayerNorm(eps: 1e-5, weight: weight, bias: bias)
    let expected = Oracle.normalization(x, samples: 2 * rows, groups: 1, eps: 1e-5, weight: weight, bias: bias)
    #expect(relativeError(norm(x), expected) < 2e-6)
  }

  /// One run of a token's channels, or several, as heads are.
  @Test(arguments: [(rows: 3, runs: 1, channels: 768), (1, 1, 1), (40, 3, 5), (33, 4, 37)])
  func rootMeanSquaresAgreeWithOracle(rows: Int, runs: Int, channels: Int) {
    let x = randomTensor([2, rows, runs * channels], seed: 1, in: -2...3)
    let weight = randomTensor([channels], seed: 2)
    let expected = Oracle.rmsNorm(x, eps: 1e-6, weight: weight)
    #expect(relativeError(RMSNorm(eps: 1e-6, weight: weight)(x), expected) < 1e-6)
  }
}
