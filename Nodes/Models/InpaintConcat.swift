import DiffusionModels
import GraphEngine
import Tensors

/// What an inpainting model sees beside the latent: a mask, cut at a half, and the latent of the picture with grey where the mask
/// is.
///
/// A UNet of nine channels sees one number of the mask a cell, and then the latent, as diffusers'
/// StableDiffusionInpaintPipeline makes it; FLUX.1 Fill the latent, and then all of a cell's pixels of the mask as channels, row by
/// row, as FluxFillPipeline's `prepare_mask_latents`.
package struct InpaintConcat: ForecastingNode {
  package static let info = NodeInfo(
    type: "InpaintConcat", version: 1, lane: .compute,
    summary: "Makes what an inpainting model sees of a mask and the picture around it.")

  let vae = Input<VAEHandle>("vae", "The VAE.")
  let image = Input<Image>("image", "Pictures whose sides are multiples of the VAE's factor.")
  let mask = Input<Mask>("mask", "1 where the model is to draw anew.")
  let cells = Parameter(
    "cells",
    "What a cell takes of the mask's pixels before it is cut at a half: the first, as diffusers; or as elsewhere.",
    default: CellReduction.first.rawValue, options: CellReduction.allCases.map(\.rawValue))
  let seed = OptionalParameter<UInt64>(
    "seed", "Draws a sample of the VAE's posterior with draw 0 of this seed's stream; its mean without it.")
  let rng = RandomParameters.rng
  let form = OptionalParameter<String>(
    "form",
    "Whether the model sees one number of the mask a cell, before the picture, or all pixels of it, behind the picture, as "
      + "FLUX.1 Fill; as the VAE's models do when left out.",
    options: Form.allCases.map(\.rawValue))
  let concat = Output<PlainTensor>(
    "concat", "Mask and masked picture, [n, 5, h, w] of a VAE of four channels, [n, 80, h, w] of FLUX.1's.")

  private enum Form: String, CaseIterable {
    case cells, pixels

    init(_ vae: AutoencoderConfig) { self = vae.isOfFlux ? .pixels : .cells }
  }

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    if parameters[seed] == nil { parameters[rng] = RandomParameters.defaultGenerator }
  }

  /// What is as before it could be said has the key of before.
  package func forecast(_ io: inout NodeForecast) {
    guard let told = io[vae]?.vaeConfig.map({ Form($0) }) else { return }
    let form = io[form].flatMap { Form(rawValue: $0) } ?? told
    io.parameters[self.form] = form == .cells && told == .cells ? nil : form.rawValue
    if form == .pixels { io.parameters[cells] = CellReduction.first.rawValue }
  }

  package func run(_ io: inout NodeIO) throws {
    let config = io[vae].model.vaeConfig
    let vae = try io[vae].vae(at: vae.name)
    let picture = io[image].tensor
    let mask = io[mask]
    let covered = try mask.fitted(to: picture, called: "the picture", at: self.mask.name, warn: io.warn).cutAtHalf
    let masked = picture.mixed(with: .zeros([1] + picture.shape.dropFirst()), by: covered)
    let posterior: DiagonalGaussian
    do {
      posterior = try vae.encode(masked)
    } catch let error as ModelError {
      throw NodeFailure(error.message, at: image.name)
    }
    let mean = posterior.mean
    let sample = io[seed].map { seed in
      posterior.sample(noise: RandomParameters.noise(mean.shape, seed: seed, draw: 0, generator: io[rng]))
    }
    let latent = vae.scaled(sample ?? mean)
    let form = io[form].flatMap { Form(rawValue: $0) } ?? config.map { Form($0) } ?? .cells
    guard form == .cells else {
      let size = covered.shape[2] / latent.shape[2]
      let pixels = covered.channelsLast().pixelsUnshuffled(size).channelsFirst()
      io[concat] = PlainTensor(tensor: latent.joiningChannels(pixels), metadata: [:])
      return
    }
    let reduction = CellReduction(rawValue: io[cells]) ?? .first
    let cells = try Mask(covered).cells(of: latent, reduction, at: self.mask.name).cutAtHalf
    io[concat] = PlainTensor(
      tensor: cells.repeated(latent.shape[0] / cells.shape[0]).joiningChannels(latent), metadata: [:])
  }
}

extension Tensor {
  /// 1 from a half on, else 0.
  fileprivate var cutAtHalf: Tensor {
    Tensor(shape: shape) { target in
      withUnsafeBufferPointer { source in
        for i in target.indices { target[i] = source[i] >= 0.5 ? 1 : 0 }
      }
    }
  }
}
