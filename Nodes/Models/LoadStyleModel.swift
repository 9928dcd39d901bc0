import DiffusionModels
import GraphEngine
import Tensors

/// A style model from a file.
package struct LoadStyleModel: Node {
  package static let info = NodeInfo(
    type: "LoadStyleModel", version: 1, lane: .inline,
    summary: "Opens FLUX.1 Redux, which makes tokens of a text of a picture.")

  let ports = ModelPorts("A safetensors file, that of FLUX.1 Redux dev.")
  let style = Output<StyleModelHandle>("stylemodel", "The model.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws { try ports.resolve(&parameters) }

  package func sources(_ parameters: NodeParameters) throws -> [NodeSource] { [NodeSource(parameters[ports.path])] }

  package func verify(_ parameters: NodeParameters, outputs: Set<String>) throws {
    try NodeFailure.telling(at: ports.path.name) { try StyleModel.survey(path: parameters[ports.path]) }
  }

  package func run(_ io: inout NodeIO) throws {
    let (path, precision) = (io[ports.path], Precision(rawValue: io[ports.precision]) ?? .f32)
    let (warn, port) = (io.warn, ports.path.name)
    io[style] = StyleModelHandle(
      lazy: LazyModel("style model", LoadReport(io.reportLoaded)) {
        try StyleModel(path: path, precision: precision) { warn($0, port) }
      })
  }
}
