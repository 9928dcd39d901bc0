/// The steps of a sampling run: the times at which the model is evaluated, and the noise levels in between.
///
/// A level is a_t, the cumulative product of alphas: 1 is clean, 0 pure noise.
package struct Schedule: Sendable, Equatable, Codable {
  /// What the model is told, one time for each step; may be fractional.
  package let timesteps: [Double]
  /// The level at which each step starts.
  package let levels: [Double]
  /// The level that each step's formula goes to.
  ///
  /// It is where the next step starts, but for conventions that round the two differently.
  package let targetLevels: [Double]
  /// The level after the last step.
  package let endLevel: Double
  package let predictionType: PredictionType
  /// Whether the first step takes pure noise for a sample of its level, as Stable Diffusion does.
  package let startsFromNoise: Bool

  /// The level of the sample that step `step` gives: where the next step starts, or the end.
  package func level(after step: Int) -> Double { step + 1 < levels.count ? levels[step + 1] : endLevel }
}

/// Which family of reference schedulers a schedule follows: they round differently.
package enum ScheduleConvention: String, Sendable, CaseIterable {
  /// diffusers' DDIMScheduler.
  case ddim
}

extension Schedule {
  /// The schedule of `steps` steps over the noise that `config` describes.
  ///
  /// `spacing` and `offset` are the config's where nil, else the defaults of the convention's class. `strength`, 0 to 1,
  /// keeps the last part of the steps for a picture that is noised in between (diffusers' img2img pipelines).
  /// Throws `ModelError` for steps that training has no times for.
  package init(
    _ config: SchedulerConfig, steps: Int, convention: ScheduleConvention = .ddim, spacing: TimestepSpacing? = nil,
    offset: Int? = nil, strength: Double = 1
  ) throws {
    guard strength >= 0, strength <= 1 else { throw ModelError("strength is \(strength); 0 to 1 was expected") }
    let full =
      switch convention {
      case .ddim: try Schedule(ddim: config, steps: steps, spacing: spacing, offset: offset)
      }
    self = try full.last(strength)
  }

  /// The part of the steps that image to image of this strength takes.
  private func last(_ strength: Double) throws -> Schedule {
    let count = timesteps.count
    let kept = min(Int(Double(count) * strength), count)
    guard kept > 0 else {
      throw ModelError(
        "a strength of \(strength) leaves none of \(count) steps; at least \(1 / Double(count)) is needed")
    }
    if kept == count { return self }
    return Schedule(
      timesteps: timesteps.suffix(kept), levels: levels.suffix(kept), targetLevels: targetLevels.suffix(kept),
      endLevel: endLevel, predictionType: predictionType, startsFromNoise: false)
  }
}
