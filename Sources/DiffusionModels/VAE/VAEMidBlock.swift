import Safetensors
import Tensors

/// The eps of every normalisation in the autoencoder.
let vaeNormEps = 1e-6

/// The innermost level of encoder and decoder, as diffusers' UNetMidBlock2D.
struct VAEMidBlock: Sendable {
  private let resnet0: ResnetBlock2D
  private let attention: VAEAttention?
  private let resnet1: ResnetBlock2D

  init(_ weights: WeightScope, _ config: AutoencoderKLConfig, channels: Int) throws {
    func resnet(_ index: Int) throws -> ResnetBlock2D {
      try ResnetBlock2D(
        weights.scope("resnets", index), inputs: channels, outputs: channels, timeChannels: nil,
        groups: config.normGroups, eps: vaeNormEps)
    }
    resnet0 = try resnet(0)
    attention =
      config.hasMidAttention
      ? try VAEAttention(weights.scope("attentions.0"), channels: channels, groups: config.normGroups) : nil
    resnet1 = try resnet(1)
  }

  /// [n, h, w, c] -> [n, h, w, c].
  func callAsFunction(_ x: Tensor) -> Tensor {
    let x = resnet0(x)
    return resnet1(attention?(x) ?? x)
  }
}

/// Attention among all pixels with one head, as diffusers' Attention with a group norm and a residual.
private struct VAEAttention: Sendable {
  let norm: GroupNorm
  let attention: MultiHeadAttention

  init(_ weights: WeightScope, channels: Int, groups: Int) throws {
    norm = try weights.groupNorm("group_norm", channels: channels, groups: groups, eps: vaeNormEps)
    attention = try MultiHeadAttention(weights, channels: channels, contextSize: channels, headCount: 1, bias: true)
  }

  /// [n, h, w, c] -> [n, h, w, c].
  func callAsFunction(_ x: Tensor) -> Tensor {
    let shape = x.shape
    let tokens = [shape[0], shape[1] * shape[2], shape[3]]
    return attention(norm(x).reshaped(tokens), residual: x.reshaped(tokens)).reshaped(shape)
  }
}
