import Tensors

/// A UNet as a denoiser: it is told sizes as numbers, and sees what is beside the latent in its channels.
package struct UNetDenoiser: Denoiser {
  private let unet: UNet2DConditionModel
  /// Pixels along one side of a latent pixel, by which the picture's size follows from the latent's.
  private let pixelsPerLatent: Int

  package init(_ unet: UNet2DConditionModel, pixelsPerLatent: Int) {
    (self.unet, self.pixelsPerLatent) = (unet, pixelsPerLatent)
  }

  package func predict(
    latent: Tensor, time: Double, conditionings: [DenoiserConditioning], extras: DenoiserExtras
  ) throws -> [Tensor] {
    try check(latent: latent, conditionings: conditionings, extras: extras)
    return try unet(
      latent: try seen(latent, extras.concat), timestep: time,
      conditionings: conditionings.map { conditioning($0, latent: latent) }, guidance: extras.guidance,
      control: extras.control)
  }

  package func check(latent: Tensor, conditionings: [DenoiserConditioning], extras: DenoiserExtras) throws {
    if extras.concat == nil, latent.shape.count == 4, latent.shape[1] == unet.config.outputChannels,
      latent.shape[1] < unet.config.inputChannels
    {
      throw DenoiserMismatch(
        .concat,
        "the UNet sees \(unet.config.inputChannels - latent.shape[1]) channels beside the latent's "
          + "\(latent.shape[1]); 'concat' was expected, which InpaintConcat or EditConcat makes")
    }
    try telling(.latent) { try unet.check(latent: try seen(latent, extras.concat)) }
    try telling(.conditioning) {
      for each in conditionings {
        try unet.check(conditioning: conditioning(each, latent: latent), samples: latent.shape[0])
      }
    }
    if let control = extras.control { try telling(.control) { try unet.check(control: control, latent: latent) } }
    guard extras.references.isEmpty else {
      throw DenoiserMismatch(.references, "a UNet looks at no other pictures")
    }
  }

  private func telling(_ input: DenoiserMismatch.Input, _ check: () throws -> Void) throws {
    do { try check() } catch let error as ModelError { throw DenoiserMismatch(input, error.message) }
  }

  private func conditioning(_ conditioning: DenoiserConditioning, latent: Tensor) -> UNetConditioning {
    UNetConditioning(conditioning, config: unet.config, latent: latent, pixelsPerLatent: pixelsPerLatent)
  }

  /// [n, a, h, w] and [n or 1, b, h, w] -> [n, a + b, h, w].
  private func seen(_ latent: Tensor, _ concat: Tensor?) throws -> Tensor {
    guard let concat else { return latent }
    guard latent.shape.count == 4, concat.shape.count == 4, concat.shape[2...] == latent.shape[2...],
      [1, latent.shape[0]].contains(concat.shape[0])
    else {
      throw DenoiserMismatch(
        .concat, "it is \(concat.shape), but the latent is \(latent.shape); the same height and width were expected")
    }
    return latent.joiningChannels(concat)
  }
}

extension UNetConditioning {
  /// What a UNet takes of a conditioning, the picture's size coming from the latent where that does not say it.
  package init(_ conditioning: DenoiserConditioning, config: UNetConfig, latent: Tensor, pixelsPerLatent: Int) {
    guard let added = config.addedEmbedding, let pooled = conditioning.pooled, latent.shape.count == 4 else {
      self.init(conditioning.states)
      return
    }
    let count = (added.inputs - (pooled.shape.last ?? 0)) / added.numberSize
    self.init(
      conditioning.states, pooled: pooled,
      numbers: conditioning.sizes.numbers(
        count: count, width: latent.shape[3] * pixelsPerLatent, height: latent.shape[2] * pixelsPerLatent))
  }
}
