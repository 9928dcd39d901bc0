import Safetensors
import Tensors

/// Latent to image, as diffusers' Decoder.
struct VAEDecoder: Sendable {
  private let convIn: Conv2d
  private let midBlock: VAEMidBlock
  /// The way up: residual blocks, and between levels what doubles the size.
  private let layers: [any StripedLayer]
  private let output: VAEOutput

  init(_ weights: WeightScope, _ config: AutoencoderKLConfig) throws {
    let levels = Array(config.decoderChannels.reversed())  // innermost first
    let outermost = levels[levels.count - 1]
    convIn = try weights.conv("conv_in", inputs: config.latentChannels, outputs: levels[0])
    midBlock = try VAEMidBlock(weights.scope("mid_block"), config, channels: levels[0])
    layers = try levels.indices.flatMap { level in
      let scope = weights.scope("up_blocks", level)
      let resnets: [any StripedLayer] = try (0...config.layersPerBlock).map { layer in
        try ResnetBlock2D(
          scope.scope("resnets", layer), inputs: layer == 0 ? levels[max(level - 1, 0)] : levels[level],
          outputs: levels[level], timeChannels: nil, groups: config.normGroups, eps: vaeNormEps)
      }
      let isLast = level == levels.count - 1
      return isLast ? resnets : resnets + [try Upsample2D(scope.scope("upsamplers.0"), channels: levels[level])]
    }
    output = VAEOutput(
      norm: try weights.groupNorm("conv_norm_out", channels: outermost, groups: config.normGroups, eps: vaeNormEps),
      conv: try weights.conv("conv_out", inputs: outermost, outputs: config.outputChannels))
  }

  /// [n, h, w, latent channels] -> [n, h * factor, w * factor, 3].
  func callAsFunction(_ latent: Tensor) -> Tensor {
    output(layers.reduce(midBlock(convIn(latent))) { $1($0) })
  }

  /// The same, large levels in strips.
  func inStrips(_ latent: Tensor, _ size: StripSize) throws -> Tensor {
    defer { TensorMemory.giveBack() }
    let pictures = try (0..<latent.shape[0]).map { index in
      let inner = midBlock(convIn(latent.sample(index)))
      return try output.inStrips(size.run(layers, on: inner), size)
    }
    return Tensor(concatenating: pictures)
  }
}
