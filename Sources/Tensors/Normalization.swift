/// Normalises groups of channels over a whole sample, as torch.nn.GroupNorm, on channels-last tensors.
package struct GroupNorm: Sendable {
  package let groups: Int
  package let eps: Float
  private let weight: Tensor  // [c]
  private let bias: Tensor  // [c]

  package init(groups: Int, eps: Float, weight: Tensor, bias: Tensor) {
    precondition(weight.shape.count == 1 && weight.shape == bias.shape && weight.count % groups == 0)
    (self.groups, self.eps, self.weight, self.bias) = (groups, eps, weight, bias)
  }

  /// [n, ..., c] -> [n, ..., c], followed by SiLU if asked.
  package func callAsFunction(_ x: Tensor, silu: Bool = false) -> Tensor {
    let channels = weight.count
    precondition(x.shape.last == channels, "\(x.shape) into a normalisation of \(channels) channels")
    let pixels = x.count / channels / max(x.shape[0], 1)
    let width = channels / groups
    let (source, weight, bias) = (x.values, weight.values, bias.values)
    let result = Tensor(shape: x.shape) { y in
      for sample in 0..<x.shape[0] {
        let base = sample * pixels * channels
        for group in 0..<groups {
          var (sum, squares) = (0.0, 0.0)
          for pixel in 0..<pixels {
            for c in 0..<width {
              let value = Double(source[base + pixel * channels + group * width + c])
              sum += value
              squares += value * value
            }
          }
          let mean = sum / Double(pixels * width)
          let variance = max(squares / Double(pixels * width) - mean * mean, 0)
          let factor = 1 / (variance + Double(eps)).squareRoot()
          for pixel in 0..<pixels {
            for c in group * width..<(group + 1) * width {
              let i = base + pixel * channels + c
              y[i] = Float((Double(source[i]) - mean) * factor) * weight[c] + bias[c]
            }
          }
        }
      }
    }
    return silu ? result.silu() : result
  }
}

/// Normalises the channels of each token or pixel, as torch.nn.LayerNorm.
package struct LayerNorm: Sendable {
  package let eps: Float
  private let weight: Tensor  // [c]
  private let bias: Tensor  // [c]

  package init(eps: Float = 1e-5, weight: Tensor, bias: Tensor) {
    precondition(weight.shape.count == 1 && weight.shape == bias.shape)
    (self.eps, self.weight, self.bias) = (eps, weight, bias)
  }

  /// Normalises the last axis: [n, ..., c] -> [n, ..., c].
  package func callAsFunction(_ x: Tensor) -> Tensor {
    let channels = weight.count
    precondition(x.shape.last == channels, "\(x.shape) into a normalisation of \(channels) channels")
    let rows = x.count / channels
    return GroupNorm(groups: 1, eps: eps, weight: weight, bias: bias)(x.reshaped([rows, channels])).reshaped(x.shape)
  }
}
