import Foundation

/// Where a schedule takes over from another one, whose steps it has up to there.
///
/// Step `first` starts at the level of the other schedule. If that is its own level there, nothing changes; otherwise the
/// times of the steps that follow are its own, times the ratio of the two times at step `first`: they keep their shape,
/// fall from the level that is given, and end where the convention ends.
struct ScheduleJoint {
  private let other: [Step]
  private let first: Int

  /// A step of a method, whatever the number of its evaluations.
  struct Step: Equatable {
    var time: Double
    var level: Double

    /// sqrt((1 - a) / a), infinite in pure noise.
    var sigma: Double { NoiseLevel(level).sigma }
  }

  /// Nil where there is none: a whole schedule, or one that starts at step 0.
  init?(_ other: Schedule?, first: Int) {
    guard let other, first > 0 else { return nil }
    (self.other, self.first) = (other.steps, first)
  }

  /// The steps of the joined schedule; nil where the own ones start at the level that is given.
  ///
  /// `time` gives the time that belongs to a step's level, between those of training, and `step` the one at such a time.
  /// Throws `ScheduleError` when either schedule ends before the joint.
  func join(
    _ own: [Step], time: (Step) -> Double, step: (_ time: Double, _ own: Step) -> Step
  ) throws -> [Step]? {
    if first == own.count { return nil }
    for (steps, name) in [(own, "this schedule"), (other, "the schedule to go on from")] where first >= steps.count {
      throw ScheduleError(
        .first, "first is \(first), but \(name) has \(steps.count) steps, 0 to \(steps.count - 1)")
    }
    guard !NoiseLevel.isSame(own[first].level, other[first].level) else { return nil }
    let ratio = time(other[first]) / time(own[first])
    return other[...first] + own[(first + 1)...].map { step(time($0) * ratio, $0) }
  }
}

extension Schedule {
  /// The evaluation that each step starts with.
  package var starts: [Int] {
    switch pattern {
    case .single: Array(levels.indices)
    case .restart: levels.indices.filter { $0 != 1 }
    case .groups: levels.indices.filter { levels[$0] == sourceLevels[$0] }
    case .pairs, .midpoints, .ancestralMidpoints, .logMidpoints, .ancestralLogMidpoints:
      levels.indices.filter { $0.isMultiple(of: 2) }
    }
  }

  var steps: [ScheduleJoint.Step] { starts.map { ScheduleJoint.Step(time: timesteps[$0], level: levels[$0]) } }
}
