import DiffusionModels
import GraphEngine
import Tensors

/// An encoder of pictures from a file.
package struct LoadPictureEncoder: Node {
  package static let info = NodeInfo(
    type: "LoadPictureEncoder", version: 1, lane: .inline, summary: "Opens CLIP's or SigLIP's encoder of pictures.")

  let ports = ModelPorts(
    "A safetensors file in transformers' names, such as that of SigLIP SO400M or of OpenCLIP bigG.")
  let encoder = Output<PictureEncoderHandle>("encoder", "The encoder.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws { try ports.resolve(&parameters) }

  package func sources(_ parameters: NodeParameters) throws -> [NodeSource] { [NodeSource(parameters[ports.path])] }

  package func verify(_ parameters: NodeParameters, outputs: Set<String>) throws {
    try NodeFailure.telling(at: ports.path.name) { try PictureEncoder.survey(path: parameters[ports.path]) }
  }

  package func run(_ io: inout NodeIO) throws {
    let (path, precision) = (io[ports.path], Precision(rawValue: io[ports.precision]) ?? .f32)
    let (warn, port) = (io.warn, ports.path.name)
    io[encoder] = PictureEncoderHandle(
      lazy: LazyModel("picture encoder", LoadReport(io.reportLoaded)) {
        try PictureEncoder(path: path, precision: precision) { warn($0, port) }
      })
  }
}
