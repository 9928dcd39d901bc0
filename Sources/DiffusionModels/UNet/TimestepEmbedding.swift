import Foundation
import Safetensors
import Tensors

/// Turns a time step into the vector that every residual block adds, as diffusers' Timesteps and TimestepEmbedding.
struct TimestepEmbedding: Sendable {
  private let sinusoids: Sinusoids
  private let guidanceProjection: Linear?
  private let embedding: EmbeddingLayers

  init(_ weights: WeightScope, _ config: UNetConfig) throws {
    let channels = config.levels[0].channels
    sinusoids = Sinusoids(size: channels, config)
    embedding = try EmbeddingLayers(
      weights.scope("time_embedding"), inputs: channels, outputs: config.timeEmbeddingSize)
    guidanceProjection = try config.guidanceEmbeddingSize.map {
      try weights.linear("time_embedding.cond_proj", inputs: $0, outputs: channels, bias: false)
    }
  }

  /// The embedding of a time step, which may be fractional: [1, size].
  ///
  /// With a guidance scale, which a distilled model takes, that of both.
  func callAsFunction(_ timestep: Double, guidance: Double? = nil) -> Tensor {
    let time = sinusoids([Float(timestep)])
    guard let guidanceProjection, let guidance else { return embedding(time) }
    return embedding(time + guidanceProjection(Self.embedding(ofGuidance: guidance, size: guidanceProjection.inputs)))
  }

  /// Sines, then cosines, of `1000 (w - 1) / 10000^(i / (half - 1))`: [1, size].
  ///
  /// Source: `get_guidance_scale_embedding` of diffusers' StableDiffusionPipeline.
  private static func embedding(ofGuidance guidance: Double, size: Int) -> Tensor {
    let half = size / 2
    let scale = Float(guidance - 1) * 1000
    return Tensor(shape: [1, size]) { embedding in
      for i in 0..<half {
        let angle = scale * exp(Float(i) * -(log(Float(10000)) / Float(half - 1)))
        embedding[i] = sin(angle)
        embedding[half + i] = cos(angle)
      }
    }
  }
}

/// Turns a pooled text and some numbers into a vector that is added to the time step's, as diffusers'
/// `addition_embed_type` text_time.
struct AddedEmbedding: Sendable {
  private let sinusoids: Sinusoids
  private let embedding: EmbeddingLayers

  init(_ weights: WeightScope, _ added: UNetConfig.AddedEmbedding, _ config: UNetConfig) throws {
    sinusoids = Sinusoids(size: added.numberSize, config)
    embedding = try EmbeddingLayers(
      weights.scope("add_embedding"), inputs: added.inputs, outputs: config.timeEmbeddingSize)
  }

  /// Pooled texts [n, p] and numbers -> [n, size].
  func callAsFunction(_ pooled: Tensor, numbers: [Float]) -> Tensor {
    let embedded = sinusoids(numbers)
    let (width, count) = (pooled.shape[1], embedded.count)
    return embedding(
      Tensor(shape: [pooled.shape[0], width + count]) { joined in
        pooled.withUnsafeBufferPointer { pooled in
          embedded.withUnsafeBufferPointer { embedded in
            for row in 0..<pooled.count / width {
              for i in 0..<width { joined[row * (width + count) + i] = pooled[row * width + i] }
              for i in 0..<count { joined[row * (width + count) + width + i] = embedded[i] }
            }
          }
        }
      })
  }
}

/// Two layers with a SiLU between, as diffusers' TimestepEmbedding.
private struct EmbeddingLayers: Sendable {
  let linear1, linear2: Linear

  init(_ weights: WeightScope, inputs: Int, outputs: Int) throws {
    linear1 = try weights.linear("linear_1", inputs: inputs, outputs: outputs)
    linear2 = try weights.linear("linear_2", inputs: outputs, outputs: outputs)
  }

  func callAsFunction(_ x: Tensor) -> Tensor { linear2(linear1(x, activation: .silu)) }
}

/// Sines and cosines of `t / 10000^(i / (half - shift))`, as diffusers' Timesteps.
private struct Sinusoids: Sendable {
  let size: Int
  let flipsSinToCos: Bool
  let frequencyShift: Int

  init(size: Int, _ config: UNetConfig) {
    (self.size, flipsSinToCos, frequencyShift) = (size, config.flipsSinToCos, config.frequencyShift)
  }

  /// k numbers -> [k, size].
  ///
  /// In single precision throughout: at t near 1000 rounding shows in the fifth digit, and the reference rounds so.
  func callAsFunction(_ numbers: [Float]) -> Tensor {
    let half = size / 2
    return Tensor(shape: [numbers.count, size]) { embedding in
      let (sines, cosines) = flipsSinToCos ? (half, 0) : (0, half)
      for (row, t) in numbers.enumerated() {
        for i in 0..<half {
          let exponent = -Float(log(10000.0)) * Float(i) / Float(half - frequencyShift)
          let angle = t * exp(exponent)
          embedding[row * size + sines + i] = sin(angle)
          embedding[row * size + cosines + i] = cos(angle)
        }
      }
    }
  }
}
