import Safetensors
import Tensors

// Layers by the names PyTorch's modules give their weights.
extension WeightScope {
  func linear(_ name: String, inputs: Int, outputs: Int, bias: Bool = true) throws -> Linear {
    let scope = scope(name)
    let weight = try scope.source("weight", [outputs, inputs], or: [outputs, inputs, 1, 1])
    let bias = bias ? try scope.tensor("bias", [outputs]) : nil
    return try isSurvey ? Linear(weight: .zeros([1, 1])) : Linear(weight: weight, bias: bias, precision: precision)
  }

  /// Layers for one input whose weights are the rows of one tensor, without biases.
  func linears(_ name: String, inputs: Int, outputs: [Int]) throws -> [Linear] {
    let weight = try scope(name).source("weight", [outputs.reduce(0, +), inputs])
    var first = 0
    return try outputs.map { count in
      defer { first += count }
      return try isSurvey
        ? Linear(weight: .zeros([1, 1])) : Linear(weight: weight.rows(first..<first + count), precision: precision)
    }
  }

  /// A 1x1 convolution, which on channels-last images is a linear layer; layouts have the one for the other.
  func pointwise(_ name: String, inputs: Int, outputs: Int) throws -> Linear {
    let scope = scope(name)
    let weight = try scope.source("weight", [outputs, inputs, 1, 1], or: [outputs, inputs])
    let bias = try scope.tensor("bias", [outputs])
    return try isSurvey ? Linear(weight: .zeros([1, 1])) : Linear(weight: weight, bias: bias, precision: precision)
  }

  /// A linear layer to twice the outputs, of which the second half gates the first.
  func geglu(_ name: String, inputs: Int, outputs: Int) throws -> GatedLinear {
    let scope = scope(name)
    let weight = try scope.source("weight", [2 * outputs, inputs])
    let bias = try scope.tensor("bias", [2 * outputs])
    return try isSurvey
      ? GatedLinear(weight: WeightSource(.zeros([2, 1])), bias: .zeros([2]), precision: precision)
      : GatedLinear(weight: weight, bias: bias, precision: precision)
  }

  func conv(
    _ name: String, inputs: Int, outputs: Int, kernel: Int = 3, stride: Int = 1, padding: Conv2d.Padding = 1,
    hasBias: Bool = true
  ) throws -> Conv2d {
    let scope = scope(name)
    let weight = try scope.source("weight", [outputs, inputs, kernel, kernel])
    let bias = hasBias ? try scope.tensor("bias", [outputs]) : nil
    return try isSurvey
      ? Conv2d(
        weight: WeightSource(.zeros([1, 1, 1, 1])), bias: .zeros([1]), stride: 1, padding: 0, precision: precision)
      : Conv2d(weight: weight, bias: bias, stride: stride, padding: padding, precision: precision)
  }

  func groupNorm(_ name: String, channels: Int, groups: Int, eps: Double) throws -> GroupNorm {
    let scope = scope(name)
    return try GroupNorm(
      groups: groups, eps: Float(eps), weight: scope.tensor("weight", [channels]),
      bias: scope.tensor("bias", [channels]))
  }

  func layerNorm(_ name: String, channels: Int, eps: Double = 1e-5) throws -> LayerNorm {
    let scope = scope(name)
    return try LayerNorm(
      eps: Float(eps), weight: scope.tensor("weight", [channels]), bias: scope.tensor("bias", [channels]))
  }

  func rmsNorm(_ name: String, channels: Int, eps: Double) throws -> RMSNorm {
    RMSNorm(eps: Float(eps), weight: try scope(name).tensor("weight", [channels]))
  }
}
