/// The keys that not every scheduler class of diffusers 0.42 takes, and which classes follow them.
///
/// They are those of the classes' constructors; `from_config` passes over the others. All classes take the keys of
/// training's noise (`beta_start`, `trained_betas`, ...), and all that draw curves look at `sigma_min` and `sigma_max`,
/// with or without a parameter for them, but for LMS's karras.
extension SchedulerConfig {
  enum Key: CaseIterable {
    /// `timestep_spacing` and `steps_offset`.
    case spacing
    /// `set_alpha_to_one`.
    case endsAtOne
    /// `final_sigmas_type`.
    case finalSigma
    /// `use_karras_sigmas`, `use_exponential_sigmas` and `use_beta_sigmas`.
    case curves
    /// `timestep_type`.
    case timeType
    /// `rescale_betas_zero_snr`.
    case zeroSNR
    /// `lambda_min_clipped`.
    case leastLogSNR

    func isFollowed(by convention: ScheduleConvention) -> Bool {
      switch self {
      case .spacing: convention.defaultSpacing != nil
      // LCM and TCD take it, and end where they end whatever it says.
      case .endsAtOne: [.ddim, .plms].contains(convention)
      case .finalSigma: [.k, .dpm, .dpmSinglestep, .unipc].contains(convention)
      case .curves: convention.usesSigmas && ![.eulerAncestral, .comfyui].contains(convention)
      case .timeType: convention == .k
      case .zeroSNR: [.ddim, .ddpm, .k, .eulerAncestral, .dpm, .unipc, .lcm, .tcd, .comfyui].contains(convention)
      case .leastLogSNR: [.dpm, .dpmSinglestep].contains(convention)
      }
    }
  }

  /// This config without what the class of `convention` passes over.
  ///
  /// Throws `ModelError` for two curves at once.
  func read(by convention: ScheduleConvention) throws -> SchedulerConfig {
    var config = self
    for key in Key.allCases where !key.isFollowed(by: convention) {
      switch key {
      case .spacing: (config.spacing, config.stepsOffset) = (nil, 0)
      case .endsAtOne: config.endsAtOne = nil
      case .finalSigma: config.finalSigma = nil
      case .curves: config.curves = []
      case .timeType: config.isContinuous = false
      case .zeroSNR: config.rescalesToZeroSNR = false
      case .leastLogSNR: config.leastLogSNR = -.infinity
      }
    }
    guard config.curves.count <= 1 else {
      let keys = config.curves.map { "'use_\($0.rawValue)_sigmas'" }
      throw ModelError("\(path): \(keys.joined(separator: " and ")) are true; at most one was expected")
    }
    return config
  }
}
