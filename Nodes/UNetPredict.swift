import DiffusionModels
import GraphEngine
import Tensors

/// One forward pass of the UNet.
package struct UNetPredict: Node {
  package static let info = NodeInfo(
    type: "UNetPredict", version: 1, lane: .compute, summary: "Predicts the noise in a latent with the UNet.")

  let unet = Input<UNetHandle>("unet", "The UNet.")
  let latent = Input<Latent>("latent", "The latent at the level of `step`.")
  let conditioning = Input<Conditioning>("conditioning", "The encoded prompt; one for all, or one for each latent.")
  let schedule = Input<Schedule>("schedule", "The evaluation list.")
  let step = Parameter<Int>("step", "Index into the evaluation list.", min: 0)
  let noise = Output<NoisePrediction>("noise", "The model's own output, tagged epsilon or v.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let (latent, conditioning, schedule) = (io[latent], io[conditioning].tensor, io[schedule])
    let samples = latent.tensor.shape[0]
    try schedule.requireStep(io[step], port: step.name)
    try latent.requireLevel(of: io[step], in: schedule, port: self.latent.name)
    guard [1, samples].contains(conditioning.shape[0]) else {
      throw NodeFailure(
        "\(conditioning.shape[0]) conditionings for \(samples) latents; expected 1 or \(samples)",
        at: self.conditioning.name)
    }
    let unet = try io[unet].model(at: unet.name)
    do {
      let prediction = try unet(
        latent: latent.tensor, timestep: schedule.timesteps[io[step]], conditioning: conditioning)
      io[noise] = NoisePrediction(prediction, kind: schedule.predictionType)
    } catch let error as ModelError {
      throw NodeFailure(error.message, at: self.latent.name)
    }
  }
}
