import DiffusionModels
import GraphEngine
import Tensors

/// One forward pass of the UNet.
package struct UNetPredict: BatchableNode {
  package static let info = NodeInfo(
    type: "UNetPredict", version: 1, lane: .compute, summary: "Predicts the noise in a latent with the UNet.")

  let unet = Input<UNetHandle>("unet", "The UNet.")
  let latent = Input<Latent>("latent", "The latent at the level of `step`.")
  let conditioning = Input<Conditioning>("conditioning", "The encoded prompt; one for all, or one for each latent.")
  let schedule = Input<Schedule>("schedule", "The evaluation list.")
  let step = Parameter<Int>("step", "Index into the evaluation list.", min: 0)
  let noise = Output<NoisePrediction>("noise", "The model's own output, tagged epsilon or v.")

  package init() {}

  package var differingInput: String { conditioning.name }

  /// Pixels of latents in a batch, four pictures of 1024x1024: each takes 40 KB in Stable Diffusion 1.5, 2.7 GB for all.
  private static let mostPixels = 4 * 128 * 128

  package func canRunTogether(_ nodes: [NodeIO]) -> Bool {
    let shapes = nodes.map { $0[conditioning].tensor.shape }
    let latent = nodes[0][latent].tensor.shape
    return shapes.allSatisfy { $0 == shapes[0] } && nodes.count * latent[0] * latent[2] * latent[3] <= Self.mostPixels
  }

  /// One forward pass for all; they have everything in common but the conditioning.
  package func run(batch: inout [NodeIO]) throws {
    let io = batch[0]
    let (latent, schedule) = (io[latent], io[schedule])
    let conditionings = batch.map { $0[conditioning].tensor }
    try schedule.requireStep(io[step], port: step.name)
    try latent.requireLevel(of: io[step], in: schedule, port: self.latent.name)
    let unet = try io[unet].model(at: unet.name)
    try checking(self.latent.name) { try unet.check(latent: latent.tensor) }
    try checking(conditioning.name) {
      for conditioning in conditionings {
        try unet.check(conditioning: conditioning, samples: latent.tensor.shape[0])
      }
    }
    let predictions = try unet(
      latent: latent.tensor, timestep: schedule.timesteps[io[step]], conditionings: conditionings)
    for (index, prediction) in predictions.enumerated() {
      batch[index][noise] = NoisePrediction(prediction, kind: schedule.predictionType)
    }
  }

  /// Tells what the model refuses at the input that it came in by.
  private func checking(_ port: String, _ check: () throws -> Void) throws {
    do { try check() } catch let error as ModelError { throw NodeFailure(error.message, at: port) }
  }
}
