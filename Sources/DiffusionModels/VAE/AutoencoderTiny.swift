import Glibc
import Tensors
import Weights

/// A small autoencoder without normalisations or attention, as diffusers' AutoencoderTiny: TAESD of Ollin Boer Bohan.
///
/// It stands in for a model's own autoencoder in a fraction of the time, and knows latents in the denoiser's scale.
package struct AutoencoderTiny: Autoencoder {
  package let config: AutoencoderTinyConfig
  private let encoder: TinyHalf?
  private let decoder: TinyHalf?
  private let scale: LatentScale

  /// A latent is bent into so much on both sides of 0 before it is decoded.
  private static let bound: Float = 3

  init(_ weights: WeightScope, _ config: AutoencoderTinyConfig) throws {
    self.config = config
    encoder = try config.encoderBlocks.map {
      try TinyHalf(encoder: weights.scope("encoder.layers"), config, blocks: $0)
    }
    decoder = try config.decoderBlocks.map {
      try TinyHalf(decoder: weights.scope("decoder.layers"), config, blocks: $0)
    }
    scale = .linear(shift: Float(config.shiftFactor), factor: Float(config.scalingFactor))
  }

  package func decode(_ latent: Tensor, strips: StripSize?) throws -> Tensor {
    guard latent.shape.count == 4, latent.shape[1] == config.latentChannels, latent.count > 0 else {
      throw ModelError("the latent is \(latent.shape); the VAE takes [n, \(config.latentChannels), h, w]")
    }
    guard let decoder else { throw ModelError("the VAE's file has no decoder, only an encoder") }
    let bent = scale.undone(latent).mapped { Self.bound * tanh($0 / Self.bound) }
    return try decoder(bent.channelsLast(), strips).mapped { 2 * $0 - 1 }.channelsFirst()
  }

  package func encode(_ image: Tensor, strips: StripSize?) throws -> DiagonalGaussian {
    try requireImage(image, channels: 3, multiple: config.pixelsPerLatent)
    guard let encoder else { throw ModelError("the VAE's file has no encoder, only a decoder") }
    let latent = try encoder(image.mapped { ($0 + 1) / 2 }.channelsLast(), strips)
    return DiagonalGaussian(certain: latent.channelsFirst())
  }

  package func scaled(_ latent: Tensor) -> Tensor { scale.done(latent) }
}

/// Refuses what is no picture that an autoencoder takes, with `ModelError`.
func requireImage(_ image: Tensor, channels: Int, multiple factor: Int) throws {
  guard image.shape.count == 4, image.shape[1] == channels, image.count > 0 else {
    throw ModelError("the image is \(image.shape); the VAE takes [n, \(channels), h, w]")
  }
  guard image.shape[2] % factor == 0, image.shape[3] % factor == 0 else {
    throw ModelError(
      "the image is \(image.shape[3]) wide and \(image.shape[2]) high; the VAE takes multiples of \(factor)")
  }
}

extension Tensor {
  fileprivate func mapped(_ transform: (Float) -> Float) -> Tensor {
    Tensor(shape: shape) { target in
      withUnsafeBufferPointer { source in for i in target.indices { target[i] = transform(source[i]) } }
    }
  }
}

/// The encoder, as diffusers' EncoderTiny, or the decoder, as its DecoderTiny: layers numbered through.
private struct TinyHalf: Sendable {
  private let layers: [any StripedLayer]
  private let output: VAEOutput

  init(encoder weights: WeightScope, _ config: AutoencoderTinyConfig, blocks: [Int]) throws {
    var (layers, index): ([any StripedLayer], Int) = ([], 0)
    for (level, count) in blocks.enumerated() {
      layers.append(
        level == 0
          ? SameSizeConvolution(conv: try weights.conv("\(index)", inputs: 3, outputs: config.channels))
          : Downsample2D(
            conv: try weights.conv(
              "\(index)", inputs: config.channels, outputs: config.channels, stride: 2, hasBias: false)))
      for block in index + 1..<index + 1 + count {
        layers.append(try TinyBlock(weights.scope("\(block)"), channels: config.channels))
      }
      index += count + 1
    }
    self.layers = layers
    output = VAEOutput(
      norm: nil, conv: try weights.conv("\(index)", inputs: config.channels, outputs: config.latentChannels))
  }

  init(decoder weights: WeightScope, _ config: AutoencoderTinyConfig, blocks: [Int]) throws {
    let channels = config.channels
    var layers: [any StripedLayer] = [
      SameSizeConvolution(
        conv: try weights.conv("0", inputs: config.latentChannels, outputs: channels), isRectified: true)
    ]
    var index = 2
    for (level, count) in blocks.enumerated() {
      for block in index..<index + count {
        layers.append(try TinyBlock(weights.scope("\(block)"), channels: channels))
      }
      index += count
      guard level < blocks.count - 1 else { break }
      layers.append(
        Upsample2D(conv: try weights.conv("\(index + 1)", inputs: channels, outputs: channels, hasBias: false)))
      index += 2
    }
    self.layers = layers
    output = VAEOutput(norm: nil, conv: try weights.conv("\(index)", inputs: channels, outputs: 3))
  }

  /// [n, h, w, c] -> [n, h', w', c'].
  func callAsFunction(_ x: Tensor, _ strips: StripSize?) throws -> Tensor {
    let scale = layers.reduce((height: x.shape[1], width: x.shape[2])) {
      $1.outputSize(height: $0.height, width: $0.width)
    }
    guard let strips, !(strips.holds(scale) && strips.holds((x.shape[1], x.shape[2]))) else {
      return output(layers.reduce(x) { $1($0) })
    }
    defer { TensorMemory.giveBack() }
    return Tensor(
      concatenating: try (0..<x.shape[0]).map { try output.inStrips(strips.run(layers, on: x.sample($0)), strips) })
  }
}

/// Three convolutions and what came in, as diffusers' AutoencoderTinyBlock.
private struct TinyBlock: StripedLayer {
  private let convolutions: [Conv2d]

  init(_ weights: WeightScope, channels: Int) throws {
    convolutions = try [0, 2, 4].map { try weights.conv("conv.\($0)", inputs: channels, outputs: channels) }
  }

  func outputSize(height: Int, width: Int) -> (height: Int, width: Int) { (height, width) }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let inner = convolutions.dropLast().reduce(x) { $1($0).rectified(slope: 0) }
    return convolutions[convolutions.count - 1](inner, residual: x).rectified(slope: 0)
  }

  func inStrips(_ x: StripedImage, _ size: StripSize) throws -> StripedImage {
    let made = StripedImage(height: x.height, width: x.width, channels: x.channels)
    // Rows beside a strip are made again and cut off, as many as there are convolutions.
    let margin = convolutions.count
    try size.forEachStrip(height: x.height, width: x.width) { rows in
      let seen = rows.grown(by: margin, within: 0..<x.height)
      let strip = self(x.rows(seen)).reshaped([seen.count, x.width, x.channels])
      let first = rows.lowerBound - seen.lowerBound
      made.append(strip.samples(first..<first + rows.count).reshaped([1, rows.count, x.width, x.channels]))
      x.release(before: rows.upperBound - margin)
    }
    return made
  }
}
