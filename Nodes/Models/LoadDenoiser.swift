import DiffusionModels
import GraphEngine

/// The denoiser of a model, from wherever it has one.
package struct LoadDenoiser: PartLoader {
  package static let info = NodeInfo(
    type: "LoadDenoiser", version: 1, lane: .inline, summary: "Opens the denoiser of a model, or one by itself.")

  package let ports = ModelPorts("A model's folder or file, or the folder or file of a denoiser alone.")
  let denoiser = DenoiserPorts()

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws {
    try ports.resolve(&parameters)
    denoiser.training.resolve(&parameters)
  }

  package var outputsOfParts: [Model.Part: Set<String>] { [.unet: denoiser.names] }

  package func forecast(_ io: inout NodeForecast) { denoiser.forecast(&io, of: ports) }

  package func run(_ io: inout NodeIO) throws { try denoiser.open(&io, of: ports) }
}
