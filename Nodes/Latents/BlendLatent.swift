import DiffusionModels
import GraphEngine
import Tensors

/// A straight mixture of two latents: `(1 - amount) a + amount b`.
///
/// Of noise it is weaker than either; Slerp keeps it as strong.
package struct BlendLatent: ForecastingNode {
  package static let info = NodeInfo(
    type: "BlendLatent", version: 1, lane: .compute, summary: "Blends two latents: (1 - amount) a + amount b.")

  let a = Input<Latent>("a", "The latent at amount 0.")
  let b = Input<Latent>("b", "The latent at amount 1, at the same level; one for all, or one for each.")
  let amount = Parameter("amount", "How far to blend.", default: 0.5, min: 0, max: 1)
  let latent = Output<Latent>("latent", "The blend, at the same level.")

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    _ = try pair(io[a]?.level, io[b]?.level).level()
    io[latent] = io[a] ?? io[b]
  }

  private func pair(_ a: NoiseLevel?, _ b: NoiseLevel?) -> LatentPair {
    LatentPair(first: (self.a.name, a), second: (self.b.name, b))
  }

  package func run(_ io: inout NodeIO) throws {
    let (a, b, amount) = (io[a], io[b], Float(io[amount]))
    guard a.tensor.shape.dropFirst() == b.tensor.shape.dropFirst(),
      [1, a.tensor.shape[0]].contains(b.tensor.shape[0])
    else {
      throw NodeFailure("'b' is \(b.tensor.shape), but 'a' is \(a.tensor.shape)", at: self.b.name)
    }
    let other = b.tensor.repeated(a.tensor.shape[0] / b.tensor.shape[0])
    io[latent] = Latent(
      Tensor.combination(1 - amount, a.tensor, amount, other), level: try pair(a.level, b.level).level())
  }
}
