import DiffusionModels
import GraphEngine

/// The text encoders of a model, from wherever it has them.
package struct LoadTextEncoder: PartLoader {
  package static let info = NodeInfo(
    type: "LoadTextEncoder", version: 1, lane: .inline,
    summary: "Opens the text encoders of a model, or one or two by themselves.")

  package let ports = ModelPorts("A model's folder or file, or the folder or file of a text encoder alone.")
  let encoders = TextEncoderPorts()
  let clip = Output<CLIPHandle>("clip", "The text encoders and their tokenizers.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws {
    try ports.resolve(&parameters)
    // A graph for one folder or two files says the one twice.
    if parameters[encoders.secondPath] == parameters[ports.path] { parameters[encoders.secondPath] = nil }
  }

  package var textEncoders: TextEncoderPorts? { encoders }

  package var outputsOfParts: [Model.Part: Set<String>] { [.clip: [clip.name]] }

  package func forecast(_ io: inout NodeForecast) { io[clip] = ports.known(io.parameters, encoders: encoders) }

  package func run(_ io: inout NodeIO) throws {
    let model = try ports.open(io.parameters, encoders: encoders, warn: io.warn)
    io[clip] = CLIPHandle(model: model, loading: LoadReport(io.reportLoaded))
  }
}
