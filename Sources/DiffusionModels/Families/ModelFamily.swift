/// The families of models that are known here, told apart by the denoiser's names and sizes.
package enum ModelFamily: String, Sendable, CaseIterable {
  case sd1 = "Stable Diffusion 1.x"
  case sd2 = "Stable Diffusion 2.x"
  case sdxl = "SDXL"
  case sdxlRefiner = "SDXL refiner"
  case flux = "FLUX.1"
  case flux2 = "FLUX.2"
  case zImage = "Z-Image"

  /// The family that a UNet is of.
  ///
  /// An embedding of sizes and a pooled text are SDXL's. The refiner has one text encoder, whose pooled vector is as wide as
  /// its states, and five numbers beside it where the base model has six. Linear projections before the attentions came
  /// with Stable Diffusion 2.
  package init(_ config: UNetConfig) {
    if let added = config.addedEmbedding {
      self = added.inputs - config.conditioningSize == 5 * added.numberSize ? .sdxlRefiner : .sdxl
    } else {
      self = config.usesLinearProjection ? .sd2 : .sd1
    }
  }
}

extension UNetConfig {
  /// What sets the UNet apart within its family; nil for one that makes pictures from text alone.
  package var variant: String? {
    if inputChannels == 2 * outputChannels + 1 { return "inpainting" }
    if inputChannels == 2 * outputChannels { return "instruct-pix2pix" }
    return guidanceEmbeddingSize == nil ? nil : "latent consistency"
  }
}
