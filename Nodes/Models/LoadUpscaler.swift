import DiffusionModels
import GraphEngine
import Tensors

/// A network of the ESRGAN family from a file.
package struct LoadUpscaler: Node {
  package static let info = NodeInfo(
    type: "LoadUpscaler", version: 1, lane: .inline,
    summary: "Opens a network of the ESRGAN family, which enlarges pictures.")

  let ports = ModelPorts(
    "A safetensors file of an ESRGAN, Real-ESRGAN (RRDBNet) or compact network, of any scale from 1 to 8.")
  let upscaler = Output<UpscalerHandle>("upscaler", "The network.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws { try ports.resolve(&parameters) }

  package func sources(_ parameters: NodeParameters) throws -> [NodeSource] { [NodeSource(parameters[ports.path])] }

  package func verify(_ parameters: NodeParameters, outputs: Set<String>) throws {
    try NodeFailure.telling(at: ports.path.name) { try Upscaler.survey(path: parameters[ports.path]) }
  }

  package func run(_ io: inout NodeIO) throws {
    let (path, precision) = (io[ports.path], Precision(rawValue: io[ports.precision]) ?? .f32)
    let (warn, port) = (io.warn, ports.path.name)
    io[upscaler] = UpscalerHandle(
      lazy: LazyModel("upscaler", LoadReport(io.reportLoaded)) {
        try Upscaler(path: path, precision: precision) { warn($0, port) }
      })
  }
}
