import DiffusionModels
import GraphEngine
import Tensors

/// The latent that sampling starts from: noise when a seed is given, zeros otherwise.
package struct EmptyLatent: ForecastingNode {
  package static let info = NodeInfo(
    type: "EmptyLatent", version: 1, lane: .compute, summary: "Makes the latent that sampling starts from.")

  let vae = OptionalInput<VAEHandle>(
    "vae", "Tells channels and factor; without it and a denoiser 4 channels at an eighth of the size.")
  let denoiser = OptionalInput<DenoiserHandle>("denoiser", "Tells them where there is no VAE.")
  let image = OptionalInput<Image>(
    "image", "A picture whose size it takes, in place of width and height, cut to multiples of the factor.")
  let width = Parameter("width", "Width of the picture in pixels.", default: 512, min: 1, max: 16384)
  let height = Parameter("height", "Height of the picture in pixels.", default: 512, min: 1, max: 16384)
  let batch = Parameter("batch", "How many pictures.", default: 1, min: 1, max: 4096)
  let seed = OptionalParameter<UInt64>("seed", "Fills the latent with draw 0 of this seed's stream; zeros without it.")
  let rng = RandomParameters.rngOrComfyUI
  let latent = Output<Latent>("latent", "Pure noise, or zeros.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    if parameters[seed] == nil { parameters[rng] = RandomParameters.defaultGenerator }
    RandomParameters.settle(&parameters, rng)
  }

  package func forecast(_ io: inout NodeForecast) {
    let model = io[vae].map(LatentForm.init(vae:)) ?? io[denoiser].map(LatentForm.init(denoiser:))
    let isKnown = (model != nil || !io.isWired(vae) && !io.isWired(denoiser)) && !io.isWired(image)
    let size = (io[width], io[height])
    io[latent] = LatentForecast(
      level: io[seed] == nil ? .clean : .pureNoise,
      shape: isKnown ? (model ?? LatentForm()).shape(io.parameters[batch], size) : nil)
  }

  package func run(_ io: inout NodeIO) throws {
    let form =
      io[vae].map { LatentForm(vae: $0.model) } ?? io[denoiser].map { LatentForm(denoiser: $0.model) } ?? LatentForm()
    var size = (width: io[width], height: io[height])
    if let image = io[image]?.tensor {
      size = (image.shape[3] / form.factor * form.factor, image.shape[2] / form.factor * form.factor)
      guard size.width > 0, size.height > 0 else {
        throw NodeFailure("the picture is smaller than the \(form.factor) pixels of one cell", at: self.image.name)
      }
    }
    for (port, size) in [(width.name, size.width), (height.name, size.height)] where !size.isMultiple(of: form.factor) {
      let below = size / form.factor * form.factor
      throw NodeFailure(
        "\(port) is \(size), which is not a multiple of the VAE's factor \(form.factor)", at: port,
        notes: ["the nearest sizes are \(below > 0 ? "\(below) and " : "")\(below + form.factor)"])
    }
    let shape = form.shape(io[batch], size)
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

/// Channels of a model's latents, and how many pixels of a side are one of theirs.
private struct LatentForm {
  var channels = 4
  var factor = 8

  init() {}

  init(vae model: Model) {
    if let config = model.vaeConfig { (channels, factor) = (config.modelChannels, config.pixelsPerLatent) }
  }

  init(denoiser model: Model) {
    if let config = model.denoiserConfig { (channels, factor) = (config.latentChannels, model.pixelsPerLatent) }
  }

  func shape(_ batch: Int, _ size: (width: Int, height: Int)) -> [Int] {
    [batch, channels, size.height / factor, size.width / factor]
  }
}
