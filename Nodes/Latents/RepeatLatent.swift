import GraphEngine
import Tensors

/// The same latents several times, as a batch to draw on.
package struct RepeatLatent: ForecastingNode {
  package static let info = NodeInfo(
    type: "RepeatLatent", version: 1, lane: .compute, summary: "Makes a batch of the same latents, several times over.")

  let latent = Input<Latent>("latent", "The latents.")
  let times = Parameter<Int>("times", "How often; a, b becomes a, b, a, b.", min: 1, max: 4096)
  let repeated = Output<Latent>("latent", "The batch, at the same level.")

  package init() {}

  package func forecast(_ io: inout NodeForecast) {
    guard var latent = io[latent] else { return }
    if let shape = latent.shape { latent.shape = [shape[0] * io[times]] + shape.dropFirst() }
    io[repeated] = latent
  }

  package func run(_ io: inout NodeIO) {
    let value = io[latent]
    io[repeated] = Latent(value.tensor.repeated(io[times]), level: value.level)
  }
}
