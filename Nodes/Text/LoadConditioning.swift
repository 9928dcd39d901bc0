import DiffusionModels
import GraphEngine
import Safetensors
import Tensors

/// An encoded prompt from a safetensors file: one that SaveConditioning wrote, or tensors that anything else did.
package struct LoadConditioning: Node {
  package static let info = NodeInfo(
    type: "LoadConditioning", version: 1, lane: .io, summary: "Reads an encoded prompt from a file.")

  let path = Parameter<String>("path", "A safetensors file.", path: .read)
  let states = OptionalParameter<String>(
    "states",
    "The tensor with the states [n, t, d]; left out, the file is one of SaveConditioning's, and all of it is read.")
  let pooled = OptionalParameter<String>(
    "pooled", "With `states`: the tensor with the vector for the whole text, [n, p], of models that take one.")
  let sizes = SizePorts()
  let conditioning = Output<Conditioning>("conditioning", "The encoded prompt.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws {
    guard parameters[states] == nil else { return }
    if parameters[pooled] != nil {
      throw NodeFailure("'pooled' names a tensor beside 'states', which was expected too", at: pooled.name)
    }
    if sizes.sizes(parameters) != PictureSizes() {
      throw NodeFailure(
        "a file of SaveConditioning's tells its sizes itself; sizes go with 'states'", at: path.name)
    }
  }

  package func sources(_ parameters: NodeParameters) -> [NodeSource] { [NodeSource(parameters[path])] }

  package func run(_ io: inout NodeIO) throws {
    do {
      let file = try SafetensorsReader(path: io[path])
      guard let name = io[states] else {
        io[conditioning] = try Conditioning(reading: file)
        return
      }
      let states = try tensor(name, axes: 3, "[n, t, d]", in: file, at: self.states.name)
      let pooled = try io[pooled].map { try tensor($0, axes: 2, "[n, p]", in: file, at: self.pooled.name) }
      if let pooled, pooled.shape[0] != states.shape[0] {
        throw NodeFailure(
          "the vectors are \(pooled.shape), but the states \(states.shape): one for each was expected",
          at: self.pooled.name)
      }
      io[conditioning] = Conditioning(states, pooled: pooled, sizes: sizes.sizes(io.parameters))
    } catch let error as WeightFileError {
      throw NodeFailure(error.message, at: path.name)
    }
  }

  private func tensor(
    _ name: String, axes: Int, _ expected: String, in file: SafetensorsReader, at port: String
  ) throws -> Tensor {
    let tensor = try file.tensor(name)
    guard tensor.shape.count == axes, tensor.count > 0 else {
      throw NodeFailure("'\(name)' is \(tensor.shape); \(expected) was expected", at: port)
    }
    return tensor
  }
}
