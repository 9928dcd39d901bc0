import Foundation
import Safetensors
import Tensors

/// Images to latents and back, as diffusers' AutoencoderKL and AutoencoderKLFlux2.
package struct AutoencoderKL: Autoencoder {
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

  package func decode(_ latent: Tensor, strips: StripSize?) throws -> Tensor {
    guard latent.shape.count == 4, latent.shape[1] == config.modelChannels, latent.count > 0 else {
      throw ModelError(
        "the latent is \(latent.shape); the VAE takes [n, \(config.modelChannels), h, w]")
    }
    let unscaled = scale.undone(latent).channelsLast()  // [n, h, w, c]
    let inner = postQuantConv?(unscaled) ?? unscaled
    let size = (height: inner.shape[1] * config.factor, width: inner.shape[2] * config.factor)
    guard let strips, !strips.holds(size) else { return decoder(inner).channelsFirst() }
    return try decoder.inStrips(inner, strips).channelsFirst()
  }

  package func encode(_ image: Tensor, strips: StripSize?) throws -> DiagonalGaussian {
    try requireImage(image, channels: config.imageChannels, multiple: config.pixelsPerLatent)
    let pixels = image.channelsLast()
    let isWhole = strips?.holds((height: pixels.shape[1], width: pixels.shape[2])) ?? true
    let encoded = if let strips, !isWhole { try encoder.inStrips(pixels, strips) } else { encoder(pixels) }
    return DiagonalGaussian(moments: (quantConv?(encoded) ?? encoded).channelsFirst())
  }

  package func scaled(_ latent: Tensor) -> Tensor { scale.done(latent) }
}

/// A normal distribution with independent elements, as diffusers' DiagonalGaussianDistribution.
package struct DiagonalGaussian: Sendable {
  /// Means, then logarithms of variances: [n, 2 c, h, w]; of a distribution without a deviation the former alone.
  package let moments: Tensor

  private let isCertain: Bool

  package init(moments: Tensor) { (self.moments, isCertain) = (moments, false) }

  /// Latents that are known, without a deviation: [n, c, h, w].
  package init(certain latent: Tensor) { (moments, isCertain) = (latent, true) }

  /// [n, c, h, w].
  package var mean: Tensor { isCertain ? moments : half(0) }

  /// [n, c, h, w], with `noise` of the same shape: mean + exp(log variance / 2) noise.
  package func sample(noise: Tensor) -> Tensor {
    if isCertain { return moments }
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
