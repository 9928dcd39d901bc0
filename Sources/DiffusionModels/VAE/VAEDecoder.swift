import Safetensors
import Tensors

/// Latent to image, as diffusers' Decoder.
struct VAEDecoder: Sendable {
  private struct UpBlock: Sendable {
    let resnets: [ResnetBlock2D]
    let upsampler: Upsample2D?
  }

  private let convIn: Conv2d
  private let midBlock: VAEMidBlock
  private let upBlocks: [UpBlock]
  private let normOut: GroupNorm
  private let convOut: Conv2d

  init(_ weights: WeightScope, _ config: AutoencoderKLConfig) throws {
    let levels = Array(config.decoderChannels.reversed())  // innermost first
    let outermost = levels[levels.count - 1]
    convIn = try weights.conv("conv_in", inputs: config.latentChannels, outputs: levels[0])
    midBlock = try VAEMidBlock(weights.scope("mid_block"), config, channels: levels[0])
    upBlocks = try levels.indices.map { level in
      let scope = weights.scope("up_blocks", level)
      let resnets = try (0...config.layersPerBlock).map { layer in
        try ResnetBlock2D(
          scope.scope("resnets", layer), inputs: layer == 0 ? levels[max(level - 1, 0)] : levels[level],
          outputs: levels[level], timeChannels: nil, groups: config.normGroups, eps: vaeNormEps)
      }
      let isLast = level == levels.count - 1
      return UpBlock(
        resnets: resnets, upsampler: isLast ? nil : try Upsample2D(scope.scope("upsamplers.0"), channels: levels[level])
      )
    }
    normOut = try weights.groupNorm("conv_norm_out", channels: outermost, groups: config.normGroups, eps: vaeNormEps)
    convOut = try weights.conv("conv_out", inputs: outermost, outputs: config.outputChannels)
  }

  /// [n, h, w, latent channels] -> [n, h * factor, w * factor, 3].
  func callAsFunction(_ latent: Tensor) -> Tensor {
    var x = midBlock(convIn(latent))
    for block in upBlocks {
      for resnet in block.resnets { x = resnet(x) }
      if let upsampler = block.upsampler { x = upsampler(x, height: 2 * x.shape[1], width: 2 * x.shape[2]) }
    }
    return convOut(normOut.rows(of: x, silu: true))
  }
}
