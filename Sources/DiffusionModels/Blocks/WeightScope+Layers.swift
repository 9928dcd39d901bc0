import Safetensors
import Tensors

// Layers by the names PyTorch's modules give their weights.
extension WeightScope {
  func linear(_ name: String, inputs: Int, outputs: Int, bias: Bool = true) throws -> Linear {
    let scope = scope(name)
    return try Linear(
      weight: scope.source("weight", [outputs, inputs]), bias: bias ? scope.tensor("bias", [outputs]) : nil,
      precision: precision)
  }

  /// A 1x1 convolution, which on channels-last images is a linear layer.
  func pointwise(_ name: String, inputs: Int, outputs: Int) throws -> Linear {
    let scope = scope(name)
    return try Linear(
      weight: scope.source("weight", [outputs, inputs, 1, 1]), bias: scope.tensor("bias", [outputs]),
      precision: precision)
  }

  /// A linear layer to twice the outputs, of which the second half gates the first.
  func geglu(_ name: String, inputs: Int, outputs: Int) throws -> GEGLU {
    let scope = scope(name)
    return try GEGLU(
      weight: scope.source("weight", [2 * outputs, inputs]), bias: scope.tensor("bias", [2 * outputs]),
      precision: precision)
  }

  func conv(
    _ name: String, inputs: Int, outputs: Int, kernel: Int = 3, stride: Int = 1, padding: Conv2d.Padding = 1
  ) throws -> Conv2d {
    let scope = scope(name)
    return try Conv2d(
      weight: scope.source("weight", [outputs, inputs, kernel, kernel]), bias: scope.tensor("bias", [outputs]),
      stride: stride, padding: padding, precision: precision)
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
}
