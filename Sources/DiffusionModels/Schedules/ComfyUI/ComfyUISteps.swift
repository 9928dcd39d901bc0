import Foundation

/// The evaluations of a sampler of ComfyUI over a list of sigmas of its schedulers.
struct ComfyUISteps {
  private let config: SchedulerConfig
  private let options: ScheduleOptions
  private let noise: ComfyUINoise
  private let sampler: ComfyUISampler
  private var isFlow: Bool { config.predictionType == .flow }

  init(_ config: SchedulerConfig, _ options: ScheduleOptions) throws {
    self.config = config
    self.options = options
    noise = try ComfyUINoise(config)
    sampler = options.sampler ?? .euler
  }

  func plan() throws -> StepPlan {
    let list = try cut(try whole())
    if let place = list.indices.dropFirst().first(where: { list[$0] >= list[$0 - 1] }) {
      throw ScheduleError(
        .steps, "\(list.count - 1) steps take sigma \(list[place]) twice; fewer were expected for this schedule")
    }
    if isFlow, let sigma = list.first(where: { $0 > 1 }) {
      throw ScheduleError(.sigmas, "sigmas has \(sigma); a flow's are from 0 to 1")
    }
    let most = noise.sigma(at: isFlow ? 1 : .infinity)
    let startsFromNoise = isFlow ? list[0] >= 1 : list[0] >= most * (1 - 1e-5)
    let evaluations =
      sampler.pattern == .groups ? groups(list) : evaluations(changed(list))
    // Where a sampler stops short of 0, what it gives is taken for clean.
    let isClean = list[list.count - 1] == 0
    return StepPlan(
      evaluations: evaluations, endLevel: isClean ? 1 : level(list[list.count - 1]), startsFromNoise: startsFromNoise)
  }

  // MARK: - Sigmas

  /// The scheduler's list, the end included.
  private func whole() throws -> [Float] {
    if let sigmas = options.sigmas { return sigmas.map { Float($0) } }
    if let times = options.timesteps {
      try options.require(times, within: config)
      return times.map { noise.sigma(at: isFlow ? Float($0) / 1000 : Float($0)) } + [0]
    }
    // ComfyUI takes nearly everything for everything.
    guard let denoise = options.denoise, denoise <= 0.9999 else { return try drawn(options.steps) }
    return Array(try drawn(Int(Double(options.steps) / denoise)).suffix(options.steps + 1))
  }

  private func drawn(_ count: Int) throws -> [Float] {
    let isDiscarding = sampler.discardsSigma && options.discard ?? true
    let curve = options.curve ?? .simple
    let count = isDiscarding ? count + 1 : count
    let shapes = options.curveShape.map { ($0[0], $0[1]) } ?? (0.6, 0.6)
    let list = curve == .flux2 ? try flux2(count) : ComfyUISigmas(noise, shapes: shapes).list(curve, count)
    guard list.count > 1, list.allSatisfy(\.isFinite) else {
      throw ScheduleError(.curve, "curve \(curve.rawValue) gives no list of \(count) steps")
    }
    return isDiscarding ? list.dropLast(2) + [0] : list
  }

  /// Even sigmas bent by what the authors of FLUX.2 measured (its Flux2Scheduler).
  private func flux2(_ count: Int) throws -> [Float] {
    guard isFlow else { throw ScheduleError(.curve, "curve flux2 is for flow models alone") }
    guard let tokens = options.imageTokens else {
      throw ScheduleError(.latent, "curve flux2 depends on the size of the picture; 'width' and 'height' were expected")
    }
    let bent = ComfyUINoise.flux(mu: DynamicShift.flux2.mu(tokens: tokens, steps: count))
    return TrainingNoise.linspace(1, 0, count + 1).map { $0 > 0 ? bent.sigma(at: $0) : 0 }
  }

  /// The steps that are kept.
  private func cut(_ list: [Float]) throws -> [Float] {
    let steps = list.count - 1
    let (from, to) = (options.from ?? 0, min(options.to ?? steps, steps))
    guard from < steps else {
      throw ScheduleError(.from, "from is \(from), but the list has \(steps) steps, 0 to \(steps - 1)")
    }
    guard to > from else { throw ScheduleError(.to, "to is \(to); more than 'from', \(from), was expected") }
    var kept = Array(list[from...to])
    if options.end == .zero { kept[kept.count - 1] = 0 }
    return kept
  }

  /// The list as the sampler changes it.
  private func changed(_ list: [Float]) -> [Float] {
    var list = list
    if let end = sampler.end, list[list.count - 1] == 0 { list[list.count - 1] = end }
    if sampler.startsBelowNoise, isFlow, list[0] >= 1 { list[0] = noise.nearlyNoise }
    return list
  }

  // MARK: - Evaluations

  private func level(_ sigma: Float) -> Double {
    isFlow ? 1 - Double(sigma) : 1 / (1 + Double(sigma) * Double(sigma))
  }

  /// What the model is told.
  private func time(_ sigma: Float) -> Double {
    isFlow ? Double(sigma * Float(config.trainSteps)) : Double(noise.time(of: sigma))
  }

  private func evaluation(at sigma: Float, from source: Float, to target: Float) -> StepPlan.Evaluation {
    StepPlan.Evaluation(time: time(sigma), level: level(sigma), source: level(source), target: level(target))
  }

  private func evaluations(_ list: [Float]) -> [StepPlan.Evaluation] {
    zip(list, list.dropFirst()).flatMap { sigma, next -> [StepPlan.Evaluation] in
      guard next > 0, let second = second(from: sigma, to: next) else {
        return [evaluation(at: sigma, from: sigma, to: next)]
      }
      return [evaluation(at: sigma, from: sigma, to: second), evaluation(at: second, from: sigma, to: next)]
    }
  }

  /// Where the second evaluation of a step is.
  private func second(from sigma: Float, to next: Float) -> Float? {
    switch sampler.pattern {
    case .pairs: next
    case .midpoints: middle(sigma, next)
    case .ancestralMidpoints: middle(sigma, down(sigma, next))
    case .logMidpoints: logMiddle(sigma, next)
    case .ancestralLogMidpoints:
      // In pure noise log SNR is infinite, and the middle one step of a fine table away from it.
      isFlow && sigma >= 1 ? 0.9999 : logMiddle(sigma, down(sigma, next))
    case .single, .restart, .groups: nil
    }
  }

  /// How far an ancestral step goes before it adds noise, with eta 1.
  private func down(_ sigma: Float, _ next: Float) -> Float {
    if isFlow { return next * (1 + (next / sigma - 1)) }
    let up = min(next, (next * next * (sigma * sigma - next * next) / (sigma * sigma)).squareRoot())
    return (next * next - up * up).squareRoot()
  }

  /// The geometric mean.
  private func middle(_ sigma: Float, _ next: Float) -> Float {
    let (start, end) = (log(sigma), log(next))
    // torch.lerp goes from the nearer end: at one half from the second.
    return exp(end - (end - start) * 0.5)
  }

  /// The sigma in the middle of log(signal / noise).
  private func logMiddle(_ sigma: Float, _ next: Float) -> Float {
    func lambda(_ sigma: Float) -> Float { isFlow ? -log(sigma / (1 - sigma)) : -log(sigma) }
    let (start, end) = (lambda(sigma), lambda(next))
    let middle = start + 0.5 * (end - start)
    return isFlow ? 1 / (1 + exp(middle)) : exp(-middle)
  }

  /// DPM-Solver fast: groups of three evaluations over an even way in log sigma to the last sigma above 0, the last groups
  /// smaller so that there is an evaluation for each step.
  private func groups(_ list: [Float]) -> [StepPlan.Evaluation] {
    let count = list.count - 1
    let end = list[count] == 0 ? list[count - 1] : list[count]
    let whole = count / 3 + 1
    var orders = Array(repeating: 3, count: count.isMultiple(of: 3) ? whole - 2 : whole - 1)
    orders += count.isMultiple(of: 3) ? [2, 1] : [count % 3]
    let times = TrainingNoise.linspace(Double(-log(list[0])), Double(-log(end)), whole + 1)
    return orders.enumerated().flatMap { index, order -> [StepPlan.Evaluation] in
      let (start, h) = (times[index], times[index + 1] - times[index])
      let inside = (0..<order).map { start + Float(Double($0) / Double(order)) * h } + [times[index + 1]]
      let sigmas = inside.map { exp(-$0) }
      return (0..<order).map { evaluation(at: sigmas[$0], from: sigmas[0], to: sigmas[$0 + 1]) }
    }
  }
}

extension ScheduleOptions {
  /// Whether the schedule of a model with `config` needs to know the size of the picture.
  package func dependsOnSize(_ config: SchedulerConfig) -> Bool {
    if convention == .comfyui { return curve == .flux2 && sigmas == nil && timesteps == nil }
    return config.overridden(by: self).dependsOnSize
  }

  /// Refuses ComfyUI's options elsewhere, and what its convention has no use for.
  func checkForComfyUI() throws(ScheduleError) {
    guard convention == .comfyui else {
      let given: [(Name, Bool)] = [
        (.sampler, sampler != nil), (.denoise, denoise != nil), (.discard, discard != nil), (.from, from != nil),
        (.to, to != nil), (.curveShape, curveShape != nil), (.curve, curve?.isOfComfyUIAlone ?? false),
      ]
      if let (option, _) = given.first(where: \.1) {
        let what = option == .curve ? "curve \(curve?.rawValue ?? "")" : option.rawValue
        throw ScheduleError(option, "\(what) is of the convention comfyui alone; this one is \(convention.rawValue)")
      }
      return
    }
    if spacing != nil {
      throw ScheduleError(.spacing, "the convention comfyui spreads sigmas by 'curve', and knows no spacing")
    }
    if strength != 1 {
      throw ScheduleError(.strength, "strength is diffusers' rule; the convention comfyui has 'denoise'")
    }
    if let denoise, !(denoise > 0 && denoise <= 1) {
      throw ScheduleError(.denoise, "denoise is \(denoise); more than 0 to 1 was expected")
    }
    if denoise != nil, timesteps != nil || sigmas != nil {
      throw ScheduleError(.denoise, "a list tells the steps itself; 'denoise' is for steps of a curve")
    }
    if let curveShape, curveShape.count != 2 || !curveShape.allSatisfy({ $0 > 0 && $0.isFinite }) {
      throw ScheduleError(.curveShape, "curve_shape has \(curveShape.count) numbers; two above 0 were expected")
    }
    if curveShape != nil, curve != .beta {
      throw ScheduleError(.curveShape, "curve_shape is that of 'curve: beta'")
    }
  }

  /// These options without those that decide nothing: samplers whose lists are the same count as one.
  func canonicalForComfyUI() -> ScheduleOptions {
    var options = self
    let own = sampler ?? .euler
    let isListed = timesteps != nil || sigmas != nil
    options.sampler = ComfyUISampler.allCases.first {
      ($0.pattern, $0.end, $0.startsBelowNoise) == (own.pattern, own.end, own.startsBelowNoise)
        && (isListed || $0.discardsSigma == own.discardsSigma)
    }
    if options.sampler == .euler { options.sampler = nil }
    if discard == true || !own.discardsSigma || isListed { options.discard = nil }
    if let denoise, denoise > 0.9999 { options.denoise = nil }
    if from == 0 { options.from = nil }
    if curve == .simple || curve == .plain { options.curve = nil }
    if isListed { (options.steps, options.curve) = (Self.defaultSteps, nil) }
    return options
  }
}
