import Foundation
import Safetensors
import Tensors

/// Images to latents and back, as diffusers' AutoencoderKL and AutoencoderKLFlux2.
package struct AutoencoderKL: Sendable {
  package let config: AutoencoderKLConfig
  private let encoder: VAEEncoder
  private let decoder: VAEDecoder
  private let quantConv: Linear?
  private let postQuantConv: Linear?
  private let scale: LatentScale

  init(_ weights: WeightScope, _ config: AutoencoderKLConfig) throws {
    self.config = config
    let channels = config.latentChannels
    encoder = try VAEEncoder(weights.scope("encoder"), config)
    quantConv =
      config.hasQuantConv ? try weights.pointwise("quant_conv", inputs: 2 * channels, outputs: 2 * channels) : nil
    postQuantConv =
      config.hasPostQuantConv ? try weights.pointwise("post_quant_conv", inputs: channels, outputs: channels) : nil
    decoder = try VAEDecoder(weights.scope("decoder"), config)
    scale = try LatentScale(weights, config)
  }

  /// Latents in the denoiser's scale to images: [n, c, h, w] -> [n, 3, h * pixels, w * pixels], about -1...1, not clamped.
  ///
  /// Throws `ModelError` for a shape the model does not take.
  package func decode(_ latent: Tensor) throws -> Tensor {
    guard latent.shape.count == 4, latent.shape[1] == config.modelChannels, latent.count > 0 else {
      throw ModelError(
        "the latent is \(latent.shape); the VAE takes [n, \(config.modelChannels), h, w]")
    }
    let unscaled = scale.undone(latent).channelsLast()  // [n, h, w, c]
    return decoder(postQuantConv?(unscaled) ?? unscaled).channelsFirst()
  }

  /// The distribution of an image's latents, in the VAE's own scale: [n, 3, h, w] -> [n, c, h / factor, w / factor].
  ///
  /// Throws `ModelError` for a shape the model does not take.
  package func encode(_ image: Tensor) throws -> DiagonalGaussian {
    let (channels, factor) = (config.imageChannels, config.pixelsPerLatent)
    guard image.shape.count == 4, image.shape[1] == channels, image.count > 0 else {
      throw ModelError("the image is \(image.shape); the VAE takes [n, \(channels), h, w]")
    }
    guard image.shape[2] % factor == 0, image.shape[3] % factor == 0 else {
      throw ModelError(
        "the image is \(image.shape[3]) wide and \(image.shape[2]) high; the VAE takes multiples of \(factor)")
    }
    let encoded = encoder(image.channelsLast())
    return DiagonalGaussian(moments: (quantConv?(encoded) ?? encoded).channelsFirst())
  }

  /// A latent of the VAE's own scale in the denoiser's.
  package func scaled(_ latent: Tensor) -> Tensor { scale.done(latent) }
}

/// A normal distribution with independent elements, as diffusers' DiagonalGaussianDistribution.
package struct DiagonalGaussian: Sendable {
  /// Means, then logarithms of variances: [n, 2 c, h, w].
  package let moments: Tensor

  package init(moments: Tensor) { self.moments = moments }

  /// [n, c, h, w].
  package var mean: Tensor { half(0) }

  /// [n, c, h, w], with `noise` of the same shape: mean + exp(log variance / 2) noise.
  package func sample(noise: Tensor) -> Tensor {
    let logVariance = half(1)
    let deviation = Tensor(shape: logVariance.shape) { deviation in
      logVariance.withUnsafeBufferPointer { source in
        for i in 0..<deviation.count { deviation[i] = exp(0.5 * min(max(source[i], -30), 20)) }
      }
    }
    return mean + deviation * noise
  }

  private func half(_ index: Int) -> Tensor {
    let (samples, channels) = (moments.shape[0], moments.shape[1] / 2)
    let halves = moments.reshaped([2 * samples, channels, moments.shape[2], moments.shape[3]])
    return Tensor(concatenating: (0..<samples).map { halves.sample(2 * $0 + index) })
  }
}
