import Safetensors
import Tensors

/// Two normalised 3x3 convolutions around a shortcut, as diffusers' ResnetBlock2D with `time_embedding_norm` "default".
struct ResnetBlock2D: Sendable {
  let norm1: GroupNorm
  let conv1: Conv2d
  private let timeProjection: Linear?
  let norm2: GroupNorm
  let conv2: Conv2d
  let shortcut: Linear?

  /// `timeChannels` is nil where the block sees no time step, in the VAE.
  init(
    _ weights: WeightScope, inputs: Int, outputs: Int, timeChannels: Int?, groups: Int, eps: Double
  ) throws {
    norm1 = try weights.groupNorm("norm1", channels: inputs, groups: groups, eps: eps)
    conv1 = try weights.conv("conv1", inputs: inputs, outputs: outputs)
    timeProjection = try timeChannels.map { try weights.linear("time_emb_proj", inputs: $0, outputs: outputs) }
    norm2 = try weights.groupNorm("norm2", channels: outputs, groups: groups, eps: eps)
    conv2 = try weights.conv("conv2", inputs: outputs, outputs: outputs)
    shortcut = inputs == outputs ? nil : try weights.pointwise("conv_shortcut", inputs: inputs, outputs: outputs)
  }

  /// What a time step adds to every pixel, given its embedding [n, timeChannels] after the SiLU: [n, outputs].
  ///
  /// Nil where the block sees no time step.
  func timeBias(_ time: Tensor) -> Tensor? { timeProjection?(time) }

  /// [n, h, w, inputs] -> [n, h, w, outputs]; `timeBias` is [n, outputs].
  func callAsFunction(_ x: Tensor, timeBias: Tensor?) -> Tensor {
    let hidden = conv1(norm1.rows(of: x, silu: true), channelBias: timeBias)  // [n, h, w, outputs]
    let residual = shortcut?(x) ?? x  // [n, h, w, outputs]
    return conv2(norm2.rows(of: hidden, silu: true), residual: residual)
  }
}
