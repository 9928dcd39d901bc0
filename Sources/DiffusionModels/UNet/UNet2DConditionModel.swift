import Safetensors
import Tensors

/// The denoiser of Stable Diffusion, as diffusers' UNet2DConditionModel.
package struct UNet2DConditionModel: Sendable {
  package let config: UNetConfig
  private let convIn: Conv2d
  private let downBlocks: [UNetDownBlock]
  private let midBlock: UNetMidBlock
  private let upBlocks: [UNetUpBlock]
  private let normOut: GroupNorm
  private let convOut: Conv2d
  private let conditioner: UNetConditioner

  init(_ weights: WeightScope, _ config: UNetConfig) throws {
    self.config = config
    let channels = config.levels[0].channels
    convIn = try weights.conv(
      "conv_in", inputs: config.inputChannels, outputs: channels, kernel: config.inputKernel,
      padding: .init(config.inputKernel / 2))
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
    conditioner = try UNetConditioner(
      weights, config, resnets: downBlocks.flatMap(\.resnets) + midBlock.resnets + upBlocks.flatMap(\.resnets),
      attentions: downBlocks.flatMap(\.attentions) + [midBlock.attention] + upBlocks.flatMap(\.attentions))
  }

  /// The model's prediction, epsilon or v: latent [n, c, h, w] and states [n or 1, t, d] -> [n, c', h, w].
  ///
  /// The time step counts training steps and may be fractional. Throws `ModelError` for shapes the model does not take.
  package func callAsFunction(latent: Tensor, timestep: Double, conditioning: Tensor) throws -> Tensor {
    try self(latent: latent, timestep: timestep, conditionings: [UNetConditioning(conditioning)])[0]
  }

  /// The predictions for one latent under several conditionings of one shape, in one pass; each is the same alone.
  ///
  /// `guidance` is the guidance scale that a distilled model is told; others pass over it. `control` is what ControlNets and
  /// adapters add, of one sample or as many as the latent has.
  package func callAsFunction(
    latent: Tensor, timestep: Double, conditionings: [UNetConditioning], guidance: Double? = nil,
    control: ControlResiduals? = nil
  ) throws -> [Tensor] {
    try check(latent: latent)
    let samples = latent.shape[0]
    for conditioning in conditionings { try check(conditioning: conditioning, samples: samples) }
    try control.map { try check(control: $0, latent: latent) }
    let all = conditionings.count * samples
    var pass = conditioner.pass(
      timestep: timestep, guidance: guidance, conditionings: conditionings, samples: samples)

    let input = config.centersInput ? latent.mappedToSymmetricRange() : latent
    var x = convIn(input.channelsLast())  // [n, h, w, c]
    if config.addedEmbedding != nil { x = x.repeated(toSamples: all) }
    pass.skips.append(x)
    for (index, block) in downBlocks.enumerated() { x = block(x, &pass, adding: control?.inside(index)) }
    if let control { pass.add(control.skips) }
    x = midBlock(x, &pass)  // [m, h, w, c]
    if let middle = control?.middle { x = x.adding(channelsFirst: middle) }
    if let last = control?.inside(downBlocks.count), last.channelsLast().shape.dropFirst() == x.shape.dropFirst() {
      x = x.adding(channelsFirst: last)
    }
    for block in upBlocks { x = block(x, &pass) }
    let predictions = convOut(normOut.rows(of: x, silu: true)).channelsFirst()  // [m, c', h, w]
    return conditionings.indices.map { predictions.samples($0 * samples..<($0 + 1) * samples) }
  }

  /// Throws `ModelError` for a latent that the model does not take.
  package func check(latent: Tensor) throws {
    let channels = config.inputChannels
    guard latent.shape.count == 4, latent.shape[1] == channels, latent.count > 0 else {
      throw ModelError("the latent is \(latent.shape); the UNet takes [n, \(channels), h, w]")
    }
  }

  /// Throws `ModelError` for a conditioning that the model does not take for so many latents.
  package func check(conditioning: UNetConditioning, samples: Int) throws {
    try conditioner.check(conditioning, samples: samples)
  }

  /// Throws `ModelError` for what was made for another UNet, or for latents of another size.
  package func check(control: ControlResiduals, latent: Tensor) throws {
    try control.check(against: ControlResiduals.Shapes(config, latent: latent.shape))
  }
}

/// What a UNet looks at beside the latent and the time step.
package struct UNetConditioning: Sendable, Equatable {
  /// The text's hidden states [n or 1, t, d].
  package var states: Tensor
  /// A vector for the whole text, [n or 1, p], of models that take one.
  package var pooled: Tensor?
  /// What is embedded beside the pooled vector: sizes in SDXL.
  package var numbers: [Float]

  package init(_ states: Tensor, pooled: Tensor? = nil, numbers: [Float] = []) {
    (self.states, self.pooled, self.numbers) = (states, pooled, numbers)
  }
}

extension Tensor {
  /// `2 x - 1`: from 0...1 to -1...1.
  fileprivate func mappedToSymmetricRange() -> Tensor { 2 * self - Tensor(repeating: 1, shape: shape) }
}
