import Foundation

/// When a sampler of ComfyUI evaluates the model, and what parts of a run, which its nodes give as 0 to 1, are in those terms.
///
/// What acts from one part to another acts where the sigma of an evaluation is from that of the first to that of the second, both
/// included, in single precision (`get_area_and_mult` and `ControlBase.get_control`, 0.8.0).
package struct ComfyUIEvaluations: Sendable {
  /// The sigma of each evaluation, k-diffusion's or a flow's.
  package let sigmas: [Float]
  private let noise: ComfyUINoise

  /// Throws `ScheduleError` and `ModelError` as `Schedule.init` does.
  package init(_ config: SchedulerConfig, _ options: ScheduleOptions) throws {
    let schedule = try Schedule(config, options)
    sigmas = schedule.levels.indices.map { Float(schedule.level(of: $0).time) }
    noise = try ComfyUINoise(config.overridden(by: options))
  }

  /// The evaluations at which something acts that does from one part of a run to another.
  package func acting(from start: Double, to end: Double) -> Range<Int> {
    let (most, least) = (noise.sigma(atPart: start), noise.sigma(atPart: end))
    let first = sigmas.firstIndex { $0 <= most } ?? sigmas.count
    return first..<max(first, (sigmas.lastIndex { $0 >= least } ?? -1) + 1)
  }

  /// Parts of a run between which something acts at these evaluations alone, of as few digits as will do; nil where there are
  /// none, as between two evaluations at one sigma.
  package func parts(of evaluations: Range<Int>) -> (start: Double, end: Double)? {
    let (first, end) = (evaluations.lowerBound, evaluations.upperBound)
    let start =
      first == 0
      ? 0
      : part {
        $0 < sigmas[first - 1]
      } fitting: {
        $0 >= sigmas[first]
      }
    let stop =
      end == sigmas.count
      ? 1
      : part {
        $0 <= sigmas[end - 1]
      } fitting: {
        $0 > sigmas[end]
      }
    guard let start, let stop else { return nil }
    return (start, stop)
  }

  /// The first part of so many digits whose sigma, which falls, `hasPassed`, if it is `fitting`.
  private func part(_ hasPassed: (Float) -> Bool, fitting: (Float) -> Bool) -> Double? {
    for digits in 1...Self.digits {
      let count = Int(pow(10.0, Double(digits)))
      func sigma(_ number: Int) -> Float { noise.sigma(atPart: Double(number) / Double(count)) }
      var (low, high) = (0, count)
      while high - low > 1 {
        let middle = (low + high) / 2
        if hasPassed(sigma(middle)) { high = middle } else { low = middle }
      }
      if hasPassed(sigma(high)), fitting(sigma(high)) { return Double(high) / Double(count) }
    }
    return nil
  }

  private static let digits = 6
}

extension ComfyUINoise {
  /// The sigma at a part of a run, from 0 to 1 (`percent_to_sigma`).
  fileprivate func sigma(atPart part: Double) -> Float {
    if part >= 1 { return 0 }
    let time = 1 - part
    switch self {
    // Above all that a model knows.
    case .diffusion: return part <= 0 ? 999_999_999.9 : sigma(at: Float(time * 999))
    case .flow(let shift): return part <= 0 ? 1 : Float(shift == 1 ? time : shift * time / (1 + (shift - 1) * time))
    case .flux(let mu): return part <= 0 ? 1 : Float(exp(mu) / (exp(mu) + (1 / time - 1)))
    }
  }
}
