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
      || (latent.level.isPureNoise && step == 0 && schedule.schedule.startsFromNoise)
  }

  /// Throws `NodeFailure` at `port`, with what to do about it.
  func require(at port: String) throws {
    guard !fits else { return }
    let kind = schedule.schedule.kind
    guard latent.level.fits(kind) else {
      throw NodeFailure(
        "\(subject) is that of a \(latent.level.kind.modelName)\(latent.place), but \(schedule.fullName) is that of a "
          + kind.modelName, at: port)
    }
    let wanted = schedule.schedule.level(of: step)
    throw NodeFailure(
      "\(subject) is at level \(latent.level.text)\(latent.place), but step \(step) of \(schedule.fullName) starts at level "
        + wanted.text, at: port,
      notes: ["levels go from 0, pure noise, to 1, clean", remedy].compactMap(\.self))
  }

  private var remedy: String? {
    let levels = schedule.schedule.levels
    if latent.level.isPureNoise {
      let add = "add the noise with AddNoise, step \(step)"
      let other =
        schedule.schedule.convention == .comfyui ? "" : "; or set 'spacing: leading', which starts from pure noise"
      return step == 0
        ? "leave out the seed of the EmptyLatent and \(add)\(other)"
        : "to begin at step \(step), leave out the seed of the EmptyLatent, or encode a picture, and \(add)"
    }
    if let place = levels.indices.first(where: { schedule.schedule.starts($0, at: latent.level) }) {
      return "that is the level of step \(place) of \(schedule.name)"
    }
    if latent.level.isClean { return "AddNoise, step \(step), brings a clean latent to this level" }
    if let made = latent.schedule, made.address != nil, made !== schedule {
      return "wire \(made.name) into 'after' of \(schedule.name) to go on from there, or spread both alike, as "
        + "'spacing: trailing' does in most conventions"
    }
    return nil
  }
}

extension Schedule {
  /// Whether step `step` works at a level, but for the rounding of whoever computed it.
  func starts(_ step: Int, at level: NoiseLevel) -> Bool { level.isSame(as: self.level(of: step)) }
}

extension LevelKind {
  /// As in "the latent is that of a diffusion model".
  var modelName: String { self == .diffusion ? "diffusion model" : "flow model" }
}

extension ScheduleForecast {
  /// Refuses a step beyond the end of the evaluation list.
  func requireStep(_ step: Int, port: String) throws {
    let count = schedule.timesteps.count
    guard step >= count else { return }
    throw NodeFailure("\(port) is \(step), but \(name) has the steps 0 to \(count - 1)", at: port)
  }
}
