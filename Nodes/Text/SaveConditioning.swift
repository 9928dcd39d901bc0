import GraphEngine

/// An encoded prompt as a safetensors file, so that a large text encoder has to run once for all machines.
package struct SaveConditioning: Node {
  package static let info = NodeInfo(
    type: "SaveConditioning", version: 1, lane: .io, summary: "Writes an encoded prompt to a file.", isSink: true)

  let conditioning = Input<Conditioning>("conditioning", "The encoded prompt, with all that belongs to it.")
  let path = Parameter<String>("path", "The file to write; missing folders are created.", path: .write)

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws {
    if let refusal = FileEnding.refusal(of: parameters[path], written: ["safetensors"], kind: "safetensors") {
      throw NodeFailure(refusal.message, at: path.name)
    }
  }

  package func run(_ io: inout NodeIO) throws {
    do {
      try io.claim(io[path], WholeFile.place(of: io[path]))
      try WholeFile.write(io[conditioning].encoded(), to: io[path], kind: .safetensors)
    } catch let error as FileError {
      throw NodeFailure(error.message, at: path.name)
    }
    io.reportWritten(io[path])
  }
}
