import GraphEngine
import Tensors

/// How nodes draw noise: draw k of a stream is the k-th randn of the latent's shape after seeding.
enum RandomParameters {
  static let defaultGenerator = RandomGenerator.torch.rawValue

  static let rng = Parameter(
    "rng", "Whose random numbers: torch as PyTorch draws on a CPU, philox as on CUDA.", default: defaultGenerator,
    options: RandomGenerator.allCases.map(\.rawValue))

  /// Standard normal noise of `shape`, drawn as one randn, as diffusers draws a batch from one generator.
  static func noise(_ shape: [Int], seed: UInt64, draw: Int, generator: String) -> Tensor {
    guard let generator = RandomGenerator(rawValue: generator) else {
      preconditionFailure("rng '\(generator)' was not validated")
    }
    return NormalStream(seed: seed, generator: generator).draw(draw, shape: shape)
  }
}
