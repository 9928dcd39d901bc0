import Foundation

/// How a flow model wants its sigmas bent towards noise, the more so the larger the picture is.
///
/// It is what the scheduler configs of diffusers 0.42 say (FlowMatchEulerDiscreteScheduler and the classes with flow
/// sigmas).
package struct FlowShift: Sendable, Equatable {
  /// `shift`, or `flow_shift`: s sigma / (1 + (s - 1) sigma).
  package var shift = 1.0
  /// In place of `shift`, where it depends on the picture (`use_dynamic_shifting`).
  package var dynamic: DynamicShift?
  /// `time_shift_type`: mu / (mu + 1 / sigma - 1) in place of e^mu / (e^mu + 1 / sigma - 1).
  var isLinear = false
  /// `shift_terminal`: the sigma that the last step starts at, to which all are stretched.
  var terminal: Double?

  package init(shift: Double = 1, dynamic: DynamicShift? = nil) { (self.shift, self.dynamic) = (shift, dynamic) }

  /// What `sigma` becomes with the mu of a picture, nil for a shift that is fixed, in the precision of the class.
  func shifted<Real: BinaryFloatingPoint>(_ sigma: Real, mu: Double?) -> Real {
    guard let mu else { return Real(shift) * sigma / (1 + Real(shift - 1) * sigma) }
    let strength = Real(isLinear ? mu : exp(mu))
    return strength / (strength + (1 / sigma - 1))
  }

  /// Sigmas stretched so that the last one is `terminal`; a single one has nowhere to go.
  func stretched<Real: BinaryFloatingPoint>(_ sigmas: [Real]) -> [Real] {
    guard let terminal, terminal > 0, sigmas.count > 1, let last = sigmas.last else { return sigmas }
    let scale = (1 - last) / Real(1 - terminal)
    return sigmas.map { 1 - (1 - $0) / scale }
  }
}

/// How mu, which bends the sigmas, follows from the picture.
package enum DynamicShift: Sendable, Equatable {
  /// A line through two numbers of image tokens (`base_shift` at `base_image_seq_len`, `max_shift` at `max_image_seq_len`),
  /// going on beyond them: `calculate_shift` of FLUX.1's pipeline.
  case line(base: Double, most: Double, baseTokens: Int, mostTokens: Int)
  /// What the authors of FLUX.2 measured, which depends on the number of steps too: `compute_empirical_mu` of its pipelines.
  case flux2
  /// One that is given.
  case fixed(Double)

  /// FLUX.1 dev's.
  package static let flux1 = DynamicShift.line(base: 0.5, most: 1.15, baseTokens: 256, mostTokens: 4096)

  var needsTokens: Bool { if case .fixed = self { false } else { true } }

  package func mu(tokens: Int, steps: Int) -> Double {
    let tokens = Double(tokens)
    switch self {
    case .line(let base, let most, let baseTokens, let mostTokens):
      let slope = (most - base) / Double(mostTokens - baseTokens)
      return tokens * slope + (base - slope * Double(baseTokens))
    case .flux2:
      let at200 = 0.00016927 * tokens + 0.45666666
      if tokens > 4300 { return at200 }
      let at10 = 8.73809524e-05 * tokens + 1.89833333
      let slope = (at200 - at10) / 190
      return slope * Double(steps) + (at200 - 200 * slope)
    case .fixed(let mu):
      return mu
    }
  }
}

extension FlowShift {
  /// What a scheduler's config says.
  ///
  /// Throws `ModelError` for numbers that bend nothing, and for what is not supported.
  init(_ file: ConfigFile) throws {
    try file.require("invert_sigmas", .bool(false))
    func positive(_ key: String, default fallback: Double) throws -> Double {
      let value = try file.float(key, default: fallback)
      guard value > 0, value.isFinite else {
        throw ModelError("\(file.path): '\(key)' is \(value); more than 0 was expected")
      }
      return value
    }
    shift = try positive(file.values["shift"] == nil ? "flow_shift" : "shift", default: 1)
    isLinear = try file.choice("time_shift_type", default: "exponential", of: ["exponential", "linear"]) == "linear"
    if let value = file.values["shift_terminal"], value != .null {
      terminal = try file.float("shift_terminal", default: 0)
      guard let terminal, terminal >= 0, terminal < 1 else {
        throw ModelError("\(file.path): 'shift_terminal' is \(value); 0 to less than 1 was expected")
      }
    }
    guard try file.bool("use_dynamic_shifting", default: false) else { return }
    let baseTokens = try file.int("base_image_seq_len", default: 256, in: 1...ConfigFile.sizes.upperBound)
    let mostTokens = try file.int("max_image_seq_len", default: 4096, in: 1...ConfigFile.sizes.upperBound)
    guard baseTokens < mostTokens else {
      throw ModelError(
        "\(file.path): 'max_image_seq_len' is \(mostTokens); more than 'base_image_seq_len' was expected, \(baseTokens)"
      )
    }
    dynamic = .line(
      base: try file.float("base_shift", default: 0.5), most: try file.float("max_shift", default: 1.15),
      baseTokens: baseTokens, mostTokens: mostTokens)
  }
}
