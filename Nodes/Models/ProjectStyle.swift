import DiffusionModels
import GraphEngine
import Tensors

/// A picture as tokens that FLUX.1 sees before those of the text, as ComfyUI's USOStyleReference makes them.
package struct ProjectStyle: Node {
  package static let info = NodeInfo(
    type: "ProjectStyle", version: 1, lane: .compute, summary: "Makes tokens of a picture that set a style.")

  let projector = Input<StyleProjectorHandle>("projector", "USO's projector.")
  let deep = Input<PlainTensor>(
    "deep", "The states of a picture after three layers of SigLIP, [3 n, t, d], by EncodePicture.")
  let style = Output<PlainTensor>("style", "What Predict takes, [n, s, width of the model].")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let model = try io[projector].lazy.model(at: projector.name)
    let states = io[deep].tensor
    guard states.shape.count == 3, states.shape[0].isMultiple(of: 3), states.shape[1] == model.tokens,
      states.shape[2] == model.inputs
    else {
      throw NodeFailure(
        "the states are \(states.shape), but the projector takes [3 n, \(model.tokens), \(model.inputs)]", at: deep.name
      )
    }
    io[style] = PlainTensor(tensor: model(states), metadata: [:])
  }
}
