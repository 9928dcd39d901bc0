import DiffusionModels
import GraphEngine
import Tensors

/// Noise added to a clean latent, up to the level at which a step of a schedule starts.
package struct AddNoise: ForecastingNode {
  package static let info = NodeInfo(
    type: "AddNoise", version: 2, lane: .compute, summary: "Brings a clean latent to the noise level of a step.")

  let latent = Input<Latent>("latent", "A clean latent.")
  let schedule = Input<Schedule>("schedule", "The schedule whose step comes next.")
  let step = Parameter("step", "The step that will take the result.", default: 0, min: 0)
  let seed = Parameter<UInt64>("seed", "Seed of the noise.", default: 0)
  let draw = Parameter(
    "draw", "Which randn of the seed's stream to add.", default: 0, min: 0,
    max: Double(NormalStream.maximumDraw))
  let rng = RandomParameters.rng
  let noisy = Output<Latent>("latent", "signal latent + noise z, at the level of the step.")

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    try requireClean(io[latent]?.level)
    guard let schedule = io[schedule] else { return }
    try schedule.requireStep(io[step], port: step.name)
    io[noisy] = LatentForecast(
      level: schedule.schedule.level(of: io[step]), shape: io[latent]?.shape, schedule: schedule, step: io[step])
  }

  private func requireClean(_ level: NoiseLevel?) throws {
    guard let level, !level.isClean else { return }
    throw NodeFailure(
      level.isPureNoise
        ? "the latent is pure noise already, at level 0; a clean one, at level 1, was expected"
        : "the latent is noisy already, at level \(level.text); a clean one, at level 1, was expected",
      at: latent.name, notes: level.isPureNoise ? ["leave out the seed of the EmptyLatent"] : [])
  }

  package func run(_ io: inout NodeIO) throws {
    let (latent, schedule) = (io[latent], io[schedule])
    try ScheduleForecast(schedule).requireStep(io[step], port: step.name)
    try requireClean(latent.level)
    let noise = RandomParameters.noise(latent.tensor.shape, seed: io[seed], draw: io[draw], generator: io[rng])
    let level = schedule.level(of: io[step])
    io[noisy] = Latent(DiffusionModels.addNoise(noise, to: latent.tensor, level: level), level: level)
  }
}
