import DiffusionModels
import GraphEngine
import Tensors

/// Inpainting with any model: what lies outside a mask is, before a step or at the end, what the original is at that level.
///
/// `mask x + (1 - mask) (signal original + noise z)`, z being the same at every step; at the end the original itself. Between
/// two steps that is what diffusers' StableDiffusionInpaintPipeline does with a model of four channels.
package struct KeepOutside: ForecastingNode {
  package static let info = NodeInfo(
    type: "KeepOutside", version: 1, lane: .compute,
    summary: "Brings what lies outside a mask back to the original, at a step's level.")

  let latent = Input<Latent>("latent", "The latent at the level of `step`.")
  let original = Input<Latent>("original", "The clean latent to keep; one for all, or one for each.")
  let mask = CellMaskPorts("1 where the latent stays, 0 where the original is kept.")
  let schedule = Input<Schedule>("schedule", "The schedule of the step.")
  let step = Parameter<Int>(
    "step", "The step that takes the result; the number of steps for the end.", min: 0,
    max: Double(NormalStream.maximumDraw))
  let seed = Parameter<UInt64>("seed", "Seed of the noise, as a rule that which sampling starts from.", default: 0)
  let draw = Parameter(
    "draw", "Which randn of the seed's stream it is.", default: 0, min: 0, max: Double(NormalStream.maximumDraw))
  let rng = RandomParameters.rngOrComfyUI
  let kept = Output<Latent>("latent", "The latent with the original outside, at the same level.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) { RandomParameters.settle(&parameters, rng) }

  package func forecast(_ io: inout NodeForecast) throws {
    try requireClean(io[original]?.level)
    guard let schedule = io[schedule] else { return }
    try requireStep(io[step], of: schedule)
    if let latent = io[latent] { try check(latent, schedule, io[step]) }
    let isEnd = io[step] == schedule.schedule.timesteps.count
    // No noise is added at the end.
    if isEnd {
      io.parameters[seed] = 0
      io.parameters[draw] = 0
      io.parameters[rng] = RandomParameters.defaultGenerator
    }
    io[kept] = LatentForecast(
      level: Self.level(of: io[step], in: schedule.schedule), shape: io[latent]?.shape, schedule: schedule,
      step: isEnd ? nil : io[step])
  }

  private static func level(of step: Int, in schedule: Schedule) -> NoiseLevel {
    step == schedule.timesteps.count ? schedule.level(after: step - 1) : schedule.level(of: step)
  }

  private func requireStep(_ step: Int, of schedule: ScheduleForecast) throws {
    let count = schedule.schedule.timesteps.count
    guard step > count else { return }
    throw NodeFailure(
      "step is \(step), but \(schedule.name) has the steps 0 to \(count - 1), and \(count) is its end",
      at: self.step.name)
  }

  private func requireClean(_ level: NoiseLevel?) throws {
    guard let level, !level.isClean else { return }
    throw NodeFailure(
      "the original is noisy, at level \(level.text); a clean one, at level 1, was expected", at: original.name,
      notes: ["wire the result of Encode, before AddNoise"])
  }

  private func check(_ latent: LatentForecast, _ schedule: ScheduleForecast, _ step: Int) throws {
    guard step == schedule.schedule.timesteps.count else {
      return try LevelCheck(latent: latent, schedule: schedule, step: step).require(at: self.latent.name)
    }
    let end = Self.level(of: step, in: schedule.schedule)
    guard !latent.level.isSame(as: end) else { return }
    throw NodeFailure(
      "the latent is at level \(latent.level.text)\(latent.place), but \(schedule.fullName) ends at level \(end.text)",
      at: self.latent.name)
  }

  package func run(_ io: inout NodeIO) throws {
    let (latent, original, schedule, step) = (io[latent], io[original], io[schedule], io[step])
    let known = ScheduleForecast(schedule)
    try requireStep(step, of: known)
    try requireClean(original.level)
    if let level = latent.level { try check(LatentForecast(level: level), known, step) }
    let shape = latent.tensor.shape
    guard original.tensor.shape.dropFirst() == shape.dropFirst(), [1, shape[0]].contains(original.tensor.shape[0])
    else {
      throw NodeFailure(
        "the original is \(original.tensor.shape), but the latent is \(shape)", at: self.original.name,
        notes: ["make the latent as large as the picture"])
    }
    var outside = original.tensor.repeated(shape[0] / original.tensor.shape[0])
    if step < schedule.timesteps.count {
      let noise = RandomParameters.noise(shape, seed: io[seed], draw: io[draw], generator: io[rng])
      outside = DiffusionModels.addNoise(noise, to: outside, level: schedule.level(of: step))
    }
    io[kept] = Latent(
      outside.mixed(with: latent.tensor, by: try mask.cells(io, of: latent.tensor)), level: latent.level)
  }
}
