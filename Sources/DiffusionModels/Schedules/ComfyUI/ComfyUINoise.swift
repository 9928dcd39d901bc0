import Foundation

/// What ComfyUI knows of a model's noise: a table of sigmas, and a function between times and sigmas.
///
/// They are its classes ModelSamplingDiscrete, ModelSamplingDiscreteFlow and ModelSamplingFlux (0.8.0), in their precision:
/// sigmas are single, and the functions compute with them.
enum ComfyUINoise {
  /// sqrt((1 - a) / a) of every training time, and the logarithms in double precision.
  case diffusion(sigmas: [Float], logarithms: [Double])
  /// s t / (1 + (s - 1) t) of t = i / 1000.
  case flow(shift: Double)
  /// e^mu / (e^mu + 1 / t - 1) of t = i / 10000.
  case flux(mu: Double)

  /// How far below pure noise samplers that compute with log SNR begin.
  private static let offset = 1e-4

  var sigmas: [Float] {
    switch self {
    case .diffusion(let sigmas, _): sigmas
    case .flow: (1...1000).map { sigma(at: Float($0) / 1000) }
    case .flux: (1...10_000).map { sigma(at: Float($0) / 10_000) }
    }
  }

  /// The sigma at a time, in the measure of `time(of:)`: training steps of a diffusion, 0 to 1 of a flow.
  func sigma(at time: Float) -> Float {
    switch self {
    case .diffusion(let sigmas, let logarithms):
      let time = min(max(time, 0), Float(sigmas.count - 1))
      let (low, high) = (Int(time), Int(time.rounded(.up)))
      let weight = time - Float(low)
      // Its table of logarithms is double precision's, rounded: half-way between two times that decides which is nearer.
      return exp((1 - weight) * Float(logarithms[low]) + weight * Float(logarithms[high]))
    case .flow(let shift): return shift == 1 ? time : Float(shift) * time / (1 + Float(shift - 1) * time)
    case .flux(let mu):
      let strength = Float(exp(mu))
      // torch divides a number by a tensor by its reciprocal.
      return strength * (1 / (strength + (1 / time - 1)))
    }
  }

  /// The time of a sigma: of a diffusion the nearest whole one by the logarithm, the later of two as near; of a flow sigma
  /// itself, whatever its shift.
  func time(of sigma: Float) -> Float {
    guard case .diffusion(_, let logarithms) = self else { return sigma }
    let wanted = log(Double(sigma))
    let high = logarithms.firstIndex { $0 > wanted } ?? logarithms.count
    guard high > 0 else { return 0 }
    guard high < logarithms.count else { return Float(logarithms.count - 1) }
    let isNearerLow = wanted - logarithms[high - 1] < logarithms[high] - wanted
    return Float(isNearerLow ? high - 1 : high)
  }

  /// The sigma that stands for pure noise where a method cannot begin in it.
  var nearlyNoise: Float {
    let time = 1 - Self.offset
    switch self {
    case .diffusion(let sigmas, _): return sigmas[sigmas.count - 1]
    case .flow(let shift): return Float(shift * time / (1 + (shift - 1) * time))
    case .flux(let mu): return Float(exp(mu) / (exp(mu) + (1 / time - 1)))
    }
  }
}

extension ComfyUINoise {
  /// That of a model: of a flow by its `shift` or `mu`, which options may replace.
  ///
  /// Where mu depends on the picture in a config, ComfyUI has one number, that of pictures of 1024 pixels a side. Throws
  /// `ModelError` for betas that no levels follow from.
  init(_ config: SchedulerConfig) throws {
    if config.predictionType == .flow {
      switch config.flow.dynamic {
      case .line(_, let most, _, _): self = .flux(mu: most)
      case .flux2: self = .flux(mu: 2.02)
      case .fixed(let mu): self = .flux(mu: mu)
      case nil: self = .flow(shift: config.flow.shift)
      }
      return
    }
    let exact = try config.exactLevels().map { (1 - $0) / $0 }.map { $0.squareRoot() }
    self = .diffusion(sigmas: exact.map { Float($0) }, logarithms: exact.map { log($0) })
  }
}
