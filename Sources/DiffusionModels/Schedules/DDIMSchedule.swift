extension Schedule {
  /// Times and levels as diffusers' DDIMScheduler has them, whose step goes to the time `T / N` below (an integer
  /// division) whatever the spacing.
  init(ddim config: SchedulerConfig, steps: Int, spacing: TimestepSpacing?, offset: Int?) throws {
    let trainSteps = config.trainSteps
    guard 1...trainSteps ~= steps else {
      throw ModelError("\(steps) steps; 1 to \(trainSteps) were expected, the times that the model was trained with")
    }
    let offset = offset ?? config.stepsOffset
    guard 0...trainSteps ~= offset else {
      throw ModelError("the offset is \(offset); 0 to \(trainSteps) was expected")
    }
    let times = (spacing ?? config.spacing ?? .leading).times(steps, of: trainSteps, offset: offset)
    guard let first = times.first, first < trainSteps else {
      throw ModelError(
        "\(steps) steps with offset \(offset) begin at time \(times.first ?? 0); the model was trained with times "
          + "0 to \(trainSteps - 1)")
    }
    let endLevel = config.endsAtOne ?? true ? 1 : Double(config.levels[0])
    let stride = trainSteps / steps
    convention = .ddim
    timesteps = times.map(Double.init)
    levels = times.map { Double(config.levels[$0]) }
    sourceLevels = levels
    trainingLevels = []
    targetLevels = times.map { $0 >= stride ? Double(config.levels[$0 - stride]) : endLevel }
    self.endLevel = endLevel
    predictionType = config.predictionType
    startsFromNoise = true
  }
}

extension TimestepSpacing {
  /// Whole times from noisy to clean, rounded as numpy rounds them; only leading times are moved by the offset.
  func times(_ steps: Int, of trainSteps: Int, offset: Int) -> [Int] {
    let last = Double(trainSteps - 1)
    switch self {
    case .leading:
      return (0..<steps).reversed().map { $0 * (trainSteps / steps) + offset }
    case .linspace:
      // np.linspace(0, T - 1, N): multiples of the step, and the end exactly.
      let step = last / Double(max(steps - 1, 1))
      let times = (0..<steps).map { $0 == steps - 1 && steps > 1 ? last : Double($0) * step }
      return times.reversed().map { Int($0.rounded(.toNearestOrEven)) }
    case .trailing:
      // np.arange(T, 0, -T / N): the difference of its first two values is what it multiplies.
      let ratio = Double(trainSteps) / Double(steps)
      let count = Int((Double(trainSteps) / ratio).rounded(.up))
      let difference = (Double(trainSteps) - ratio) - Double(trainSteps)
      return (0..<count).map { index in
        let time = index == 1 ? Double(trainSteps) - ratio : Double(trainSteps) + Double(index) * difference
        return Int(time.rounded(.toNearestOrEven)) - 1
      }
    }
  }
}
