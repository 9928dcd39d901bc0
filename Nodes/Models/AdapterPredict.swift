import DiffusionModels
import GraphEngine
import Tensors

/// What a T2I-Adapter adds to a UNet for a picture: the same at every step.
package struct AdapterPredict: Node {
  package static let info = NodeInfo(
    type: "AdapterPredict", version: 1, lane: .compute, summary: "Predicts what a T2I-Adapter adds for a picture.")

  let adapter = Input<AdapterHandle>("adapter", "The adapter.")
  let image = Input<Image>("image", "The picture that it looks at, as large as the one to make.")
  let strength = Parameter("strength", "How much of it is added.", default: 1.0)
  let control = Output<Control>("control", "What Predict and UNetPredict take.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let adapter = try io[adapter].lazy.model(at: adapter.name)
    let residuals = try NodeFailure.telling(at: image.name) { try adapter(io[image].halves) }
    io[control] = Control(residuals.scaled(by: Float(io[strength])))
  }
}

extension Image {
  /// In 0...1, what is outside cut off.
  var halves: Tensor {
    Tensor.combination(0.5, tensor, 0.5, Tensor(repeating: 1, shape: tensor.shape)).clamped(to: 0...1)
  }
}
