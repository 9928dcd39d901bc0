import DiffusionModels
import GraphEngine

/// A model as handles to its parts.
package struct LoadModel: ForecastingNode {
  package static let info = NodeInfo(
    type: "LoadModel", version: 1, lane: .inline,
    summary: "Opens a model folder or a single file; parts are loaded when first used.")

  let ports = ModelPorts("A folder in the diffusers layout, with model_index.json, or a safetensors or GGUF file.")
  let training = TrainingPorts()
  let denoiser = Output<DenoiserHandle>("denoiser", "The denoiser, with the model's noise schedule.")
  let unet = Output<UNetHandle>("unet", "The same, of a model whose denoiser is a UNet.")
  let clip = Output<CLIPHandle>("clip", "The text encoders and their tokenizers.")
  let vae = Output<VAEHandle>("vae", "The autoencoder.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws {
    try ports.resolve(&parameters)
    training.resolve(&parameters)
  }

  package func sources(_ parameters: NodeParameters) throws -> [NodeSource] {
    try ports.sources(parameters, outputsOfParts)
  }

  package func verify(_ parameters: NodeParameters, outputs: Set<String>) throws {
    try ports.verify(parameters, outputsOfParts, needed: outputs)
  }

  private var outputsOfParts: [Model.Part: Set<String>] {
    [.unet: [denoiser.name, unet.name], .clip: [clip.name], .vae: [vae.name]]
  }

  package func forecast(_ io: inout NodeForecast) {
    let model = ports.known(io.parameters, training.overrides(io.parameters))
    let parts = ports.known(io.parameters)
    (io[denoiser], io[unet], io[clip], io[vae]) = (model, model, parts, parts)
  }

  package func run(_ io: inout NodeIO) throws {
    let overrides = training.overrides(io.parameters)
    let (model, loading) = (try ports.open(io.parameters, overrides, warn: io.warn), LoadReport(io.reportLoaded))
    io[denoiser] = DenoiserHandle(model: model, loading: loading)
    io[unet] = UNetHandle(model: model, loading: loading)
    io[clip] = CLIPHandle(model: try ports.open(io.parameters, warn: io.warn), loading: LoadReport(io.reportLoaded))
    io[vae] = VAEHandle(model: try ports.open(io.parameters, warn: io.warn), loading: LoadReport(io.reportLoaded))
  }
}
