import DiffusionModels
import GraphEngine
import Tensors

/// One forward pass of a denoiser of any family.
package struct Predict: BatchableNode, ForecastingNode {
  package static let info = NodeInfo(
    type: "Predict", version: 1, lane: .compute, summary: "Predicts the noise in a latent with the denoiser.")

  let denoiser = Input<DenoiserHandle>("denoiser", "The denoiser, of any family.")
  let ports = PredictionPorts()
  let references = VariadicInput<Latent>(
    "references", "Pictures to go by, as clean latents: what FLUX.2 klein edits.", isOptional: true)

  package init() {}

  package var differingInput: String { ports.conditioning.name }

  package func canRunTogether(_ nodes: [NodeIO]) -> Bool { ports.canRunTogether(nodes) }

  package func forecast(_ io: inout NodeForecast) throws {
    try ports.forecast(&io)
    guard let config = io[denoiser]?.denoiserConfig else { return }
    if io[ports.guidance] != nil, config.refusesGuidance {
      throw NodeFailure(
        "the model is \(config.modelName), which is not told a guidance scale", at: ports.guidance.name,
        notes: ["leave 'guidance' out"])
    }
    if io.isWired(references), !config.takesReferences {
      throw NodeFailure(
        "the model is \(config.modelName), which looks at no other pictures", at: references.name,
        notes: ["FLUX.2 does"])
    }
  }

  package func run(batch: inout [NodeIO]) throws {
    let denoiser = try batch[0][denoiser].denoiser(at: denoiser.name)
    try ports.run(batch: &batch, denoiser, references: batch[0][references].map(\.tensor))
  }
}
