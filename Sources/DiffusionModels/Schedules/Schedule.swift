/// The steps of a sampling run: the times at which the model is evaluated, and the noise levels in between.
///
/// A level is a_t, the cumulative product of alphas: 1 is clean, 0 pure noise; the sigma of k-diffusion is
/// `sqrt((1 - a_t) / a_t)`. Every list has an entry for each evaluation, also where a step takes two.
package struct Schedule: Sendable, Equatable, Codable {
  package let convention: ScheduleConvention
  /// What the model is told, one time for each evaluation; may be fractional.
  package let timesteps: [Double]
  /// The level at which each evaluation starts.
  package let levels: [Double]
  /// The level of the sample that each evaluation's formula moves.
  ///
  /// It is `levels`, but where a second evaluation takes its step again from where the first one did (PLMS, Heun, DPM2).
  package let sourceLevels: [Double]
  /// The level that each evaluation's formula goes to.
  ///
  /// It is where the next evaluation starts, but for conventions that round the two differently, and for second
  /// evaluations.
  package let targetLevels: [Double]
  /// The level after the last step.
  package let endLevel: Double
  package let predictionType: PredictionType
  /// Whether the first step takes pure noise z for a sample of its level, as Stable Diffusion does; sqrt(1 - a_t) z is
  /// expected otherwise, which AddNoise makes of an empty latent.
  package let startsFromNoise: Bool
  /// The level of every training time, for a convention whose steps go to times of their own (TCD); empty for others.
  package let trainingLevels: [Double]

  /// The level of the sample that evaluation `step` gives: where the next one starts, or the end.
  package func level(after step: Int) -> Double { step + 1 < levels.count ? levels[step + 1] : endLevel }
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
      default: throw ModelError("the convention \(convention.rawValue) is not there yet")
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
      convention: convention, timesteps: timesteps.suffix(kept), levels: levels.suffix(kept),
      sourceLevels: sourceLevels.suffix(kept), targetLevels: targetLevels.suffix(kept), endLevel: endLevel,
      predictionType: predictionType, startsFromNoise: false, trainingLevels: [])
  }
}
