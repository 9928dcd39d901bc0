import Testing

import Tensors

/// Layers that keep weights in half precision: the same bits as from the same numbers in single precision.
@Suite struct HalfWeightTests {
  /// Numbers of half precision: a normal, a subnormal and a large one among them.
  private static func halves(_ shape: [Int], seed: UInt64) -> Tensor {
    var values = randomTensor(shape, seed: seed).values.map { Float(Float16($0)) }
    for (index, value) in [Float16.leastNonzeroMagnitude, -0, 1.5, -100].enumerated() where index < values.count {
      values[index] = Float(value)
    }
    return Tensor(shape: shape, values: values)
  }

  private static func source(_ tensor: Tensor) -> WeightSource {
    WeightSource(shape: tensor.shape, isHalf: true, readRows: WeightSource(tensor).readRows)
  }

  // Widths around a panel's, depths of one and of several parts.
  @Test(arguments: [(rows: 1, inputs: 1, outputs: 1), (77, 33, 65), (300, 640, 64), (9, 1500, 200), (13, 641, 130)])
  func linear(rows: Int, inputs: Int, outputs: Int) throws {
    let weight = Self.halves([outputs, inputs], seed: 1)
    let (x, bias) = (randomTensor([2, rows, inputs], seed: 2), randomTensor([outputs], seed: 3))
    let layer = try Linear(weight: Self.source(weight), bias: bias)
    #expect(layer(x) == Linear(weight: weight, bias: bias)(x))
  }

  @Test func geglu() throws {
    let (weight, bias) = (Self.halves([66, 24], seed: 1), randomTensor([66], seed: 2))
    let x = randomTensor([2, 30, 24], seed: 3)
    #expect(try GatedLinear(weight: Self.source(weight), bias: bias)(x) == GatedLinear(weight: weight, bias: bias)(x))
  }

  @Test(arguments: ConvolutionCase.all)
  func convolution(_ test: ConvolutionCase) throws {
    let weight = Tensor(shape: test.weight.shape, values: test.weight.values.map { Float(Float16($0)) })
    let layer = try Conv2d(
      weight: Self.source(weight), bias: test.bias, stride: test.stride, padding: test.padding)
    let expected = Conv2d(weight: weight, bias: test.bias, stride: test.stride, padding: test.padding)
    #expect(layer(test.x) == expected(test.x))
  }

  // Deeper than what is widened at a time, with channels that fill no panel.
  @Test(arguments: [(inputs: 64, outputs: 64), (350, 70), (33, 130)])
  func winograd(inputs: Int, outputs: Int) throws {
    let weight = Self.halves([outputs, inputs, 3, 3], seed: 1)
    let x = randomTensor([2, 19, 26, inputs], seed: 2)
    #expect(
      try Conv2d(weight: Self.source(weight), padding: 1)(x) == Conv2d(weight: weight, padding: 1)(x))
  }

  @Test(.enabled(if: Precision.bf16.isSupported)) func bf16RoundsTheSameNumbers() throws {
    let weight = Self.halves([130, 71], seed: 1)
    let x = randomTensor([1, 40, 71], seed: 2)
    let layer = try Linear(weight: Self.source(weight), precision: .bf16)
    #expect(layer(x) == Linear(weight: weight, precision: .bf16)(x))
  }
}
