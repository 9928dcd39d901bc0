import DiffusionModels
import GraphEngine

/// The VAE of a model, from wherever it has one.
package struct LoadVAE: PartLoader {
  package static let info = NodeInfo(
    type: "LoadVAE", version: 1, lane: .inline, summary: "Opens the VAE of a model, or one by itself.")

  package let ports = ModelPorts("A model's folder or file, or the folder or file of a VAE alone.")
  let scalingFactor = OptionalParameter<Double>(
    "scaling_factor",
    "What latents are multiplied by, which a VAE alone in a file does not say: 0.18215 if left out or, of 16 channels, "
      + "0.3611 as FLUX.1's; 0.13025 in SDXL.",
    min: 1e-6)
  let shiftFactor = OptionalParameter<Double>(
    "shift_factor",
    "What is taken from latents before that; where a VAE alone in a file has 16 channels, 0.1159 as FLUX.1's if left out."
  )
  let vae = Output<VAEHandle>("vae", "The autoencoder.")

  package init() {}

  package var outputsOfParts: [Model.Part: Set<String>] { [.vae: [vae.name]] }

  package func forecast(_ io: inout NodeForecast) {
    io[vae] = ports.known(io.parameters, overrides(io.parameters))
  }

  package func run(_ io: inout NodeIO) throws {
    let model = try ports.open(io.parameters, overrides(io.parameters), warn: io.warn)
    io[vae] = VAEHandle(model: model, loading: LoadReport(io.reportLoaded))
  }

  private func overrides(_ parameters: NodeParameters) -> ModelOverrides {
    ModelOverrides(scalingFactor: parameters[scalingFactor], shiftFactor: parameters[shiftFactor])
  }
}
