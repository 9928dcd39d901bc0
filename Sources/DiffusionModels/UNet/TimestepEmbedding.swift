import Foundation
import Safetensors
import Tensors

/// Turns a time step into the vector that every residual block adds, as diffusers' Timesteps and TimestepEmbedding.
struct TimestepEmbedding: Sendable {
  private let channels: Int
  private let flipsSinToCos: Bool
  private let frequencyShift: Int
  private let linear1: Linear
  private let linear2: Linear

  init(_ weights: WeightScope, _ config: UNetConfig) throws {
    channels = config.levels[0].channels
    flipsSinToCos = config.flipsSinToCos
    frequencyShift = config.frequencyShift
    let size = config.timeEmbeddingSize
    linear1 = try weights.linear("time_embedding.linear_1", inputs: channels, outputs: size)
    linear2 = try weights.linear("time_embedding.linear_2", inputs: size, outputs: size)
  }

  /// The embedding of a time step, which may be fractional: [1, size].
  func callAsFunction(_ timestep: Double) -> Tensor {
    linear2(linear1(sinusoids(Float(timestep)), activation: .silu))
  }

  /// Sines and cosines of `t / 10000^(i / (half - shift))`: [1, channels].
  ///
  /// In single precision throughout: at t near 1000 rounding shows in the fifth digit, and the reference rounds so.
  private func sinusoids(_ t: Float) -> Tensor {
    let half = channels / 2
    return Tensor(shape: [1, channels]) { embedding in
      let (sines, cosines) = flipsSinToCos ? (half, 0) : (0, half)
      for i in 0..<half {
        let exponent = -Float(log(10000.0)) * Float(i) / Float(half - frequencyShift)
        let angle = t * exp(exponent)
        embedding[sines + i] = sin(angle)
        embedding[cosines + i] = cos(angle)
      }
    }
  }
}
