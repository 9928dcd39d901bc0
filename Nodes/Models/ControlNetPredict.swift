import DiffusionModels
import GraphEngine
import Tensors

/// What a ControlNet adds to a UNet at one step, for a picture and a prompt.
package struct ControlNetPredict: ForecastingNode {
  package static let info = NodeInfo(
    type: "ControlNetPredict", version: 1, lane: .compute, summary: "Predicts what a ControlNet adds at a step.")

  let controlnet = Input<ControlNetHandle>("controlnet", "The ControlNet.")
  let latent = Input<Latent>("latent", "The latent at the level of `step`, as the UNet sees it.")
  let conditioning = Input<Conditioning>("conditioning", "The prompt that the UNet sees too.")
  let image = Input<Image>("image", "The picture that it looks at, as large as the one to make.")
  let schedule = Input<Schedule>("schedule", "The evaluation list.")
  let step = Parameter<Int>("step", "Index into the evaluation list.", min: 0)
  let strength = Parameter("strength", "How much of it is added.", default: 1.0)
  let control = Output<Control>("control", "What Predict and UNetPredict take.")

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    guard let schedule = io[schedule] else { return }
    try schedule.requireStep(io[step], port: step.name)
    if let latent = io[latent] {
      try LevelCheck(latent: latent, schedule: schedule, step: io[step]).require(at: self.latent.name)
    }
  }

  package func run(_ io: inout NodeIO) throws {
    let net = try io[controlnet].lazy.model(at: controlnet.name)
    let (latent, schedule, conditioning) = (io[latent], io[schedule], io[conditioning])
    try ScheduleForecast(schedule).requireStep(io[step], port: step.name)
    try latent.requireLevel(of: io[step], in: schedule, port: self.latent.name)
    guard conditioning.parts.count == 1 else {
      throw NodeFailure(
        "the conditioning combines \(conditioning.parts.count) prompts; one was expected", at: self.conditioning.name)
    }
    let told = UNetConditioning(
      DenoiserConditioning(conditioning.tensor, pooled: conditioning.pooled, sizes: conditioning.sizes),
      config: net.config.unet, latent: latent.tensor, pixelsPerLatent: net.config.pixelsPerLatent)
    let picture = io[image].halves
    let factor = net.config.pixelsPerLatent
    guard picture.shape[2] == latent.tensor.shape[2] * factor, picture.shape[3] == latent.tensor.shape[3] * factor
    else {
      throw NodeFailure(
        "the picture is \(sizeText(picture)), but the latent is one of \(latent.tensor.shape[3] * factor)x"
          + "\(latent.tensor.shape[2] * factor)", at: image.name, notes: ["ResizeImage makes it as large"])
    }
    let residuals = try NodeFailure.telling(at: self.conditioning.name) {
      try net(latent: latent.tensor, timestep: schedule.timesteps[io[step]], conditioning: told, image: picture)
    }
    io[control] = Control(residuals.scaled(by: Float(io[strength])))
  }
}
