import DiffusionModels

/// A schedule as messages speak of it, and what follows from it for a latent: known before anything runs, or met in a run.
package final class ScheduleForecast: Sendable {
  let schedule: Schedule
  /// The node that makes it; nil in a run, where values have no addresses.
  let address: String?
  /// Such as `ddim, 20 steps, spacing leading`.
  let settings: String
  /// The level of the least noise of training; nil where it is not known.
  let leastNoise: Double?

  init(_ schedule: Schedule, address: String, settings: String, leastNoise: Double) {
    self.schedule = schedule
    self.address = address
    self.settings = settings
    self.leastNoise = leastNoise
  }

  /// A schedule met in a run.
  init(_ schedule: Schedule) {
    self.schedule = schedule
    address = nil
    settings = "\(schedule.convention.rawValue), \(schedule.timesteps.count) evaluations"
    leastNoise = nil
  }

  /// As in `step 3 of 'begin/schedule'`.
  var name: String { address.map { "'\($0)'" } ?? "the schedule" }
  var fullName: String { "\(name) (\(settings))" }
}

/// What is known of a latent before it is computed: how noisy it is, and which schedule says so.
package struct LatentForecast: Sendable {
  let level: NoiseLevel
  /// [n, c, h, w]; nil where it is not known.
  var shape: [Int]?
  /// The schedule whose step, or end, has that level; nil for latents that no schedule made.
  var schedule: ScheduleForecast?
  /// The step that starts at the level; nil at the end of the schedule.
  var step: Int?

  /// Whether there is more noise in it than training ever asked a model to remove at last.
  var isNoisy: Bool { level.value < (schedule?.leastNoise ?? 1) * (1 - 1e-6) }

  /// As in `at level 0.5, where step 3 of 'schedule' starts`.
  var place: String {
    guard let schedule else { return level.isPureNoise ? ", pure noise" : level.isClean ? ", clean" : "" }
    return step.map { ", where step \($0) of \(schedule.fullName) starts" } ?? ", where \(schedule.fullName) ends"
  }
}

/// What is known of a history before it is computed.
package struct HistoryForecast: Sendable {
  let method: String
  /// The evaluation that made it.
  let step: Int
  /// The evaluation at which the method began.
  let begin: Int
  /// The latent that it goes on with; nil when its level is not known.
  let latent: LatentForecast?
}

extension NoiseLevel {
  /// For people: six digits, and 0 and 1 as they are.
  var text: String {
    if isPureNoise || isClean { return String(Int(value)) }
    let scale = 1e6
    let rounded = (value * scale).rounded() / scale
    return rounded == 0 || rounded == 1 ? String(value) : String(rounded)
  }
}
