import Safetensors
import Tensors

/// Image to latent moments, as diffusers' Encoder.
struct VAEEncoder: Sendable {
  /// The way down: a convolution, residual blocks, and between levels what halves the size.
  private let layers: [any StripedLayer]
  private let midBlock: VAEMidBlock
  private let output: VAEOutput

  init(_ weights: WeightScope, _ config: AutoencoderKLConfig) throws {
    let levels = config.levelChannels
    let innermost = levels[levels.count - 1]
    let first = SameSizeConvolution(
      conv: try weights.conv("conv_in", inputs: config.imageChannels, outputs: levels[0]))
    layers = try levels.indices.reduce(into: [first]) { layers, level in
      let scope = weights.scope("down_blocks", level)
      for layer in 0..<config.layersPerBlock {
        layers.append(
          try ResnetBlock2D(
            scope.scope("resnets", layer), inputs: layer == 0 ? levels[max(level - 1, 0)] : levels[level],
            outputs: levels[level], timeChannels: nil, groups: config.normGroups, eps: vaeNormEps))
      }
      guard level < levels.count - 1 else { return }
      layers.append(
        try Downsample2D(scope.scope("downsamplers.0"), channels: levels[level], padding: .bottomRight))
    }
    midBlock = try VAEMidBlock(weights.scope("mid_block"), config, channels: innermost)
    output = VAEOutput(
      norm: try weights.groupNorm(
        "conv_norm_out", channels: innermost, groups: config.normGroups, eps: vaeNormEps),
      conv: try weights.conv("conv_out", inputs: innermost, outputs: 2 * config.latentChannels))
  }

  /// [n, h, w, 3] -> [n, h / factor, w / factor, 2 * latent channels].
  func callAsFunction(_ image: Tensor) -> Tensor {
    output(midBlock(layers.reduce(image) { $1($0) }))
  }

  /// The same, large levels in strips.
  func inStrips(_ image: Tensor, _ size: StripSize) throws -> Tensor {
    defer { TensorMemory.giveBack() }
    let moments = try (0..<image.shape[0]).map { index in
      output(midBlock(try size.run(layers, on: image.sample(index)).tensor))
    }
    return Tensor(concatenating: moments)
  }
}
