import DiffusionModels
import GraphEngine

/// A node that opens a model or parts of one: which files these are, and how they are looked at before anything runs.
package protocol PartLoader: ForecastingNode {
  var ports: ModelPorts { get }
  /// What text encoders need to be told, of a node that opens them by themselves.
  var textEncoders: TextEncoderPorts? { get }
  /// The names of the outputs that each part reaches.
  var outputsOfParts: [Model.Part: Set<String>] { get }
}

extension PartLoader {
  package var textEncoders: TextEncoderPorts? { nil }

  package func resolve(_ parameters: inout NodeParameters) throws { try ports.resolve(&parameters) }

  package func sources(_ parameters: NodeParameters) throws -> [NodeSource] {
    try ports.sources(parameters, outputsOfParts, encoders: textEncoders)
  }

  package func verify(_ parameters: NodeParameters, outputs: Set<String>) throws {
    try ports.verify(parameters, outputsOfParts, needed: outputs, encoders: textEncoders)
  }
}

/// A denoiser that is opened, with what a person knows better of its training.
struct DenoiserPorts: PortGroup {
  let training = TrainingPorts()
  let denoiser = Output<DenoiserHandle>("denoiser", "The denoiser, with the model's noise schedule.")
  let unet = Output<UNetHandle>("unet", "The same, of a model whose denoiser is a UNet.")

  var names: Set<String> { [denoiser.name, unet.name] }

  func forecast(_ io: inout NodeForecast, of ports: ModelPorts) {
    let model = ports.known(io.parameters, training.overrides(io.parameters))
    (io[denoiser], io[unet]) = (model, model)
  }

  /// Throws `NodeFailure` at the model's path.
  func open(_ io: inout NodeIO, of ports: ModelPorts) throws {
    let model = try ports.open(io.parameters, training.overrides(io.parameters), warn: io.warn)
    let loading = LoadReport(io.reportLoaded)
    io[denoiser] = DenoiserHandle(model: model, loading: loading)
    io[unet] = UNetHandle(model: model, loading: loading)
  }
}
