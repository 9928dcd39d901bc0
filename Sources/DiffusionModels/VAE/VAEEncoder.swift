import Safetensors
import Tensors

/// Image to latent moments, as diffusers' Encoder.
struct VAEEncoder: Sendable {
  private struct DownBlock: Sendable {
    let resnets: [ResnetBlock2D]
    let downsampler: Downsample2D?
  }

  private let convIn: Conv2d
  private let downBlocks: [DownBlock]
  private let midBlock: VAEMidBlock
  private let normOut: GroupNorm
  private let convOut: Conv2d

  init(_ weights: WeightScope, _ config: AutoencoderKLConfig) throws {
    let levels = config.levelChannels
    let innermost = levels[levels.count - 1]
    convIn = try weights.conv("conv_in", inputs: config.imageChannels, outputs: levels[0])
    downBlocks = try levels.indices.map { level in
      let scope = weights.scope("down_blocks", level)
      let resnets = try (0..<config.layersPerBlock).map { layer in
        try ResnetBlock2D(
          scope.scope("resnets", layer), inputs: layer == 0 ? levels[max(level - 1, 0)] : levels[level],
          outputs: levels[level], timeChannels: nil, groups: config.normGroups, eps: vaeNormEps)
      }
      let isLast = level == levels.count - 1
      let downsampler =
        isLast
        ? nil : try Downsample2D(scope.scope("downsamplers.0"), channels: levels[level], padding: .bottomRight)
      return DownBlock(resnets: resnets, downsampler: downsampler)
    }
    midBlock = try VAEMidBlock(weights.scope("mid_block"), config, channels: innermost)
    normOut = try weights.groupNorm(
      "conv_norm_out", channels: innermost, groups: config.normGroups, eps: vaeNormEps)
    convOut = try weights.conv("conv_out", inputs: innermost, outputs: 2 * config.latentChannels)
  }

  /// [n, h, w, 3] -> [n, h / factor, w / factor, 2 * latent channels].
  func callAsFunction(_ image: Tensor) -> Tensor {
    var x = convIn(image)
    for block in downBlocks {
      for resnet in block.resnets { x = resnet(x) }
      if let downsampler = block.downsampler { x = downsampler(x) }
    }
    x = midBlock(x)
    return convOut(normOut.rows(of: x, silu: true))
  }
}
