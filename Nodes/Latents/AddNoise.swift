import DiffusionModels
import GraphEngine
import Tensors

/// Noise added to a clean latent, up to the level at which a step of a schedule starts.
package struct AddNoise: ForecastingNode {
  package static let info = NodeInfo(
    type: "AddNoise", version: 2, lane: .compute, summary: "Brings a clean latent to the noise level of a step.")

  let latent = Input<Latent>("latent", "A clean latent; on a schedule of ComfyUI's one of any level.")
  let schedule = Input<Schedule>("schedule", "The schedule whose step comes next.")
  let step = Parameter("step", "The step that will take the result.", default: 0, min: 0)
  let seed = Parameter<UInt64>("seed", "Seed of the noise.", default: 0)
  let draw = Parameter(
    "draw", "Which randn of the seed's stream to add.", default: 0, min: 0,
    max: Double(NormalStream.maximumDraw))
  let rng = RandomParameters.rngOrComfyUI
  let amount = OptionalParameter<Double>(
    "amount", "How much noise, 1 when left out; 0 only brings the latent to the scale of the level.", min: 0)
  let noisy = Output<Latent>("latent", "signal latent + noise z, at the level of the step.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    RandomParameters.settle(&parameters, rng)
    if parameters[amount] == 1 { parameters[amount] = nil }
  }

  package func forecast(_ io: inout NodeForecast) throws {
    if io[schedule]?.schedule.convention != .comfyui { try requireClean(io[latent]?.level) }
    guard let schedule = io[schedule] else { return }
    try schedule.requireStep(io[step], port: step.name)
    io[noisy] = LatentForecast(
      level: schedule.schedule.level(of: io[step]), shape: io[latent]?.shape, schedule: schedule, step: io[step])
  }

  private func requireClean(_ level: NoiseLevel?) throws {
    guard let level, !level.isClean else { return }
    if level.isPureNoise { throw purity }
    throw NodeFailure(
      "the latent is noisy already, at level \(level.text); a clean one, at level 1, was expected", at: latent.name)
  }

  private var purity: NodeFailure {
    NodeFailure(
      "the latent is pure noise already, at level 0; a clean one, at level 1, was expected", at: latent.name,
      notes: ["leave out the seed of the EmptyLatent"])
  }

  package func run(_ io: inout NodeIO) throws {
    let (latent, schedule) = (io[latent], io[schedule])
    try ScheduleForecast(schedule).requireStep(io[step], port: step.name)
    let noise = RandomParameters.noise(latent.tensor.shape, seed: io[seed], draw: io[draw], generator: io[rng])
    let level = schedule.level(of: io[step])
    let amount = io[amount] ?? 1
    if schedule.convention == .comfyui {
      io[noisy] = try scaled(latent, with: noise, amount, to: level, isStart: io[step] == 0 && schedule.startsFromNoise)
      return
    }
    try requireClean(latent.level)
    io[noisy] = Latent(
      DiffusionModels.addNoise(noise, amount: amount, to: latent.tensor, level: level), level: level)
  }

  /// ComfyUI's `noise_scaling`: a latent that is noisy has left its run divided by the signal, and where a run begins in
  /// all noise, that of the level is all of it.
  private func scaled(
    _ latent: Latent, with noise: Tensor, _ amount: Double, to level: NoiseLevel, isStart: Bool
  ) throws -> Latent {
    let from = latent.level ?? .clean
    guard from.signal > 0 else { throw purity }
    let startsClean = isStart && level.kind == .flow
    let sample = (startsClean ? 0 : level.signal / from.signal) * LinearCombination(latent.tensor)
    let sum = amount == 0 ? sample : sample + amount * (isStart ? 1 : level.noise) * LinearCombination(noise)
    return Latent(sum.evaluated(), level: level)
  }
}
