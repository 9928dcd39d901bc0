import DiffusionModels
import GraphEngine
import Tensors

/// Pictures as latents.
package struct Encode: ForecastingNode {
  package static let info = NodeInfo(
    type: "Encode", version: 1, lane: .compute, summary: "Encodes pictures into latents with the VAE.")

  let vae = Input<VAEHandle>("vae", "The VAE.")
  let image = Input<Image>("image", "Pictures whose sides are multiples of the VAE's factor.")
  let seed = OptionalParameter<UInt64>(
    "seed", "Draws a sample of the posterior with draw 0 of this seed's stream; its mean without it.")
  let rng = RandomParameters.rng
  let tiles = TilePorts()
  let fit = OptionalParameter<String>(
    "fit",
    "crop cuts off, evenly on both sides, what is beyond multiples of the VAE's factor, as ComfyUI does; an error if left out.",
    options: ["crop"])
  let latent = Output<Latent>("latent", "Clean latents, times the VAE's scaling factor.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    tiles.resolve(&parameters)
    if parameters[seed] == nil { parameters[rng] = RandomParameters.defaultGenerator }
  }

  package func forecast(_ io: inout NodeForecast) { io[latent] = LatentForecast(level: .clean) }

  package func run(_ io: inout NodeIO) throws {
    let factor = io[fit] == nil ? nil : io[self.vae].model.vaeConfig?.pixelsPerLatent
    let picture = factor.map { Self.cut(io[image].tensor, to: $0) } ?? io[image].tensor
    let vae = try io[vae].vae(at: vae.name)
    let posterior: DiagonalGaussian
    do {
      posterior = try vae.encode(picture, strips: tiles.strips(io))
    } catch let error as ModelError {
      throw NodeFailure(error.message, at: image.name)
    }
    let mean = posterior.mean
    let sample = io[seed].map { seed in
      posterior.sample(noise: RandomParameters.noise(mean.shape, seed: seed, draw: 0, generator: io[rng]))
    }
    io[latent] = Latent(vae.scaled(sample ?? mean), level: .clean)
  }

  /// The middle of pictures whose sides are multiples of a number; one that is smaller stays what it is.
  private static func cut(_ picture: Tensor, to factor: Int) -> Tensor {
    let (height, width) = (picture.shape[2], picture.shape[3])
    guard min(height, width) >= factor else { return picture }
    let (over, beside) = (height % factor, width % factor)
    return picture.region(top: over / 2, left: beside / 2, height: height - over, width: width - beside)
  }
}
