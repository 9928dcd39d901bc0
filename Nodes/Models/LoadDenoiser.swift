import DiffusionModels
import GraphEngine

/// The denoiser of a model, from wherever it has one.
package struct LoadDenoiser: ForecastingNode {
  package static let info = NodeInfo(
    type: "LoadDenoiser", version: 1, lane: .inline, summary: "Opens the denoiser of a model, or one by itself.")

  let ports = ModelPorts("A model's folder or file, or the folder or file of a denoiser alone.")
  let training = TrainingPorts()
  let denoiser = Output<DenoiserHandle>("denoiser", "The denoiser, with the model's noise schedule.")
  let unet = Output<UNetHandle>("unet", "The same, of a model whose denoiser is a UNet.")

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

  private var outputsOfParts: [Model.Part: Set<String>] { [.unet: [denoiser.name, unet.name]] }

  package func forecast(_ io: inout NodeForecast) {
    let model = ports.known(io.parameters, training.overrides(io.parameters))
    (io[denoiser], io[unet]) = (model, model)
  }

  package func run(_ io: inout NodeIO) throws {
    let overrides = training.overrides(io.parameters)
    let (model, loading) = (try ports.open(io.parameters, overrides, warn: io.warn), LoadReport(io.reportLoaded))
    io[denoiser] = DenoiserHandle(model: model, loading: loading)
    io[unet] = UNetHandle(model: model, loading: loading)
  }
}
