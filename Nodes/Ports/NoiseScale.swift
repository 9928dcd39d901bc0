import DiffusionModels
import GraphEngine

/// What the noise of a stochastic step is multiplied by, k-diffusion's `s_noise`.
enum NoiseScale {
  static let parameter = OptionalParameter<Double>(
    "s_noise", "What the noise is multiplied by; 1 when left out.", min: 0, max: 100)

  /// What is meant if it is left out makes no second key.
  static func settle(_ parameters: inout NodeParameters, _ scale: OptionalParameter<Double>) {
    if parameters[scale] == 1 { parameters[scale] = nil }
  }

  static func scaled(_ noise: LinearCombination, by scale: Double?) -> LinearCombination {
    scale.map { $0 * noise } ?? noise
  }
}
