import DiffusionModels
import GraphEngine

/// Whether a latent is at the level of the step that is to take it: one check for plans and for runs.
struct LevelCheck {
  /// What is at the level: "the latent", or "the history".
  var subject = "the latent"
  let latent: LatentForecast
  let schedule: ScheduleForecast
  let step: Int

  /// Pure noise may enter at the first step of a schedule that starts from noise, although the level there is a little
  /// above 0: that is how Stable Diffusion samples.
  private var fits: Bool {
    schedule.schedule.starts(step, at: latent.level)
      || (latent.level == 0 && step == 0 && schedule.schedule.startsFromNoise)
  }

  /// Throws `NodeFailure` at `port`, with what to do about it.
  func require(at port: String) throws {
    guard !fits else { return }
    let wanted = schedule.schedule.levels[step]
    throw NodeFailure(
      "\(subject) is at level \(latent.level.levelText)\(latent.place), but step \(step) of \(schedule.fullName) starts at level "
        + wanted.levelText, at: port,
      notes: ["levels go from 0, pure noise, to 1, clean", remedy].compactMap(\.self))
  }

  private var remedy: String? {
    let levels = schedule.schedule.levels
    if latent.level == 0 {
      let add = "add the noise with AddNoise, step \(step)"
      return step == 0
        ? "leave out the seed of the EmptyLatent and \(add); or set 'spacing: leading', which starts from pure noise"
        : "to begin at step \(step), leave out the seed of the EmptyLatent, or encode a picture, and \(add)"
    }
    if let place = levels.indices.first(where: { schedule.schedule.starts($0, at: latent.level) }) {
      return "that is the level of step \(place) of \(schedule.name)"
    }
    if latent.level == 1 { return "AddNoise, step \(step), brings a clean latent to this level" }
    if let made = latent.schedule, made.address != nil, made !== schedule {
      return "wire \(made.name) into 'after' of \(schedule.name) to go on from there, or spread both alike, as "
        + "'spacing: trailing' does in most conventions"
    }
    return nil
  }
}

extension Schedule {
  /// Whether step `step` works at a level, but for the rounding of whoever computed it.
  func starts(_ step: Int, at level: Double) -> Bool { Schedule.isSame(level, levels[step]) }
}

extension ScheduleForecast {
  /// Refuses a step beyond the end of the evaluation list.
  func requireStep(_ step: Int, port: String) throws {
    let count = schedule.timesteps.count
    guard step >= count else { return }
    throw NodeFailure("\(port) is \(step), but \(name) has the steps 0 to \(count - 1)", at: port)
  }
}
