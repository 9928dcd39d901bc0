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
    sinusoids = Sinusoids(size: channels, flipsSinToCos: config.flipsSinToCos, frequencyShift: config.frequencyShift)
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
    sinusoids = Sinusoids(
      size: added.numberSize, flipsSinToCos: config.flipsSinToCos, frequencyShift: config.frequencyShift)
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
