import DiffusionModels
import GraphEngine

/// The way between a model's latents and those of its VAE: (l - shift) factor one way, x / factor + shift the other.
struct LatentScalePorts: PortGroup {
  let vae = OptionalInput<VAEHandle>("vae", "The VAE, which tells factor and shift.")
  let factor = OptionalParameter<Double>(
    "factor", "What latents of the VAE are multiplied by; 0.18215, of Stable Diffusion 1, when left out.", min: 1e-6)
  let shift = OptionalParameter<Double>("shift", "What is taken from them before; 0 when left out.")

  /// What a VAE tells is in no key a second time.
  func settle(_ io: inout NodeForecast) {
    guard io.isWired(vae) else { return }
    (io.parameters[factor], io.parameters[shift]) = (nil, nil)
  }

  func scale(_ io: NodeIO) -> (factor: Float, shift: Float) {
    if let config = io[vae]?.model.vaeConfig { return (Float(config.scalingFactor), Float(config.shiftFactor)) }
    return (Float(io[factor] ?? 0.18215), Float(io[shift] ?? 0))
  }
}
