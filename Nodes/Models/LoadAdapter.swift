import DiffusionModels
import GraphEngine
import Tensors

/// A T2I-Adapter from a folder.
package struct LoadAdapter: Node {
  package static let info = NodeInfo(
    type: "LoadAdapter", version: 1, lane: .inline, summary: "Opens a T2I-Adapter of Stable Diffusion 1.x, 2.x or SDXL."
  )

  let ports = ModelPorts("A folder as diffusers saves it, of the type full_adapter or full_adapter_xl.")
  let adapter = Output<AdapterHandle>("adapter", "The adapter.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws { try ports.resolve(&parameters) }

  package func sources(_ parameters: NodeParameters) throws -> [NodeSource] {
    try NodeFailure.telling(at: ports.path.name) {
      try T2IAdapter.files(folder: parameters[ports.path]).map { NodeSource($0) }
    }
  }

  package func verify(_ parameters: NodeParameters, outputs: Set<String>) throws {
    try NodeFailure.telling(at: ports.path.name) { try T2IAdapter.survey(folder: parameters[ports.path]) }
  }

  package func run(_ io: inout NodeIO) throws {
    let (path, precision) = (io[ports.path], Precision(rawValue: io[ports.precision]) ?? .f32)
    let (warn, port) = (io.warn, ports.path.name)
    io[adapter] = AdapterHandle(
      lazy: LazyModel("adapter", LoadReport(io.reportLoaded)) {
        try T2IAdapter(folder: path, precision: precision) { warn($0, port) }
      })
  }
}
