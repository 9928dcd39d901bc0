import GraphEngine
import Safetensors

/// A tensor as a safetensors file.
package struct SaveTensor: Node {
  package static let info = NodeInfo(
    type: "SaveTensor", version: 1, lane: .io, summary: "Writes a tensor to a safetensors file.", isSink: true)

  let tensor = Input<PlainTensor>("tensor", "Latents, predictions, conditionings, images or any other tensor.")
  let path = Parameter<String>("path", "The file to write; missing folders are created.", path: .write)
  let name = Parameter("name", "The tensor's name in the file.", default: "tensor")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws {
    if let refusal = FileEnding.refusal(of: parameters[path], written: ["safetensors"], kind: "safetensors") {
      throw NodeFailure(refusal.message, at: path.name)
    }
  }

  package func run(_ io: inout NodeIO) throws {
    let value = io[tensor]
    guard io[name] != "__metadata__" else {
      throw NodeFailure("'__metadata__' is what safetensors calls its own; another name was expected", at: name.name)
    }
    var file = SafetensorsWriter(metadata: value.metadata)
    file.add(io[name], value.tensor)
    do {
      try io.claim(io[path], WholeFile.place(of: io[path]))
      try WholeFile.write(file.bytes(), to: io[path], kind: .safetensors)
    } catch let error as FileError {
      throw NodeFailure(error.message, at: path.name)
    }
    io.reportWritten(io[path])
  }
}
