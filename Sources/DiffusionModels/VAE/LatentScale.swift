import Safetensors
import Tensors

/// The way from what the encoder makes to what denoisers see: a shift and a factor or, in FLUX.2, squares as channels that are
/// standardised by stored means and variances.
enum LatentScale: Sendable {
  case linear(shift: Float, factor: Float)
  /// Means and deviations of the channels, [c].
  case patches(size: Int, mean: [Float], deviation: [Float])

  init(_ weights: WeightScope, _ config: AutoencoderKLConfig) throws {
    guard let eps = config.patchEps else {
      self = .linear(shift: Float(config.shiftFactor), factor: Float(config.scalingFactor))
      return
    }
    let mean = try weights.tensor("bn.running_mean", [config.modelChannels])
    let variance = try weights.tensor("bn.running_var", [config.modelChannels])
    self = .patches(
      size: config.patchSize, mean: mean.values,
      deviation: variance.values.map { ($0 + Float(eps)).squareRoot() })
  }

  /// [n, c, h, w] -> [n, c', h', w'].
  func done(_ latent: Tensor) -> Tensor {
    switch self {
    // One product alone, as before there were shifts, keeps its bits.
    case .linear(let shift, let factor) where shift == 0: factor * latent
    case .linear(let shift, let factor):
      factor * (latent - Tensor(repeating: shift, shape: latent.shape))
    case .patches(let size, let mean, let deviation):
      latent.squaresAsChannels(size).mappingChannels { ($1 - mean[$0]) / deviation[$0] }
    }
  }

  /// The way back.
  func undone(_ latent: Tensor) -> Tensor {
    switch self {
    case .linear(let shift, let factor) where shift == 0: latent / factor
    case .linear(let shift, let factor):
      latent / factor + Tensor(repeating: shift, shape: latent.shape)
    case .patches(let size, let mean, let deviation):
      latent.mappingChannels { $1 * deviation[$0] + mean[$0] }.channelsAsSquares(size)
    }
  }
}

extension Tensor {
  /// [n, c, h, w] -> [n, size * size * c, h / size, w / size], in the order channel, row, column.
  fileprivate func squaresAsChannels(_ size: Int) -> Tensor {
    let (height, width) = (shape[2] / size, shape[3] / size)
    return patches(size, .channelsFirst).unpatched(1, .channelsFirst, height: height, width: width)
  }

  fileprivate func channelsAsSquares(_ size: Int) -> Tensor {
    patches(1, .channelsFirst)
      .unpatched(size, .channelsFirst, height: shape[2] * size, width: shape[3] * size)
  }

  /// [n, c, h, w] with every number replaced by what is made of its channel and it.
  fileprivate func mappingChannels(_ transform: (Int, Float) -> Float) -> Tensor {
    let plane = shape[2] * shape[3]
    return Tensor(shape: shape) { target in
      withUnsafeBufferPointer { source in
        for index in target.indices {
          target[index] = transform(index / plane % shape[1], source[index])
        }
      }
    }
  }
}
