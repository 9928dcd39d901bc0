/// The steps of conventions that take the levels of whole training times: DDIM, DDPM, PLMS, LCM and TCD.
struct TrainingSteps {
  private let config: SchedulerConfig
  private let options: ScheduleOptions
  private let levels: [Float]

  init(_ config: SchedulerConfig, _ options: ScheduleOptions, _ levels: [Float]) {
    self.config = config
    self.options = options
    self.levels = levels
  }

  func plan() throws -> StepPlan {
    let times = try options.convention.usesOriginalSteps ? distilledTimes() : spacedTimes()
    let evaluations = options.convention == .plms ? try restarted(times) : chained(times)
    return StepPlan(evaluations: evaluations, endLevel: endLevel, startsFromNoise: true)
  }

  // MARK: - Times

  private func spacedTimes() throws -> [Int] {
    if let list = options.timesteps { return try kept(try whole(list)) }
    try options.requireSteps(within: levels.count)
    let rule = SpacingRule(
      trainSteps: levels.count, usableSteps: levels.count, offset: try options.leadingOffset(config))
    let spacing = options.spacing ?? config.spacing ?? options.convention.defaultSpacing ?? .leading
    let times = try whole(spacing.times(options.steps, rule))
    // PLMS leaves out entries of its own list, which has one more than there are steps.
    return options.convention == .plms ? times : try kept(times)
  }

  private func whole(_ times: [Double]) throws -> [Int] {
    try options.require(times, within: config)
    return times.map { Int($0) }
  }

  private func kept(_ times: [Int]) throws -> [Int] {
    Array(times.dropFirst(try options.skippedSteps(of: times.count)))
  }

  /// LCM's and TCD's: every so many of the times of distillation, themselves every so many of those of training.
  ///
  /// A strength cuts the noisy end off before the steps are spread, so that there are as many.
  private func distilledTimes() throws -> [Int] {
    if let list = options.timesteps { return try kept(try whole(list)) }
    let original = options.originalSteps ?? config.originalSteps
    guard 1...levels.count ~= original else {
      throw ScheduleError(
        .originalSteps,
        "\(original) original steps; 1 to \(levels.count) were expected, the times that the model was trained with")
    }
    let origins = Int(Double(original) * options.strength)
    guard options.steps >= 1, options.steps <= origins else {
      let limit = options.strength < 1 ? "\(original) original steps x strength \(options.strength)" : "original steps"
      throw ScheduleError(.steps, "\(options.steps) steps; 1 to \(origins) were expected, the \(limit)")
    }
    let stride = Double(origins) / Double(options.steps)
    return (0..<options.steps).map { step in
      (origins - Int(Double(step) * stride)) * (levels.count / original) - 1
    }
  }

  // MARK: - Levels

  private var endLevel: Double {
    let configured = config.endsAtOne.map { $0 ? ScheduleEnd.zero : .sigmaMin }
    return options.end ?? configured ?? options.convention.ends[0] == .zero ? 1 : Double(levels[0])
  }

  /// The level at a time, which is the end's below 0.
  private func level(_ time: Int) -> Double {
    time < 0 ? endLevel : Double(levels[min(time, levels.count - 1)])
  }

  /// DDIM's and PLMS's step goes to the time `T / N` below (an integer division) whatever the spacing.
  private var stride: Int { levels.count / options.steps }

  private func chained(_ times: [Int]) -> [StepPlan.Evaluation] {
    times.indices.map { index in
      let next = index + 1 < times.count ? level(times[index + 1]) : endLevel
      let strides = options.convention == .ddim && options.timesteps == nil
      return StepPlan.Evaluation(
        time: Double(times[index]), level: level(times[index]), source: level(times[index]),
        target: strides ? level(times[index] - stride) : next)
    }
  }

  /// t0, t1, t1, t2, ...: the second evaluation of a run, wherever it begins, is for the step that led to it.
  private func restarted(_ times: [Int]) throws -> [StepPlan.Evaluation] {
    var list = times
    if times.count > 1 { list.insert(times[1], at: 1) }
    list.removeFirst(try options.skippedSteps(of: times.count))
    return list.indices.map { index in
      let (time, isSecond) = (list[index], index == 1)
      return StepPlan.Evaluation(
        time: Double(time), level: level(time), source: level(isSecond ? time + stride : time),
        target: level(isSecond ? time : time - stride))
    }
  }
}
