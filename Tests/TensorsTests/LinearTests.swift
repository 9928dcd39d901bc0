import Testing

import Tensors

@Suite struct LinearTests {
  @Test(arguments: [
    (samples: 1, rows: 1, inputs: 1, outputs: 1), (2, 1, 320, 1280), (1, 77, 33, 65), (2, 300, 40, 17),
    (1, 64, 1280, 320), (3, 5, 7, 130), (1, 1030, 16, 264),
  ])
  func productAgreesWithOracle(samples: Int, rows: Int, inputs: Int, outputs: Int) {
    let x = randomTensor([samples, rows, inputs], seed: 1)
    let weight = randomTensor([outputs, inputs], seed: 2)
    let bias = randomTensor([outputs], seed: 3)
    let residual = randomTensor([samples, rows, outputs], seed: 4)
    let expected = Oracle.linear(x, weight: weight, bias: bias)
    #expect(relativeError(Linear(weight: weight, bias: bias)(x), expected) < 1e-6)
    #expect(relativeError(Linear(weight: weight)(x), Oracle.linear(x, weight: weight, bias: nil)) < 1e-6)
    let sum = Swift.zip(expected, residual.values).map { $0 + Double($1) }
    #expect(relativeError(Linear(weight: weight, bias: bias)(x, residual: residual), sum) < 1e-6)
    let onlyResidual = Swift.zip(Oracle.linear(x, weight: weight, bias: nil), residual.values).map { $0 + Double($1) }
    #expect(relativeError(Linear(weight: weight)(x, residual: residual), onlyResidual) < 1e-6)
  }

  @Test func leadingAxesAreKept() {
    let layer = Linear(weight: randomTensor([5, 3, 1, 1], seed: 1))
    #expect(layer(randomTensor([2, 3], seed: 2)).shape == [2, 5])
    #expect(layer(randomTensor([2, 4, 6, 3], seed: 2)).shape == [2, 4, 6, 5])
    #expect(layer(Tensor.zeros([0, 4, 3])).shape == [0, 4, 5])
  }

  @Test func layersTogetherGiveWhatEachGivesAlone() {
    let layers = (0..<3).map { index in
      Linear(weight: randomTensor([70, 33], seed: 10 + index), bias: randomTensor([70], seed: index))
    }
    let x = randomTensor([2, 77, 33], seed: 1)
    #expect(Linear.outputs(of: layers, for: x) == layers.map { $0(x) })
    #expect(Linear.outputs(of: layers, for: Tensor.zeros([0, 4, 33])).allSatisfy { $0.shape == [0, 4, 70] })
  }

  @Test(arguments: Activation.allCases)
  func anActivationInALayerIsTheOneAfterIt(activation: Activation) {
    let layer = Linear(weight: randomTensor([130, 33], seed: 1), bias: randomTensor([130], seed: 2))
    let x = randomTensor([2, 77, 33], seed: 3)
    #expect(layer(x, activation: activation) == layer(x).activated(by: activation))
  }

  @Test(arguments: [(rows: 300, inputs: 24, width: 20), (5, 7, 33), (64, 40, 512)])
  func gatedLayersAgreeWithOracle(rows: Int, inputs: Int, width: Int) {
    let x = randomTensor([2, rows, inputs], seed: 1)
    let weight = randomTensor([2 * width, inputs], seed: 2)
    let bias = randomTensor([2 * width], seed: 3)
    let both = Oracle.linear(x, weight: weight, bias: bias)
    func expected(gate: Int, _ function: (Double) -> Double) -> [Double] {
      (0..<2 * rows).flatMap { row in
        (0..<width).map {
          both[(2 * row + 1 - gate) * width + $0] * function(both[(2 * row + gate) * width + $0])
        }
      }
    }
    let geglu = GatedLinear(weight: weight, bias: bias)
    #expect(relativeError(geglu(x), expected(gate: 1, Oracle.gelu)) < 1e-6)
    let swiglu = GatedLinear(weight: weight, bias: bias, gateFirst: true, activation: .silu)
    #expect(relativeError(swiglu(x), expected(gate: 0, Oracle.silu)) < 1e-6)
    let approximate = GatedLinear(weight: weight, bias: bias, activation: .geluTanh)
    #expect(relativeError(approximate(x), expected(gate: 1, Oracle.geluTanh)) < 1e-6)
  }
}
