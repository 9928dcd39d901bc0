import Safetensors
import Tensors

/// Attention among pixels and from pixels to the text, as diffusers' Transformer2DModel on continuous input.
struct Transformer2DModel: Sendable {
  private let norm: GroupNorm
  private let projectIn: Linear
  private let blocks: [BasicTransformerBlock]
  private let projectOut: Linear

  init(_ weights: WeightScope, _ config: UNetConfig, _ level: UNetConfig.Level) throws {
    let channels = level.channels
    norm = try weights.groupNorm("norm", channels: channels, groups: config.normGroups, eps: 1e-6)
    func projection(_ name: String) throws -> Linear {
      config.usesLinearProjection
        ? try weights.linear(name, inputs: channels, outputs: channels)
        : try weights.pointwise(name, inputs: channels, outputs: channels)
    }
    projectIn = try projection("proj_in")
    blocks = try (0..<level.transformerLayerCount).map {
      try BasicTransformerBlock(weights.scope("transformer_blocks", $0), level)
    }
    projectOut = try projection("proj_out")
  }

  /// The layers that look at the text, in the order they do.
  var crossAttentions: [MultiHeadAttention] { blocks.map(\.crossAttention) }

  /// [n, h, w, c] -> [m, h, w, c], m being the number of samples that `pass` has contexts for.
  func callAsFunction(_ x: Tensor, _ pass: inout UNetPass) -> Tensor {
    let shape = x.shape
    var tokens = projectIn(norm(x).reshaped([shape[0], shape[1] * shape[2], shape[3]]))  // [n, h * w, c]
    for block in blocks { tokens = block(tokens, context: pass.nextContext()) }  // [m, h * w, c]
    let residual = x.repeated(toSamples: tokens.shape[0])
    return projectOut(tokens.reshaped(residual.shape), residual: residual)  // [m, h, w, c]
  }
}

/// Self-attention, cross-attention and a gated feed-forward layer, as diffusers' BasicTransformerBlock.
private struct BasicTransformerBlock: Sendable {
  let norm1, norm2, norm3: LayerNorm
  let selfAttention, crossAttention: MultiHeadAttention
  let feedForwardIn: GatedLinear
  let feedForwardOut: Linear

  init(_ weights: WeightScope, _ level: UNetConfig.Level) throws {
    let channels = level.channels
    norm1 = try weights.layerNorm("norm1", channels: channels)
    selfAttention = try MultiHeadAttention(
      weights.scope("attn1"), channels: channels, contextSize: channels, headCount: level.headCount)
    norm2 = try weights.layerNorm("norm2", channels: channels)
    crossAttention = try MultiHeadAttention(
      weights.scope("attn2"), channels: channels, contextSize: level.crossAttentionSize, headCount: level.headCount)
    norm3 = try weights.layerNorm("norm3", channels: channels)
    feedForwardIn = try weights.geglu("ff.net.0.proj", inputs: channels, outputs: 4 * channels)
    feedForwardOut = try weights.linear("ff.net.2", inputs: 4 * channels, outputs: channels)
  }

  /// [n, t, c] -> [m, t, c], with a context of m samples.
  func callAsFunction(_ x: Tensor, context: MultiHeadAttention.Context) -> Tensor {
    var x = selfAttention(norm1(x), residual: x).repeated(toSamples: context.key.shape[0])
    x = crossAttention(norm2(x), context: context, residual: x)
    return feedForwardOut(feedForwardIn(norm3(x)), residual: x)
  }
}
