import Tensors
import Weights

/// A copy of a UNet's way down that sees a picture, and adds to the way up (Zhang, Rao and Agrawala 2023), as diffusers'
/// ControlNetModel.
package struct ControlNetModel: Sendable {
  package let config: ControlNetConfig
  private let convIn: Conv2d
  private let seenIn: Conv2d
  private let seen: [Conv2d]
  private let seenOut: Conv2d
  private let downBlocks: [UNetDownBlock]
  private let midBlock: UNetMidBlock
  private let conditioner: UNetConditioner
  /// One for each place on the way down, and one for the middle.
  private let outputs: [Linear]
  private let middleOutput: Linear

  init(_ weights: WeightScope, _ config: ControlNetConfig) throws {
    self.config = config
    let (unet, widths) = (config.unet, config.embeddingChannels)
    let channels = unet.levels[0].channels
    convIn = try weights.conv("conv_in", inputs: unet.inputChannels, outputs: channels)
    let scope = weights.scope("controlnet_cond_embedding")
    seenIn = try scope.conv("conv_in", inputs: 3, outputs: widths[0])
    // Two of each width: one that keeps the size, and one that halves it for the next.
    seen = try (0..<widths.count - 1).flatMap { index in
      [
        try scope.conv("blocks.\(2 * index)", inputs: widths[index], outputs: widths[index]),
        try scope.conv("blocks.\(2 * index + 1)", inputs: widths[index], outputs: widths[index + 1], stride: 2),
      ]
    }
    seenOut = try scope.conv("conv_out", inputs: widths[widths.count - 1], outputs: channels)
    downBlocks = try unet.levels.indices.map { try UNetDownBlock(weights.scope("down_blocks", $0), unet, level: $0) }
    midBlock = try UNetMidBlock(weights.scope("mid_block"), unet)
    conditioner = try UNetConditioner(
      weights, unet, resnets: downBlocks.flatMap(\.resnets) + midBlock.resnets,
      attentions: downBlocks.flatMap(\.attentions) + [midBlock.attention])
    let shapes = ControlResiduals.Shapes(unet, latent: [1, unet.inputChannels, 64, 64])
    outputs = try shapes.skips.enumerated().map { index, shape in
      try weights.pointwise("controlnet_down_blocks.\(index)", inputs: shape[0], outputs: shape[0])
    }
    middleOutput = try weights.pointwise(
      "controlnet_mid_block", inputs: shapes.middle[0], outputs: shapes.middle[0])
  }

  /// What is added for a latent [n, c, h, w] under a conditioning, with a picture [1 or n, 3, 8 h, 8 w] in 0...1.
  ///
  /// Throws `ModelError` for what does not fit.
  package func callAsFunction(
    latent: Tensor, timestep: Double, conditioning: UNetConditioning, image: Tensor
  ) throws -> ControlResiduals {
    let (shape, factor) = (latent.shape, config.pixelsPerLatent)
    guard shape.count == 4, shape[1] == config.unet.inputChannels, latent.count > 0 else {
      throw ModelError("the latent is \(shape); the ControlNet takes [n, \(config.unet.inputChannels), h, w]")
    }
    guard image.shape.count == 4, image.shape[1] == 3, [1, shape[0]].contains(image.shape[0]),
      image.shape[2] == shape[2] * factor, image.shape[3] == shape[3] * factor
    else {
      throw ModelError(
        "the picture is \(image.shape); for this latent the ControlNet takes "
          + "[\(shape[0] == 1 ? "1" : "1 or \(shape[0])"), 3, \(shape[2] * factor), \(shape[3] * factor)]")
    }
    try conditioner.check(conditioning, samples: shape[0])
    var pass = conditioner.pass(
      timestep: timestep, guidance: nil, conditionings: [conditioning], samples: shape[0])
    var picture = seenIn(image.channelsLast()).activated(by: .silu)
    for conv in seen { picture = conv(picture).activated(by: .silu) }
    var x = convIn(latent.channelsLast()) + seenOut(picture).repeated(toSamples: shape[0])
    pass.skips.append(x)
    for block in downBlocks { x = block(x, &pass) }
    x = midBlock(x, &pass)
    return ControlResiduals(
      skips: zip(pass.skips, outputs).map { $1.ofPixels($0).channelsFirst() },
      middle: middleOutput.ofPixels(x).channelsFirst())
  }
}

extension Linear {
  /// As a 1x1 convolution: [n, h, w, in] -> [n, h, w, out].
  fileprivate func ofPixels(_ x: Tensor) -> Tensor {
    self(x.reshaped([x.shape[0], x.shape[1] * x.shape[2], x.shape[3]])).reshaped(Array(x.shape.dropLast()) + [outputs])
  }
}
