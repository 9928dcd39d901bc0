import DiffusionModels
import GraphEngine
import Tensors

/// What an inpainting UNet of nine channels sees beside the latent, as diffusers' StableDiffusionInpaintPipeline makes it.
///
/// The mask, cut at a half, one number a cell, and the latent of the picture with grey where the mask is.
package struct InpaintConcat: Node {
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
  let concat = Output<PlainTensor>("concat", "Mask and masked picture, [n, 5, h, w] of a VAE of four channels.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    if parameters[seed] == nil { parameters[rng] = RandomParameters.defaultGenerator }
  }

  package func run(_ io: inout NodeIO) throws {
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

  /// [n, a, h, w] and [n, b, h, w] -> [n, a + b, h, w].
  fileprivate func joiningChannels(_ other: Tensor) -> Tensor {
    let parts = (0..<shape[0]).flatMap { index in
      [sample(index), other.sample(index)].map { $0.reshaped(Array($0.shape.dropFirst())) }
    }
    return Tensor(concatenating: parts).reshaped([shape[0], shape[1] + other.shape[1], shape[2], shape[3]])
  }
}
