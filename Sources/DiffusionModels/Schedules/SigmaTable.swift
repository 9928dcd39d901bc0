import Foundation

/// The sigma of every training time, sqrt((1 - a) / a), and the ways between times and sigmas that the reference
/// schedulers take, in their precision.
struct SigmaTable {
  /// What stands for level 0, pure noise, so that the last sigma is finite: sigma 4096.
  private static let nearlyPureNoise: Float = 0x1p-24

  let sigmas: [Float]
  /// Whether the last sigma is that of pure noise, which those before it may exceed.
  let endsInPureNoise: Bool
  private let logarithms: [Float]

  /// Throws `ModelError` for levels that have no finite sigma above 0, and for levels that do not fall.
  init(_ levels: [Float], endsInPureNoise: Bool) throws {
    let trained = levels
    var levels = levels
    if endsInPureNoise { levels[levels.count - 1] = Self.nearlyPureNoise }
    if let time = levels.indices.first(where: { !(levels[$0] > 0 && levels[$0] < 1) }) {
      throw ModelError(
        "the noise level of training time \(time) is \(levels[time]); between 0 and 1 was expected by a convention "
          + "that computes with sigmas")
    }
    if let time = trained.indices.dropFirst().first(where: { trained[$0] >= trained[$0 - 1] }) {
      throw ModelError(
        "the noise level of training time \(time) is \(trained[time]), not less than that of the time before")
    }
    self.endsInPureNoise = endsInPureNoise
    sigmas = levels.map { ((1 - $0) / $0).squareRoot() }
    logarithms = sigmas.map { log($0) }
  }

  var least: Float { sigmas[0] }
  var most: Float { sigmas[sigmas.count - 1] }
  var lastTime: Double { Double(sigmas.count - 1) }

  /// The sigma at a time, interpolated between those of whole times, as np.interp does.
  func sigma(at time: Double) -> Double {
    if time >= lastTime { return Double(most) }
    if time <= 0 { return Double(least) }
    let low = Int(time)
    let (start, end) = (Double(sigmas[low]), Double(sigmas[low + 1]))
    return (end - start) * (time - Double(low)) + start
  }

  /// The sigma at a time, its logarithm interpolated, as ComfyUI and k-diffusion do.
  func logarithmicSigma(at time: Float) -> Double {
    let low = Int(time)
    let (high, weight) = (min(low + 1, sigmas.count - 1), time - Float(low))
    return Double(exp((1 - weight) * logarithms[low] + weight * logarithms[high]))
  }

  /// How many times, from the clean end on, have at least this log signal-to-noise ratio, log(sqrt(a) / sqrt(1 - a)).
  func count(leastLogSNR: Double) -> Int { max(sigmas.count - logarithms.count { Double(-$0) < leastLogSNR }, 1) }

  /// The time of a sigma, between the two whole times whose sigmas are around it: the classes' `_sigma_to_t`.
  func time(of sigma: Double) -> Double { time(ofLogarithm: log(max(sigma, 1e-10))) }

  /// In single precision, as KDPM2's classes compute midpoints.
  func time(of sigma: Float) -> Float { time(ofLogarithm: log(max(sigma, 1e-10))) }

  private func time<Real: BinaryFloatingPoint>(ofLogarithm logarithm: Real) -> Real {
    guard sigmas.count > 1 else { return 0 }
    let low = min(logarithms.lastIndex { Real($0) <= logarithm } ?? 0, sigmas.count - 2)
    let (start, end) = (logarithms[low], logarithms[low + 1])
    let weight = min(max((Real(start) - logarithm) / Real(start - end), 0), 1)
    return (1 - weight) * Real(low) + weight * Real(low + 1)
  }
}
