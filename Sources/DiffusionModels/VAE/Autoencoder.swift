import Safetensors
import Tensors

/// Images to latents and back: a model's own autoencoder, or a small one that stands in for it.
package protocol Autoencoder: Sendable {
  /// Latents in the denoiser's scale to images: [n, c, h, w] -> [n, 3, h * pixels, w * pixels], about -1...1, not clamped.
  ///
  /// With `strips` levels that are larger are worked out in strips. Throws `ModelError` for a shape the model does not take.
  func decode(_ latent: Tensor, strips: StripSize?) throws -> Tensor

  /// The distribution of an image's latents, in the autoencoder's own scale: [n, 3, h, w] -> [n, c, h / pixels, w / pixels].
  ///
  /// With `strips` levels that are larger are worked out in strips. Throws `ModelError` for a shape the model does not take.
  func encode(_ image: Tensor, strips: StripSize?) throws -> DiagonalGaussian

  /// A latent of the autoencoder's own scale in the denoiser's.
  func scaled(_ latent: Tensor) -> Tensor
}

extension Autoencoder {
  package func decode(_ latent: Tensor) throws -> Tensor { try decode(latent, strips: nil) }
  package func encode(_ image: Tensor) throws -> DiagonalGaussian { try encode(image, strips: nil) }
}

/// The shape of an autoencoder of either kind.
package enum AutoencoderConfig: Sendable, Equatable {
  case kl(AutoencoderKLConfig)
  case tiny(AutoencoderTinyConfig)

  package static let classNames = ["AutoencoderKL", "AutoencoderKLFlux2", "AutoencoderTiny"]

  /// Nil for a class that is none of an autoencoder.
  ///
  /// Throws `ModelError` as the configs of the classes do.
  init?(_ file: ConfigFile, className: String) throws {
    switch className {
    case "AutoencoderKL", "AutoencoderKLFlux2": self = .kl(try AutoencoderKLConfig(file))
    case "AutoencoderTiny": self = .tiny(try AutoencoderTinyConfig(file))
    default: return nil
    }
  }

  /// Channels of a latent as denoisers see it, [n, c, h, w].
  package var modelChannels: Int {
    switch self {
    case .kl(let config): config.modelChannels
    case .tiny(let config): config.latentChannels
    }
  }

  /// Whether latents are of FLUX.1's kind, by their 16 channels, which no other family here has.
  package var isOfFlux: Bool { modelChannels == 16 }

  /// Pixels of a picture along one side of a latent pixel.
  package var pixelsPerLatent: Int {
    switch self {
    case .kl(let config): config.pixelsPerLatent
    case .tiny(let config): config.pixelsPerLatent
    }
  }

  /// What a latent is multiplied by before the denoiser sees it.
  package var scalingFactor: Double {
    switch self {
    case .kl(let config): config.scalingFactor
    case .tiny(let config): config.scalingFactor
    }
  }

  /// What is taken from it before that.
  package var shiftFactor: Double {
    switch self {
    case .kl(let config): config.shiftFactor
    case .tiny(let config): config.shiftFactor
    }
  }

  /// The same with other factors, where a person knows them better than the file.
  func scaled(by factor: Double?, shiftedBy shift: Double?) -> AutoencoderConfig {
    switch self {
    case .kl(let config): .kl(config.scaled(by: factor, shiftedBy: shift))
    case .tiny(let config): .tiny(config.scaled(by: factor, shiftedBy: shift))
    }
  }

  func build(_ weights: WeightScope) throws -> any Autoencoder {
    switch self {
    case .kl(let config): try AutoencoderKL(weights, config)
    case .tiny(let config): try AutoencoderTiny(weights, config)
    }
  }

  /// What diffusers' layout calls the weights.
  var names: NameTable {
    switch self {
    case .kl: .diffusersVAE()
    case .tiny: NameTable([NameTable.Rule("", "")])
    }
  }
}
