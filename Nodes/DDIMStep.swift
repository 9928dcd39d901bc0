import DiffusionModels
import GraphEngine
import Tensors

/// One step of DDIM, as diffusers' `DDIMScheduler.step` takes it.
///
/// The formula is equation 12 of Song, Meng and Ermon 2021; `ddimStep` has it.
package struct DDIMStep: Node {
  package static let info = NodeInfo(
    type: "DDIMStep", version: 1, lane: .compute, summary: "Takes one DDIM step: from x_t to x_{t-1}.")

  let latent = Input<Latent>("latent", "x_t, at the level of `step`.")
  let noise = Input<NoisePrediction>("noise", "The prediction for x_t.")
  let schedule = Input<Schedule>("schedule", "The levels to step between.")
  let step = Parameter<Int>(
    "step", "Index into the evaluation list.", min: 0, max: Double(NormalStream.maximumDraw - 1))
  let eta = Parameter("eta", "0 is deterministic DDIM, 1 draws as much noise as DDPM.", default: 0.0, min: 0, max: 1)
  let seed = Parameter<UInt64>("seed", "Seed of the step's noise; unused when eta is 0.", default: 0)
  let draw = OptionalParameter<Int>(
    "draw", "Which randn of the seed's stream to use; step + 1 when left out.", min: 0,
    max: Double(NormalStream.maximumDraw))
  let rng = RandomParameters.rng
  let next = Output<Latent>("latent", "x_{t-1}.")
  let denoised = Output<Latent>("denoised", "The clean latent x_0 that the prediction amounts to.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    if parameters[eta] == 0 {
      parameters[seed] = 0
      parameters[draw] = nil
      parameters[rng] = RandomParameters.defaultGenerator
    } else if parameters[draw] == nil {
      parameters[draw] = parameters[step] + 1
    }
  }

  package func run(_ io: inout NodeIO) throws {
    let (latent, prediction, schedule) = (io[latent], io[noise], io[schedule])
    try schedule.requireStep(io[step], port: step.name)
    try latent.requireLevel(of: io[step], in: schedule, port: self.latent.name)
    guard prediction.tensor.shape == latent.tensor.shape else {
      throw NodeFailure(
        "the prediction is \(prediction.tensor.shape), but the latent is \(latent.tensor.shape)", at: noise.name)
    }
    let eta = io[eta]
    let result = ddimStep(
      sample: latent.tensor, modelOutput: prediction.tensor, prediction: prediction.kind ?? schedule.predictionType,
      level: schedule.levels[io[step]], previousLevel: schedule.targetLevels[io[step]], eta: eta,
      noise: eta == 0
        ? nil
        : RandomParameters.noise(
          latent.tensor.shape, seed: io[seed], draw: io[draw] ?? io[step] + 1, generator: io[rng]))
    io[next] = Latent(result.previous, level: schedule.level(after: io[step]))
    io[denoised] = Latent(result.denoised, level: 1)
  }
}
