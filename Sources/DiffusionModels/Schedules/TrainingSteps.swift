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

  func plan(_ joint: ScheduleJoint?) throws -> StepPlan {
    if let curve = options.curve, curve != .plain {
      let steps = try kept(steps(of: curve))
      let joined = try joint?.join(steps, time: { time(of: $0.level) }, step: step(at:for:))
      return StepPlan(evaluations: try evaluations(joined ?? steps), endLevel: endLevel, startsFromNoise: true)
    }
    let isDistilled = options.convention.usesOriginalSteps && options.spacing == nil
    let times = try isDistilled ? distilledTimes() : spacedTimes()
    let joined = try joint?.join(
      times.map { ScheduleJoint.Step(time: Double($0), level: level($0)) }, time: { time(of: $0.level) }
    ) { time, _ in
      let whole = time.rounded(.toNearestOrEven)
      return ScheduleJoint.Step(time: whole, level: level(Int(whole)))
    }
    if let joined { return StepPlan(evaluations: try evaluations(joined), endLevel: endLevel, startsFromNoise: true) }
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

  /// The classes have no curves: their steps are at the sigmas of one, which are between training's, as everywhere else.
  private func steps(of curve: SigmaCurve) throws -> [ScheduleJoint.Step] {
    try options.requireSteps(within: levels.count)
    let table = try SigmaTable(levels, endsInPureNoise: config.rescalesToZeroSNR)
    let sigmas = curve.sigmas(options.steps, range: Double(table.least)...Double(table.most), table: table)
    return sigmas.map { ScheduleJoint.Step(time: table.time(of: $0), level: NoiseLevel(sigma: $0).cumulativeAlpha) }
  }

  /// The step at a time between those of training.
  private func step(at time: Double, for _: ScheduleJoint.Step) -> ScheduleJoint.Step {
    let low = min(Int(time), levels.count - 1)
    let (start, end) = (Double(levels[low]), Double(levels[min(low + 1, levels.count - 1)]))
    return ScheduleJoint.Step(time: time, level: start + (time - Double(low)) * (end - start))
  }

  private func kept<Entry>(_ times: [Entry]) throws -> [Entry] {
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

  /// The evaluations of steps that are no even ones, each of which goes to where the next one starts.
  private func evaluations(_ steps: [ScheduleJoint.Step]) throws -> [StepPlan.Evaluation] {
    if let place = steps.indices.dropFirst().first(where: { steps[$0].level <= steps[$0 - 1].level }) {
      throw ScheduleError(
        .steps,
        "\(steps.count) steps take time \(text(steps[place].time)) twice; fewer were expected after the joint")
    }
    var list = steps.indices.map { index in
      StepPlan.Evaluation(
        time: steps[index].time, level: steps[index].level, source: steps[index].level,
        target: index + 1 < steps.count ? steps[index + 1].level : endLevel)
    }
    if options.convention == .plms, list.count > 1 {
      // The first step once more, from where it led to.
      list.insert(.init(time: list[1].time, level: list[1].level, source: list[0].level, target: list[1].level), at: 1)
    }
    return list
  }

  /// The time of a level, between the whole ones whose levels are around it.
  private func time(of level: Double) -> Double {
    guard let high = levels.firstIndex(where: { Double($0) <= level }) else { return Double(levels.count - 1) }
    guard high > 0 else { return 0 }
    let (above, below) = (Double(levels[high]), Double(levels[high - 1]))
    return Double(high) - (level - above) / (below - above)
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
