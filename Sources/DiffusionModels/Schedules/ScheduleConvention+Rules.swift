/// Where a schedule ends: at sigma 0, level 1, or at the level of training time 0, the smallest sigma of training.
///
/// diffusers calls it `final_sigmas_type` in some classes and `set_alpha_to_one` in others.
package enum ScheduleEnd: String, Sendable, CaseIterable {
  case zero
  case sigmaMin = "sigma_min"
}

/// What a workflow can ask of each convention, and the defaults of its reference class.
///
/// Which keys of a model's config the class follows is in `SchedulerConfig.Key`.
extension ScheduleConvention {
  /// Whether the class computes with sigmas, and not with the levels of whole training times.
  var usesSigmas: Bool {
    switch self {
    case .ddim, .ddpm, .plms, .lcm, .tcd: false
    case .k, .eulerAncestral, .lms, .heun, .dpm2, .dpm2Ancestral, .dpm, .dpmSinglestep, .unipc, .deis, .comfyui: true
    }
  }

  /// Whether the class takes whole times alone, and spreads the end with the steps.
  var isOfDPMFamily: Bool {
    switch self {
    case .dpm, .dpmSinglestep, .unipc, .deis: true
    default: false
    }
  }

  /// The classes after k-diffusion: their spacing decides how the start noise is scaled.
  var isOfKFamily: Bool { usesSigmas && !isOfDPMFamily && self != .comfyui }

  /// Nil where the class has one way to spread times and no parameter for it.
  var defaultSpacing: TimestepSpacing? {
    switch self {
    case .ddim, .ddpm, .plms: .leading
    case .k, .eulerAncestral, .lms, .heun, .dpm2, .dpm2Ancestral, .dpm, .unipc, .deis: .linspace
    case .dpmSinglestep, .lcm, .tcd, .comfyui: nil
    }
  }

  /// Where a schedule can end; the first is the class's default.
  var ends: [ScheduleEnd] {
    switch self {
    case .ddim, .k, .eulerAncestral, .lms, .dpm, .dpmSinglestep, .unipc: [.zero, .sigmaMin]
    case .plms: [.sigmaMin, .zero]
    case .ddpm, .heun, .dpm2, .dpm2Ancestral, .lcm, .comfyui: [.zero]
    // TCD's last step goes to time 0 whatever set_alpha_to_one says.
    case .deis, .tcd: [.sigmaMin]
    }
  }

  /// Whether the noise can be scaled to zero terminal SNR.
  var takesZeroSNR: Bool {
    switch self {
    case .ddim, .ddpm, .k, .eulerAncestral, .lms, .dpm, .unipc, .lcm, .tcd, .comfyui: true
    case .plms, .heun, .dpm2, .dpm2Ancestral, .dpmSinglestep, .deis: false
    }
  }

  /// Whether the times come from the coarser list of times that a model was distilled with.
  package var usesOriginalSteps: Bool { self == .lcm || self == .tcd }

  /// PLMS is for evenly spaced steps.
  var takesTimesteps: Bool { self != .plms }

  var takesWholeTimesOnly: Bool { !isOfKFamily }

  /// The betas of a config that says nothing.
  var defaultBetas: (schedule: BetaSchedule, start: Double, end: Double) {
    switch self {
    case .ddim, .ddpm, .plms, .k, .eulerAncestral, .lms, .dpm, .dpmSinglestep, .unipc, .deis: (.linear, 0.0001, 0.02)
    case .heun, .dpm2, .dpm2Ancestral: (.linear, 0.00085, 0.012)
    case .lcm, .tcd, .comfyui: (.scaledLinear, 0.00085, 0.012)
    }
  }

  /// The conventions for which `property` holds, for messages.
  package static func list(where property: (ScheduleConvention) -> Bool) -> String {
    allCases.filter(property).map(\.rawValue).joined(separator: ", ")
  }
}
