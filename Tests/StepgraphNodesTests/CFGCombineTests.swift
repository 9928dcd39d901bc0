import DiffusionModels
import GraphEngine
import Tensors
import Testing

import StepgraphNodes

struct CFGCombineTests {
  private let uncond = NoisePrediction(Tensor(shape: [1, 1, 1, 3], values: [0, 1, 2]), kind: .epsilon)
  private let positive = NoisePrediction(Tensor(shape: [1, 1, 1, 3], values: [1, 1, 5]), kind: .epsilon)
  private let negative = NoisePrediction(Tensor(shape: [1, 1, 1, 3], values: [3, 0, 1]), kind: .epsilon)

  private func combine(
    _ inputs: [String: [any WireValue]], scale: Double = 2, rescale: Double = 0
  ) throws -> NoisePrediction {
    let node = CFGCombine()
    var io = NodeIO(parameters: NodeParameters(["scale": .float(scale), "rescale": .float(rescale)]), inputs: inputs)
    try node.run(&io)
    return try #require(io.outputs["noise"] as? NoisePrediction)
  }

  @Test func twoBranchesSteerAwayFromUncond() throws {
    let guided = try combine(["uncond": [uncond], "positive": [positive]])
    #expect(guided.tensor.values == [2, 1, 8])
    #expect(guided.kind == .epsilon)
  }

  @Test func threeBranchesSteerAwayFromTheNegative() throws {
    let guided = try combine(["uncond": [uncond], "positive": [positive], "negative": [negative]])
    #expect(guided.tensor.values == [-4, 3, 10])
  }

  /// Against `rescale_noise_cfg` of diffusers: 0.7 of the way to the positive prediction's standard deviation.
  @Test func rescaleRestoresTheContrast() throws {
    let guided = try combine(["uncond": [uncond], "positive": [positive]], rescale: 0.7).tensor.values
    let (ours, theirs) = (standardDeviation([2, 1, 8]), standardDeviation([1, 1, 5]))
    for (value, plain) in zip(guided, [2.0, 1, 8]) {
      #expect(abs(Double(value) - (0.7 * plain * theirs / ours + 0.3 * plain)) < 1e-5)
    }
  }

  @Test func mixedKindsAndShapesAreRefused() {
    let velocity = NoisePrediction(uncond.tensor, kind: .v)
    #expect(throws: NodeFailure.self) { try combine(["uncond": [velocity], "positive": [positive]]) }
    let wide = NoisePrediction(.zeros([1, 1, 1, 4]), kind: .epsilon)
    #expect(throws: NodeFailure.self) { try combine(["uncond": [wide], "positive": [positive]]) }
  }

  private func standardDeviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }
}
