import GraphEngine
import Tensors

/// How nodes draw noise: draw k of a stream is the k-th randn of the latent's shape after seeding.
enum RandomParameters {
  static let defaultGenerator = RandomGenerator.torch.rawValue

  static let rng = Parameter(
    "rng", "Whose random numbers: torch as PyTorch draws on a CPU, philox as on CUDA.", default: defaultGenerator,
    options: RandomGenerator.allCases.map(\.rawValue))

  private static let (comfyUI, oldComfyUI) = ("comfyui", "comfyui_0.3")

  /// For noise that ComfyUI draws too.
  static let rngOrComfyUI = Parameter(
    "rng",
    "Whose random numbers: torch as PyTorch draws on a CPU, philox as on CUDA, comfyui as ComfyUI draws on a CPU, comfyui_0.3 as "
      + "it did until 2025.", default: defaultGenerator,
    options: RandomGenerator.allCases.map(\.rawValue) + [comfyUI, oldComfyUI])

  /// Says by torch what ComfyUI draws: noise k that is added on the way is draw k of the seed's stream or, now, of the next
  /// seed's, and the start noise draw 0 of the seed.
  ///
  /// Gives whether it was ComfyUI's.
  @discardableResult
  static func settle(
    _ parameters: inout NodeParameters, _ rng: Parameter<String>, seedOfAdded seed: Parameter<UInt64>? = nil
  ) -> Bool {
    let given = parameters[rng]
    guard given == comfyUI || given == oldComfyUI else { return false }
    parameters[rng] = defaultGenerator
    // Streams are of the low 32 bits.
    if let seed, given == comfyUI { parameters[seed] = (parameters[seed] & 0xFFFF_FFFF) + 1 }
    return true
  }

  /// Standard normal noise of `shape`, drawn as one randn, as diffusers draws a batch from one generator.
  static func noise(_ shape: [Int], seed: UInt64, draw: Int, generator: String) -> Tensor {
    guard let generator = RandomGenerator(rawValue: generator) else {
      preconditionFailure("rng '\(generator)' was not validated")
    }
    return NormalStream(seed: seed, generator: generator).draw(draw, shape: shape)
  }
}
