import Foundation

/// What a model's UNet predicts.
package enum PredictionType: String, Sendable, CaseIterable, Codable {
  /// The noise in the sample.
  case epsilon
  /// The velocity `sqrt(a_t) e - sqrt(1 - a_t) x_0` (Salimans and Ho 2022).
  case v
}

/// How evaluation times are spread over the training times (Lin and others 2023, table 2).
package enum TimestepSpacing: String, Sendable, CaseIterable {
  case leading, trailing, linspace
}

/// The noise a model was trained with, from `scheduler/scheduler_config.json`.
///
/// Keys of which diffusers' scheduler classes have different defaults are nil where the file lacks them: the class that a
/// schedule follows decides. All other keys are ignored, `clip_sample` too, which is for models of pixels.
package struct SchedulerConfig: Sendable, Equatable {
  package let predictionType: PredictionType
  /// a_t, the cumulative product of alphas, for every time of training.
  package let levels: [Float]
  package let spacing: TimestepSpacing?
  package let stepsOffset: Int
  /// Whether the last step ends at level 1 and not at the level of time 0.
  package let endsAtOne: Bool?

  /// How many times training knows: 0 ..< trainSteps.
  package var trainSteps: Int { levels.count }

  /// Reads the config file at `path`.
  ///
  /// Throws `ModelError` for a wrong type, a number out of range or a setting that is not supported.
  package init(path: String) throws { try self.init(ConfigFile(path: path)) }

  package init(_ file: ConfigFile) throws {
    let prediction = try file.choice("prediction_type", default: "epsilon", of: ["epsilon", "v_prediction"])
    predictionType = prediction == "epsilon" ? .epsilon : .v
    stepsOffset = try file.int("steps_offset", default: 0, in: 0...1_000_000)
    endsAtOne = file.has("set_alpha_to_one") ? try file.bool("set_alpha_to_one", default: false) : nil
    spacing =
      file.has("timestep_spacing")
      ? TimestepSpacing(
        rawValue: try file.choice(
          "timestep_spacing", default: "", of: TimestepSpacing.allCases.map(\.rawValue))) : nil
    var betas = try Self.betas(file)
    if try file.bool("rescale_betas_zero_snr", default: false) { betas = TrainingNoise.rescaledToZeroSNR(betas) }
    guard betas.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
      throw ModelError("\(file.path): the betas go from \(betas[0]) to \(betas[betas.count - 1]); 0 to 1 was expected")
    }
    levels = TrainingNoise.levels(betas)
  }

  private static func betas(_ file: ConfigFile) throws -> [Float] {
    let count = try file.int("num_train_timesteps", default: 1000, in: 1...100_000)
    if file.has("trained_betas") {
      let betas = try file.floats("trained_betas")
      guard betas.count == count else {
        throw ModelError("\(file.path): 'trained_betas' has \(betas.count) numbers for \(count) times")
      }
      return betas.map { Float($0) }
    }
    let start = try file.float("beta_start", default: 0.0001)
    let end = try file.float("beta_end", default: 0.02)
    let curves = ["linear", "scaled_linear", "squaredcos_cap_v2"]
    switch try file.choice("beta_schedule", default: "linear", of: curves) {
    case "linear": return TrainingNoise.linspace(start, end, count)
    case "scaled_linear":
      return TrainingNoise.linspace(start.squareRoot(), end.squareRoot(), count).map { $0 * $0 }
    default: return TrainingNoise.cosineBetas(count)
    }
  }
}

extension ConfigFile {
  /// Whether the file sets a key; null sets none.
  fileprivate func has(_ key: String) -> Bool { values[key].map { $0 != .null } ?? false }

  fileprivate func floats(_ key: String) throws -> [Double] {
    guard case .array(let elements) = values[key] else {
      throw ModelError("\(path): '\(key)' is \(values[key] ?? .null); a list of numbers was expected")
    }
    return try elements.map { element in
      switch element {
      case .float(let value): return value
      case .int(let value): return Double(value)
      default: throw ModelError("\(path): '\(key)' has \(element); a number was expected")
      }
    }
  }
}
