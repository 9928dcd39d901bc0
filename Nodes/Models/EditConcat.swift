import DiffusionModels
import GraphEngine
import Tensors

/// What an instruct-pix2pix UNet sees beside the latent (Brooks, Holynski and Efros 2023, section 3.2), as diffusers'
/// StableDiffusionInstructPix2PixPipeline makes it: the picture's latent in the VAE's own scale.
package struct EditConcat: Node {
  package static let info = NodeInfo(
    type: "EditConcat", version: 1, lane: .compute,
    summary: "Makes what an instruct-pix2pix model sees of the picture it edits.")

  let vae = Input<VAEHandle>("vae", "The VAE.")
  let image = Input<Image>("image", "Pictures whose sides are multiples of the VAE's factor.")
  let concat = Output<PlainTensor>("concat", "The pictures' latents, not scaled.")
  let zeros = Output<PlainTensor>(
    "zeros", "Zeros of the same shape, for the prediction that knows no picture.", isAside: true)

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let vae = try io[vae].vae(at: vae.name)
    do {
      let latent = try vae.encode(io[image].tensor).mean
      io[concat] = PlainTensor(tensor: latent, metadata: [:])
      io[zeros] = PlainTensor(tensor: .zeros(latent.shape), metadata: [:])
    } catch let error as ModelError {
      throw NodeFailure(error.message, at: image.name)
    }
  }
}
