import Foundation
import Safetensors
import Tensors

/// Two linear layers with a SiLU between, as diffusers' TimestepEmbedding and PixArtAlphaTextProjection.
struct EmbeddingLayers: Sendable {
  /// What a checkpoint calls the two.
  struct Names {
    let first, second: String

    static let diffusers = Names(first: "linear_1", second: "linear_2")
  }

  private let first, second: Linear

  /// `width` is what lies between, as wide as the output unless given.
  init(
    _ weights: WeightScope, names: Names = .diffusers, inputs: Int, width: Int? = nil, outputs: Int, bias: Bool = true
  ) throws {
    first = try weights.linear(names.first, inputs: inputs, outputs: width ?? outputs, bias: bias)
    second = try weights.linear(names.second, inputs: width ?? outputs, outputs: outputs, bias: bias)
  }

  /// [n, in] -> [n, out].
  func callAsFunction(_ x: Tensor) -> Tensor { second(first(x, activation: .silu)) }
}

/// Sines and cosines of `t / 10000^(i / (half - shift))`, as diffusers' Timesteps.
struct Sinusoids: Sendable {
  let size: Int
  /// Whether the cosines come first.
  var flipsSinToCos = true
  var frequencyShift = 0

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
