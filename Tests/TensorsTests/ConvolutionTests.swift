import Testing

import Tensors

struct ConvolutionCase: Sendable, CustomTestStringConvertible {
  var samples = 1
  var height = 5
  var width = 7
  var inputs = 3
  var outputs = 4
  var kernelHeight = 3
  var kernelWidth = 3
  var stride = 1
  var padding: Conv2d.Padding = 1

  var testDescription: String {
    "\(samples)x\(height)x\(width)x\(inputs) to \(outputs), \(kernelHeight)x\(kernelWidth) stride \(stride)"
  }
  var x: Tensor { randomTensor([samples, height, width, inputs], seed: 1) }
  var weight: Tensor { randomTensor([outputs, inputs, kernelHeight, kernelWidth], seed: 2) }
  var bias: Tensor { randomTensor([outputs], seed: 3) }

  static let all = [
    ConvolutionCase(),
    ConvolutionCase(height: 1, width: 1),
    ConvolutionCase(samples: 2, height: 1, width: 9, inputs: 17, outputs: 33),
    ConvolutionCase(samples: 2, height: 9, width: 6, inputs: 20, outputs: 150),
    ConvolutionCase(height: 24, width: 31, inputs: 5, outputs: 6),
    ConvolutionCase(samples: 2, height: 8, width: 6, stride: 2),
    ConvolutionCase(height: 9, width: 7, inputs: 16, outputs: 16, stride: 2),
    ConvolutionCase(samples: 2, height: 8, width: 10, stride: 2, padding: .bottomRight),
    ConvolutionCase(height: 7, width: 5, stride: 2, padding: .bottomRight),
    ConvolutionCase(
      samples: 2, height: 6, width: 4, inputs: 19, outputs: 8, kernelHeight: 1, kernelWidth: 1, padding: 0),
    ConvolutionCase(height: 6, width: 5, kernelHeight: 1, kernelWidth: 1, stride: 2, padding: 0),
    ConvolutionCase(height: 6, width: 8, kernelHeight: 5, kernelWidth: 3, stride: 3, padding: 2),
    ConvolutionCase(height: 8, width: 8, kernelHeight: 4, kernelWidth: 4, stride: 4, padding: 0),
    ConvolutionCase(
      height: 5, width: 5, kernelHeight: 2, kernelWidth: 3, padding: .init(top: 0, left: 2, bottom: 3, right: 1)),
    ConvolutionCase(height: 6, width: 6, kernelHeight: 1, kernelWidth: 1, padding: 2),
  ]
}

@Suite struct ConvolutionTests {
  @Test(arguments: ConvolutionCase.all)
  func imageAgreesWithOracle(_ test: ConvolutionCase) {
    let layer = Conv2d(weight: test.weight, bias: test.bias, stride: test.stride, padding: test.padding)
    let expected = Oracle.convolution(
      test.x, weight: test.weight, bias: test.bias, stride: test.stride, padding: test.padding)
    let y = layer(test.x)
    #expect(relativeError(y, expected) < 1e-6)

    let channelBias = randomTensor([test.samples, test.outputs], seed: 4)
    let residual = randomTensor(y.shape, seed: 5)
    let pixels = y.shape[1] * y.shape[2]
    let fused = expected.enumerated().map { index, value in
      let channel = index / (pixels * test.outputs) * test.outputs + index % test.outputs
      return value + Double(channelBias.values[channel]) + Double(residual.values[index])
    }
    #expect(relativeError(layer(test.x, channelBias: channelBias, residual: residual), fused) < 1e-6)

    let bare = Conv2d(weight: test.weight, stride: test.stride, padding: test.padding)
    let plain = Oracle.convolution(test.x, weight: test.weight, bias: nil, stride: test.stride, padding: test.padding)
    #expect(relativeError(bare(test.x), plain) < 1e-6)
  }

  /// Large enough to be computed in many tiles.
  @Test(arguments: [1, 2]) func tilesMeetWithoutSeam(stride: Int) {
    let test = ConvolutionCase(height: 150, width: 130, inputs: 14, outputs: 70, stride: stride)
    let y = Conv2d(weight: test.weight, bias: test.bias, stride: stride, padding: 1)(test.x)
    let expected = Oracle.convolution(test.x, weight: test.weight, bias: test.bias, stride: stride, padding: 1)
    #expect(relativeError(y, expected) < 1e-6)
  }

  @Test func weightReadRowByRowIsTheSameLayer() throws {
    let test = ConvolutionCase(inputs: 6, outputs: 9)
    struct Refusal: Error {}
    let source = WeightSource(test.weight)
    #expect(
      try Conv2d(weight: source, padding: 1)(test.x).values == Conv2d(weight: test.weight, padding: 1)(test.x).values)
    let refusing = WeightSource(shape: source.shape) { rows, destination in
      if rows.contains(5) { throw Refusal() }
      try source.readRows(rows, destination)
    }
    #expect(throws: Refusal.self) { try Conv2d(weight: refusing) }
  }
}
