import Foundation

/// Lists of sigmas.
extension ComfyClass {
  static let sigmas: [(String, ComfyClass)] = [
    (
      "BasicScheduler",
      ComfyClass(
        "BasicScheduler", "scheduler steps denoise",
        .imported { n in
          n.schedule(n.model("model")).map { [.sigmas($0)] } ?? []
        })
    ),
    ("Flux2Scheduler", ComfyClass("Flux2Scheduler", "steps width height", .imported(flux2))),
    ("SDTurboScheduler", ComfyClass("SDTurboScheduler", "steps denoise", .imported(turbo))),
    ("ManualSigmas", ComfyClass("ManualSigmas", "sigmas", .imported(manual))),
    (
      "KarrasScheduler",
      ComfyClass(
        "KarrasScheduler", "steps sigma_max sigma_min rho",
        .imported { n in
          list(n, rho: n.number("rho", default: 7)) { count, highest, lowest, rho in
            let (a, b) = (pow(highest, 1 / rho), pow(lowest, 1 / rho))
            return ramp(count).map { pow(a + $0 * (b - a), rho) }
          }
        })
    ),
    (
      "ExponentialScheduler",
      ComfyClass(
        "ExponentialScheduler", "steps sigma_max sigma_min",
        .imported { n in
          list(n, rho: 1) { count, highest, lowest, _ in
            ramp(count).map { exp(log(highest) + $0 * (log(lowest) - log(highest))) }
          }
        })
    ),
    (
      "PolyexponentialScheduler",
      ComfyClass(
        "PolyexponentialScheduler", "steps sigma_max sigma_min rho",
        .imported { n in
          list(n, rho: n.number("rho", default: 1)) { count, highest, lowest, rho in
            ramp(count).map { exp(pow(1 - $0, rho) * (log(highest) - log(lowest)) + log(lowest)) }
          }
        })
    ),
    (
      "SplitSigmas",
      ComfyClass(
        "SplitSigmas", "step",
        .imported { n in
          let (sigmas, step) = (n.sigmas("sigmas"), n.integer("step", default: 0))
          guard let sigmas, let step else { return [] }
          return split(sigmas, at: step)
        })
    ),
    (
      "SplitSigmasDenoise",
      ComfyClass(
        "SplitSigmasDenoise", "denoise",
        .imported { n in
          let (sigmas, denoise) = (n.sigmas("sigmas"), n.number("denoise", default: 1))
          guard let sigmas, let denoise else { return [] }
          guard (0...1).contains(denoise) else { return [n.refuse("'denoise' takes 0 to 1")] }
          let count = min(sigmas.to ?? .max, sigmas.count.number) - sigmas.from
          return split(sigmas, at: count - Int((Double(count) * denoise).rounded(.toNearestOrEven)))
        })
    ),
    ("FlipSigmas", ComfyClass("FlipSigmas", "", .refused("steps towards noise; no method here takes them"))),
    (
      "BetaSamplingScheduler",
      ComfyClass(
        "BetaSamplingScheduler", "steps alpha beta",
        .imported { n in
          let (model, steps, alpha, beta) = (
            n.model("model"), n.steps(), n.number("alpha", default: 0.6), n.number("beta", default: 0.6)
          )
          guard let model, let steps, let alpha, let beta else { return [] }
          guard var sigmas = n.sigmas(model, curve: "beta", steps: steps, denoise: 1) else { return [] }
          if alpha != 0.6 || beta != 0.6 {
            let shape = [alpha, beta].map { SketchValue.plain(NodeTranslation.text(of: $0)) }
            sigmas.values.append((name: "curve_shape", value: .list(shape)))
          }
          return [.sigmas(sigmas)]
        })
    ),
    ("LaplaceScheduler", ComfyClass("LaplaceScheduler", "steps sigma_max sigma_min mu beta", .imported(laplace))),
    ("VPScheduler", ComfyClass("VPScheduler", "steps beta_d beta_min eps_s", .imported(variancePreserving))),
    (
      "AlignYourStepsScheduler",
      ComfyClass(
        "AlignYourStepsScheduler", "model_type steps denoise",
        .refused("the list is not known here; nearest is ManualSigmas with it"))
    ),
    (
      "GITSScheduler",
      ComfyClass(
        "GITSScheduler", "coeff steps denoise", .refused("the list is not known here; nearest is ManualSigmas with it"))
    ),
    (
      "SamplingPercentToSigma",
      ComfyClass(
        "SamplingPercentToSigma", "sampling_percent return_actual_sigma",
        .refused("a sigma that follows from the model while it runs"))
    ),
  ]

  private static func split(_ sigmas: SigmasMeaning, at step: Int) -> [Meaning] {
    var (high, low) = (sigmas, sigmas)
    let end = min(sigmas.to ?? .max, sigmas.count.number)
    let place = min(max(0, step) + sigmas.from, end)
    if place < end {
      high.to = place
      high.endsAtZero = false
    }
    low.from = place
    return [.sigmas(high), .sigmas(low)]
  }

  private static func flux2(_ n: NodeTranslation) -> [Meaning] {
    let steps = n.steps()
    if let picture = n.pictureSize("width", "height") {
      guard let steps else { return [] }
      return [
        .sigmas(
          SigmasMeaning(values: [("curve", .text("flux2")), ("steps", steps.value)], sizeOf: picture, count: steps))
      ]
    }
    let (width, height) = (n.size("width", 1024), n.size("height", 1024))
    guard let steps, let width, let height else { return [] }
    return [
      .sigmas(
        SigmasMeaning(
          values: [("curve", .text("flux2")), ("steps", steps.value), ("width", width), ("height", height)],
          count: steps))
    ]
  }

  /// Every hundredth time from 999 down, from where `denoise` begins.
  private static func turbo(_ n: NodeTranslation) -> [Meaning] {
    let (model, steps, denoise) = (n.model("model"), n.integer("steps", default: 1), n.number("denoise", default: 1))
    guard let model, let steps, let denoise else { return [] }
    guard (0...1).contains(denoise) else { return [n.refuse("'denoise' takes 0 to 1")] }
    let times = (0..<10).map { 999 - 100 * $0 }.dropFirst(10 - Int(10 * denoise)).prefix(max(0, min(steps, 10)))
    guard !times.isEmpty else { return [n.refuse("no step is left")] }
    return [
      .sigmas(
        SigmasMeaning(
          model: model, values: [("timesteps", .list(times.map { .integer($0) }))],
          count: StepCount(number: times.count, value: .integer(times.count))))
    ]
  }

  private static func manual(_ n: NodeTranslation) -> [Meaning] {
    guard let text = n.text("sigmas") else { return [] }
    let numbers = text.split { !"0123456789.eE+-".contains($0) }.compactMap { Double($0) }
    guard (2...1001).contains(numbers.count), numbers.allSatisfy({ Float($0).isFinite }) else {
      return [n.refuse("'sigmas' takes 2 to 1001 numbers")]
    }
    return [.sigmas(list(numbers))]
  }

  private static func list(
    _ n: NodeTranslation, rho: Double?, _ curve: (Int, Double, Double, Double) -> [Double]
  ) -> [Meaning] {
    let (steps, highest, lowest) = (
      n.integer("steps", default: 20), n.number("sigma_max", default: 14.614642),
      n.number("sigma_min", default: 0.0291675)
    )
    guard let steps, let highest, let lowest, let rho else { return [] }
    guard (1...1000).contains(steps), highest > lowest, lowest > 0, highest < 1e6, (0.1...100).contains(rho) else {
      return [n.refuse("falling sigmas above 0 were expected, in 1 to 1000 steps")]
    }
    return [.sigmas(list(curve(steps, highest, lowest, rho) + [0]))]
  }

  /// Quantiles of a Laplace distribution of log sigma (Hang and others 2024), which end above 0.
  private static func laplace(_ n: NodeTranslation) -> [Meaning] {
    let (steps, most, least) = (
      n.integer("steps", default: 20), n.number("sigma_max", default: 14.614642),
      n.number("sigma_min", default: 0.0291675)
    )
    let (mu, beta) = (n.number("mu", default: 0), n.number("beta", default: 0.5))
    guard let steps, let most, let least, let mu, let beta else { return [] }
    guard (2...1001).contains(steps), most > least, least >= 0, most < 1e6 else {
      return [n.refuse("falling sigmas were expected, in 2 to 1001 steps")]
    }
    return [
      .sigmas(
        list(
          ramp(steps).map { part in
            let side = 0.5 - part
            let sign = side > 0 ? 1.0 : side < 0 ? -1 : 0
            return min(max(exp(mu - beta * sign * log(1 - 2 * abs(side) + 1e-5)), least), most)
          }))
    ]
  }

  /// The sigmas of even times of a variance-preserving process (Song and others 2021).
  private static func variancePreserving(_ n: NodeTranslation) -> [Meaning] {
    let (steps, growth, least, end) = (
      n.integer("steps", default: 20), n.number("beta_d", default: 19.9), n.number("beta_min", default: 0.1),
      n.number("eps_s", default: 0.001)
    )
    guard let steps, let growth, let least, let end else { return [] }
    guard (1...1000).contains(steps), growth >= 0, least >= 0, growth + least < 400, (0..<1).contains(end) else {
      return [n.refuse("betas from 0 to 400 were expected, in 1 to 1000 steps")]
    }
    return [
      .sigmas(
        list(
          ramp(steps).map { part in
            let time = 1 + part * (end - 1)
            return expm1(growth * time * time / 2 + least * time).squareRoot()
          } + [0]))
    ]
  }

  /// A list as it is, the sigma at its end included.
  static func list(_ numbers: [Double]) -> SigmasMeaning {
    SigmasMeaning(
      values: [("sigmas", .list(numbers.map { .plain("\(Float($0))") }))],
      count: StepCount(number: numbers.count - 1, value: .integer(numbers.count - 1)), hasCleanEnd: numbers.last == 0)
  }

  private static func ramp(_ count: Int) -> [Double] {
    count == 1 ? [0] : (0..<count).map { Double($0) / Double(count - 1) }
  }
}

extension NodeTranslation {
  /// A side of a picture, as a param.
  func size(_ name: String, _ standard: Int) -> SketchValue? {
    guard let size = integer(name, default: standard) else { return nil }
    guard size >= 1 else { return complain(name, "1 or more") }
    return param(name, .int, .integer(size), min: "1")
  }
}
