import DiffusionModels
import GraphEngine
import Tensors

/// Latents as pictures.
package struct Decode: ForecastingNode {
  package static let info = NodeInfo(
    type: "Decode", version: 1, lane: .compute, summary: "Decodes latents into pictures with the VAE.")

  let vae = Input<VAEHandle>("vae", "The VAE.")
  let latent = Input<Latent>("latent", "Clean latents.")
  let tiles = TilePorts()
  let clamp = OptionalParameter<Bool>(
    "clamp", "Cuts colours off at black and white, as ComfyUI does; files are cut off anyway.")
  let image = Output<Image>("image", "Pictures in -1...1, not clamped.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    tiles.resolve(&parameters)
    if parameters[clamp] == false { parameters[clamp] = nil }
  }

  package func forecast(_ io: inout NodeForecast) throws {
    if let config = io[vae]?.vaeConfig, let shape = io[latent]?.shape, shape.count == 4 {
      guard shape[1] == config.modelChannels else {
        throw NodeFailure(
          "the latent is \(shape); the VAE takes [n, \(config.modelChannels), h, w]", at: latent.name,
          notes: ["the VAE of the model that made it was expected"])
      }
      let pixels = config.pixelsPerLatent
      tiles.forget(&io, height: shape[2] * pixels, width: shape[3] * pixels)
    }
    guard let known = io[latent], known.isNoisy else { return }
    io.warn(
      "the latent is still noisy, at level \(known.level.text)\(known.place); the picture will show the noise",
      at: latent.name)
  }

  package func run(_ io: inout NodeIO) throws {
    let vae = try io[vae].vae(at: vae.name)
    do {
      let pixels = try vae.decode(io[latent].tensor, strips: tiles.strips(io))
      guard pixels.shape[1] == 3 else {
        throw NodeFailure("the VAE decodes to \(pixels.shape[1]) channels; 3 were expected", at: self.vae.name)
      }
      io[image] = Image(io[clamp] == true ? pixels.clamped(to: -1...1) : pixels)
    } catch let error as ModelError {
      throw NodeFailure(error.message, at: latent.name)
    }
  }
}
