import DiffusionModels
import GraphEngine

/// A model as handles to its parts.
package struct LoadModel: PartLoader {
  package static let info = NodeInfo(
    type: "LoadModel", version: 1, lane: .inline,
    summary: "Opens a model folder or a single file; parts are loaded when first used.")

  package let ports = ModelPorts(
    "A folder in the diffusers layout, with model_index.json, or a safetensors or GGUF file.")
  let denoiser = DenoiserPorts()
  let clip = Output<CLIPHandle>("clip", "The text encoders and their tokenizers.")
  let vae = Output<VAEHandle>("vae", "The autoencoder.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws {
    try ports.resolve(&parameters)
    denoiser.training.resolve(&parameters)
  }

  package var outputsOfParts: [Model.Part: Set<String>] {
    [.unet: denoiser.names, .clip: [clip.name], .vae: [vae.name]]
  }

  package func forecast(_ io: inout NodeForecast) {
    denoiser.forecast(&io, of: ports)
    let parts = ports.known(io.parameters)
    (io[clip], io[vae]) = (parts, parts)
  }

  package func run(_ io: inout NodeIO) throws {
    try denoiser.open(&io, of: ports)
    io[clip] = CLIPHandle(model: try ports.open(io.parameters, warn: io.warn), loading: LoadReport(io.reportLoaded))
    io[vae] = VAEHandle(model: try ports.open(io.parameters, warn: io.warn), loading: LoadReport(io.reportLoaded))
  }
}
