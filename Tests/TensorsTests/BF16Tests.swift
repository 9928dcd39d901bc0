import Testing

import Tensors

/// Products of bf16 factors.
///
/// Two things are checked: given numbers that bf16 holds exactly, results are as exact as in single precision, so nothing
/// but the factors is rounded; given others, the error is what rounding factors to 8 bits must give, some 2⁻⁹ each.
@Suite(.enabled(if: Precision.bf16.isSupported)) struct BF16Tests {
  private static let exactly = 2e-6
  private static let rounded = 6e-3

  @Test(arguments: [
    (samples: 1, rows: 1, inputs: 1, outputs: 1), (2, 1, 320, 1280), (1, 77, 33, 65), (2, 300, 40, 17),
    (1, 64, 1300, 320), (3, 5, 7, 130),
  ])
  func linearAgreesWithOracle(samples: Int, rows: Int, inputs: Int, outputs: Int) {
    let x = randomTensor([samples, rows, inputs], seed: 1)
    let weight = randomTensor([outputs, inputs], seed: 2)
    let bias = randomTensor([outputs], seed: 3)
    let layer = Linear(weight: weight, bias: bias, precision: .bf16)
    let (roundX, roundWeight) = (x.roundedToBF16(), weight.roundedToBF16())
    #expect(relativeError(layer(x), Oracle.linear(roundX, weight: roundWeight, bias: bias)) < Self.exactly)
    #expect(relativeError(layer(x), Oracle.linear(x, weight: weight, bias: bias)) < Self.rounded)
  }

  @Test(arguments: ConvolutionCase.all)
  func convolutionAgreesWithOracle(_ test: ConvolutionCase) {
    let layer = Conv2d(
      weight: test.weight, bias: test.bias, stride: test.stride, padding: test.padding, precision: .bf16)
    // Images that are large enough are computed by Winograd's method.
    guard test.inputs < 16 || test.height * test.width < 200 else { return }
    let expected = Oracle.convolution(
      test.x.roundedToBF16(), weight: test.weight.roundedToBF16(), bias: test.bias, stride: test.stride,
      padding: test.padding)
    #expect(relativeError(layer(test.x), expected) < Self.exactly)
  }

  @Test(arguments: [
    (samples: 1, queries: 1, keys: 1, heads: 1, width: 1), (2, 5, 3, 2, 6), (2, 77, 77, 4, 64), (1, 300, 77, 8, 320),
    (1, 513, 530, 2, 78), (1, 20, 4101, 1, 40),
  ])
  func attentionAgreesWithOracle(samples: Int, queries: Int, keys: Int, heads: Int, width: Int) {
    let query = randomTensor([samples, queries, width], seed: 1, in: -3...3)
    let key = randomTensor([samples, keys, width], seed: 2, in: -3...3)
    let value = randomTensor([samples, keys, width], seed: 3)
    for isCausal in queries <= keys ? [false, true] : [false] {
      let y = attention(query: query, key: key, value: value, heads: heads, isCausal: isCausal, precision: .bf16)
      let expected = Oracle.attention(query: query, key: key, value: value, heads: heads, isCausal: isCausal)
      // A score is a sum of 9 / sqrt(d) times d products: its error, and with it that of its exponential, is larger.
      #expect(relativeError(y, expected) < 3 * Self.rounded)
    }
  }

  @Test func gegluAgreesWithOracle() {
    let x = randomTensor([2, 30, 24], seed: 1)
    let weight = randomTensor([66, 24], seed: 2)
    let bias = randomTensor([66], seed: 3)
    let both = Oracle.linear(x.roundedToBF16(), weight: weight.roundedToBF16(), bias: bias)
    let expected = (0..<60).flatMap { row in
      (0..<33).map { both[row * 66 + $0] * Oracle.gelu(both[row * 66 + 33 + $0]) }
    }
    #expect(relativeError(GatedLinear(weight: weight, bias: bias, precision: .bf16)(x), expected) < Self.exactly)
  }
}

extension Tensor {
  /// Every number rounded to the nearest that bf16 holds, ties to even.
  func roundedToBF16() -> Tensor {
    Tensor(
      shape: shape,
      values: values.map { value in
        let bits = value.bitPattern
        return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
      })
  }
}
