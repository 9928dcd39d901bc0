import DiffusionModels
import GraphEngine
import Tensors

/// The latent that sampling starts from: noise when a seed is given, zeros otherwise.
package struct EmptyLatent: ForecastingNode {
  package static let info = NodeInfo(
    type: "EmptyLatent", version: 1, lane: .compute, summary: "Makes the latent that sampling starts from.")

  let vae = OptionalInput<VAEHandle>(
    "vae", "Tells channels and factor; without it 4 channels at an eighth of the size.")
  let width = Parameter("width", "Width of the picture in pixels.", default: 512, min: 1, max: 16384)
  let height = Parameter("height", "Height of the picture in pixels.", default: 512, min: 1, max: 16384)
  let batch = Parameter("batch", "How many pictures.", default: 1, min: 1, max: 4096)
  let seed = OptionalParameter<UInt64>("seed", "Fills the latent with draw 0 of this seed's stream; zeros without it.")
  let rng = RandomParameters.rng
  let latent = Output<Latent>("latent", "Pure noise, or zeros.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    if parameters[seed] == nil { parameters[rng] = RandomParameters.defaultGenerator }
  }

  package func forecast(_ io: inout NodeForecast) {
    let isKnown = io[vae] != nil || !io.isWired(vae)
    io[latent] = LatentForecast(
      level: io[seed] == nil ? .clean : .pureNoise, shape: isKnown ? shape(io.parameters, io[vae]?.vaeConfig) : nil)
  }

  private func shape(_ parameters: NodeParameters, _ config: AutoencoderKLConfig?) -> [Int] {
    let factor = config?.pixelsPerLatent ?? 8
    return [
      parameters[batch], config?.modelChannels ?? 4, parameters[height] / factor, parameters[width] / factor,
    ]
  }

  package func run(_ io: inout NodeIO) throws {
    let config = io[vae]?.model.vaeConfig
    let factor = config?.pixelsPerLatent ?? 8
    for (port, size) in [(width.name, io[width]), (height.name, io[height])] where !size.isMultiple(of: factor) {
      let below = size / factor * factor
      throw NodeFailure(
        "\(port) is \(size), which is not a multiple of the VAE's factor \(factor)", at: port,
        notes: ["the nearest sizes are \(below > 0 ? "\(below) and " : "")\(below + factor)"])
    }
    let shape = shape(io.parameters, config)
    guard shape.reduce(1, *) <= 1 << 26 else {
      throw NodeFailure("a latent of shape \(shape) is larger than any machine could decode", at: batch.name)
    }
    if let seed = io[seed] {
      io[latent] = Latent(RandomParameters.noise(shape, seed: seed, draw: 0, generator: io[rng]), level: .pureNoise)
    } else {
      io[latent] = Latent(.zeros(shape), level: .clean)
    }
  }
}
