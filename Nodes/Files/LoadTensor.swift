import GraphEngine
import Safetensors

/// A tensor from a safetensors file.
package struct LoadTensor: Node {
  package static let info = NodeInfo(
    type: "LoadTensor", version: 1, lane: .io, summary: "Reads a tensor from a safetensors file.")

  let path = Parameter<String>("path", "A safetensors file.", path: .read)
  let name = Parameter("name", "The tensor's name in the file.", default: "tensor")
  let tensor = Output<PlainTensor>("tensor", "The tensor in f32; it may feed every tensor port of its shape.")

  package init() {}

  package func sources(_ parameters: NodeParameters) -> [NodeSource] { [NodeSource(parameters[path])] }

  package func run(_ io: inout NodeIO) throws {
    do {
      let file = try SafetensorsReader(path: io[path])
      io[tensor] = try PlainTensor(tensor: file.tensor(io[name]), metadata: [:])
    } catch let error as WeightFileError {
      throw NodeFailure(error.message, at: path.name)
    }
  }
}
