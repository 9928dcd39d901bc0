import DiffusionModels
import GraphEngine
import Tensors

/// A ControlNet from a folder or a file.
package struct LoadControlNet: Node {
  package static let info = NodeInfo(
    type: "LoadControlNet", version: 1, lane: .inline,
    summary: "Opens a ControlNet of Stable Diffusion 1.x, 2.x or SDXL.")

  let ports = ModelPorts("A folder as diffusers saves it, or a file in its names or in those of the authors.")
  let controlnet = Output<ControlNetHandle>("controlnet", "The ControlNet.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws { try ports.resolve(&parameters) }

  package func sources(_ parameters: NodeParameters) throws -> [NodeSource] {
    try NodeFailure.telling(at: ports.path.name) {
      try ControlNetSource(path: parameters[ports.path]).files.map { NodeSource($0) }
    }
  }

  package func verify(_ parameters: NodeParameters, outputs: Set<String>) throws {
    try NodeFailure.telling(at: ports.path.name) { try ControlNetSource(path: parameters[ports.path]).survey() }
  }

  package func run(_ io: inout NodeIO) throws {
    let source = try NodeFailure.telling(at: ports.path.name) { try ControlNetSource(path: io[ports.path]) }
    let (precision, warn, port) = (Precision(rawValue: io[ports.precision]) ?? .f32, io.warn, ports.path.name)
    io[controlnet] = ControlNetHandle(
      lazy: LazyModel("controlnet", LoadReport(io.reportLoaded)) {
        try source.load(precision: precision) { warn($0, port) }
      })
  }
}
