import Safetensors
import Tensors

/// The denoiser of Stable Diffusion, as diffusers' UNet2DConditionModel.
package struct UNet2DConditionModel: Sendable {
  package let config: UNetConfig
  private let convIn: Conv2d
  private let timeEmbedding: TimestepEmbedding
  private let downBlocks: [UNetDownBlock]
  private let midBlock: UNetMidBlock
  private let upBlocks: [UNetUpBlock]
  private let normOut: GroupNorm
  private let convOut: Conv2d

  init(_ weights: WeightScope, _ config: UNetConfig) throws {
    self.config = config
    let channels = config.levels[0].channels
    convIn = try weights.conv(
      "conv_in", inputs: config.inputChannels, outputs: channels, kernel: config.inputKernel,
      padding: .init(config.inputKernel / 2))
    timeEmbedding = try TimestepEmbedding(weights, config)
    let levels = config.levels.indices
    downBlocks = try levels.map { try UNetDownBlock(weights.scope("down_blocks", $0), config, level: $0) }
    midBlock = try UNetMidBlock(weights.scope("mid_block"), config)
    upBlocks = try levels.reversed().enumerated().map { position, level in
      try UNetUpBlock(weights.scope("up_blocks", position), config, level: level)
    }
    normOut = try weights.groupNorm("conv_norm_out", channels: channels, groups: config.normGroups, eps: config.normEps)
    convOut = try weights.conv(
      "conv_out", inputs: channels, outputs: config.outputChannels, kernel: config.outputKernel,
      padding: .init(config.outputKernel / 2))
  }

  /// The model's prediction, epsilon or v: latent [n, c, h, w] and conditioning [n or 1, t, d] -> [n, c', h, w].
  ///
  /// The time step counts training steps and may be fractional. Throws `ModelError` for shapes the model does not take.
  package func callAsFunction(latent: Tensor, timestep: Double, conditioning: Tensor) throws -> Tensor {
    try check(latent: latent, conditioning: conditioning)
    let samples = latent.shape[0]
    let conditioning = conditioning.shape[0] == samples ? conditioning : conditioning.repeated(samples)
    let time = timeEmbedding(timestep).silu().repeated(samples)  // [n, size]

    let input = config.centersInput ? latent.mappedToSymmetricRange() : latent
    var x = convIn(input.channelsLast())  // [n, h, w, c]
    var skips = [x]
    for block in downBlocks { x = block(x, time: time, conditioning: conditioning, skips: &skips) }
    x = midBlock(x, time: time, conditioning: conditioning)
    for block in upBlocks { x = block(x, time: time, conditioning: conditioning, skips: &skips) }
    return convOut(normOut.rows(of: x, silu: true)).channelsFirst()  // [n, c', h, w]
  }

  private func check(latent: Tensor, conditioning: Tensor) throws {
    let channels = config.inputChannels
    guard latent.shape.count == 4, latent.shape[1] == channels, latent.count > 0 else {
      throw ModelError("the latent is \(latent.shape); the UNet takes [n, \(channels), h, w]")
    }
    let (samples, size) = (latent.shape[0], config.conditioningSize)
    guard conditioning.shape.count == 3, conditioning.shape[2] == size, conditioning.count > 0,
      [1, samples].contains(conditioning.shape[0])
    else {
      let counts = samples == 1 ? "1" : "1 or \(samples)"
      throw ModelError("the conditioning is \(conditioning.shape); the UNet takes [\(counts), t, \(size)]")
    }
  }
}

extension Tensor {
  /// `2 x - 1`: from 0...1 to -1...1.
  fileprivate func mappedToSymmetricRange() -> Tensor { 2 * self - Tensor(repeating: 1, shape: shape) }
}
