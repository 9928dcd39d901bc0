import DiffusionModels
import GraphEngine
import Tensors

/// USO's projector from a file.
package struct LoadStyleProjector: Node {
  package static let info = NodeInfo(
    type: "LoadStyleProjector", version: 1, lane: .inline,
    summary: "Opens USO's projector, which makes tokens that FLUX.1 sees of a picture.")

  let ports = ModelPorts("A safetensors file, that of USO's projector.")
  let projector = Output<StyleProjectorHandle>("projector", "The projector.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws { try ports.resolve(&parameters) }

  package func sources(_ parameters: NodeParameters) throws -> [NodeSource] { [NodeSource(parameters[ports.path])] }

  package func verify(_ parameters: NodeParameters, outputs: Set<String>) throws {
    try NodeFailure.telling(at: ports.path.name) { try StyleProjector.survey(path: parameters[ports.path]) }
  }

  package func run(_ io: inout NodeIO) throws {
    let (path, precision) = (io[ports.path], Precision(rawValue: io[ports.precision]) ?? .f32)
    let (warn, port) = (io.warn, ports.path.name)
    io[projector] = StyleProjectorHandle(
      lazy: LazyModel("style projector", LoadReport(io.reportLoaded)) {
        try StyleProjector(path: path, precision: precision) { warn($0, port) }
      })
  }
}
