import DiffusionModels
import GraphEngine
import Tensors

/// What a model that goes by a picture sees of it beside the latent: the picture's latent.
///
/// An instruct-pix2pix UNet sees it in the VAE's own scale (Brooks, Holynski and Efros 2023, section 3.2), as diffusers'
/// StableDiffusionInstructPix2PixPipeline; FLUX.1 Canny and Depth in the model's, as FluxControlPipeline.
package struct EditConcat: ForecastingNode {
  package static let info = NodeInfo(
    type: "EditConcat", version: 1, lane: .compute,
    summary: "Makes what an instruct-pix2pix model, or FLUX.1 Canny or Depth, sees of a picture.")

  let vae = Input<VAEHandle>("vae", "The VAE.")
  let image = Input<Image>("image", "Pictures whose sides are multiples of the VAE's factor.")
  let scaled = OptionalParameter<Bool>(
    "scaled",
    "Whether latents are in the scale of the model, as FLUX.1's, or of the VAE, as instruct-pix2pix; as the VAE's models see "
      + "them when left out.")
  let concat = Output<PlainTensor>("concat", "The pictures' latents.")
  let zeros = Output<PlainTensor>(
    "zeros", "Zeros of the same shape, for the prediction that knows no picture.", isAside: true)

  package init() {}

  /// What is as before it could be said has the key of before.
  package func forecast(_ io: inout NodeForecast) {
    guard let told = io[vae]?.vaeConfig?.isOfFlux else { return }
    let isScaled = io[scaled] ?? told
    io.parameters[scaled] = isScaled || told ? isScaled : nil
  }

  package func run(_ io: inout NodeIO) throws {
    let isOfFlux = io[vae].model.vaeConfig?.isOfFlux ?? false
    let vae = try io[vae].vae(at: vae.name)
    do {
      let mean = try vae.encode(io[image].tensor).mean
      let latent = io[scaled] ?? isOfFlux ? vae.scaled(mean) : mean
      io[concat] = PlainTensor(tensor: latent, metadata: [:])
      io[zeros] = PlainTensor(tensor: .zeros(latent.shape), metadata: [:])
    } catch let error as ModelError {
      throw NodeFailure(error.message, at: image.name)
    }
  }
}
