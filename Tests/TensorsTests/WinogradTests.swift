import Testing

import Tensors

/// 3x3 convolutions of images large enough for Winograd's method.
///
/// Its transforms add and subtract numbers of one size, which costs it half a digit or so against the direct method's 1e-6.
@Suite struct WinogradTests {
  private static let tolerance = 4e-6

  @Test(arguments: [
    ConvolutionCase(height: 16, width: 16, inputs: 16, outputs: 64),
    ConvolutionCase(samples: 2, height: 17, width: 30, inputs: 19, outputs: 70),
    ConvolutionCase(height: 13, width: 19, inputs: 33, outputs: 3, padding: 0),
    ConvolutionCase(
      height: 70, width: 9, inputs: 40, outputs: 130, padding: .init(top: 0, left: 2, bottom: 3, right: 1)),
    ConvolutionCase(height: 12, width: 23, inputs: 700, outputs: 20),
    ConvolutionCase(height: 150, width: 131, inputs: 50, outputs: 17),
  ])
  func imageAgreesWithOracle(_ test: ConvolutionCase) {
    let layer = Conv2d(weight: test.weight, bias: test.bias, padding: test.padding)
    let expected = Oracle.convolution(
      test.x, weight: test.weight, bias: test.bias, stride: 1, padding: test.padding)
    let y = layer(test.x)
    #expect(relativeError(y, expected) < Self.tolerance)

    let channelBias = randomTensor([test.samples, test.outputs], seed: 4)
    let residual = randomTensor(y.shape, seed: 5)
    let pixels = y.shape[1] * y.shape[2]
    let (biases, residuals) = (channelBias.values, residual.values)
    let fused = expected.enumerated().map { index, value in
      value + Double(biases[index / (pixels * test.outputs) * test.outputs + index % test.outputs])
        + Double(residuals[index])
    }
    #expect(relativeError(layer(test.x, channelBias: channelBias, residual: residual), fused) < Self.tolerance)
  }

  /// Transformed factors are rounded to 8 bits, and the transform back takes differences of their sums: some four times the
  /// error of a direct product in bf16.
  @Test(.enabled(if: Precision.bf16.isSupported), arguments: [16, 19, 64, 700])
  func roundsTransformedFactors(inputs: Int) {
    let test = ConvolutionCase(height: 20, width: 17, inputs: inputs, outputs: 70)
    let y = Conv2d(weight: test.weight, bias: test.bias, padding: 1, precision: .bf16)(test.x)
    let expected = Oracle.convolution(test.x, weight: test.weight, bias: test.bias, stride: 1, padding: 1)
    #expect(relativeError(y, expected) < 2e-2)
  }

  /// Rounds of rows that are made as they are read overlap, and must give what the whole image gives.
  @Test(arguments: [(height: 37, width: 29, channels: 32), (70, 600, 32), (9, 530, 64), (5, 5, 16)])
  func rowsMadeAsTheyAreReadAreTheWholeImage(height: Int, width: Int, channels: Int) {
    let layer = Conv2d(weight: randomTensor([20, channels, 3, 3], seed: 1), padding: 1)
    let norm = GroupNorm(
      groups: 4, eps: 1e-5, weight: randomTensor([channels], seed: 2), bias: randomTensor([channels], seed: 3))
    let x = randomTensor([2, height, width, channels], seed: 4)
    #expect(layer(norm.rows(of: x, silu: true)).values == layer(norm(x, silu: true)).values)
    let (tall, wide) = (2 * height - 1, 2 * width)
    #expect(
      layer(x.nearestRows(height: tall, width: wide)).values
        == layer(x.resizedNearest(height: tall, width: wide)).values)
  }
}
