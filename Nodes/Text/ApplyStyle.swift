import DiffusionModels
import GraphEngine
import Tensors

/// Pictures behind a text: what a style model makes of a picture's tokens, as tokens more, as ComfyUI's StyleModelApply puts them.
package struct ApplyStyle: Node {
  package static let info = NodeInfo(
    type: "ApplyStyle", version: 1, lane: .compute, summary: "Puts pictures behind the tokens of a text.")

  let style = Input<StyleModelHandle>("stylemodel", "The style model.")
  let states = Input<PlainTensor>(
    "states", "The states of one picture or several, [n, t, d]; all of them go behind each text.")
  let conditioning = Input<Conditioning>("conditioning", "The encoded text.")
  let strength = Parameter("strength", "What the pictures' tokens are multiplied by.", default: 1.0, min: 0, max: 10)
  let result = Output<Conditioning>("conditioning", "The text with the pictures behind it.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let model = try io[style].lazy.model(at: style.name)
    let (states, conditioning, strength) = (io[states].tensor, io[conditioning], Float(io[strength]))
    guard states.shape.count == 3, states.shape[2] == model.inputs else {
      throw NodeFailure(
        "the states are \(states.shape), but the style model takes [n, t, \(model.inputs)]", at: self.states.name)
    }
    let tokens = strength * model(states)
    let flat = tokens.reshaped([1, tokens.shape[0] * tokens.shape[1], tokens.shape[2]])
    let parts = try conditioning.parts.map { part in
      guard part.tensor.shape[2] == flat.shape[2] else {
        throw NodeFailure(
          "the text is \(part.tensor.shape), but the style model makes tokens \(flat.shape[2]) wide",
          at: self.conditioning.name)
      }
      let joined = (0..<part.tensor.shape[0]).map { index in
        Tensor(concatenating: [part.tensor.sample(index), flat].map { $0.reshaped(Array($0.shape.dropFirst())) })
      }
      let count = part.tensor.shape[1] + flat.shape[1]
      return Conditioning(
        Tensor(concatenating: joined).reshaped([joined.count, count, flat.shape[2]]), pooled: part.pooled,
        sizes: part.sizes)
    }
    io[result] = Conditioning(averaging: parts)
  }
}
