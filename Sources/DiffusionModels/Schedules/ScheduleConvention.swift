/// Which family of reference schedulers a schedule follows: they space, round and end differently.
///
/// Each case is the rule of one class of diffusers 0.42, named after the method, but for ComfyUI's.
package enum ScheduleConvention: String, Sendable, CaseIterable, Codable {
  /// DDIMScheduler.
  case ddim
  /// DDPMScheduler.
  case ddpm
  /// PNDMScheduler with skip_prk_steps.
  case plms
  /// EulerDiscreteScheduler, after k-diffusion.
  case k
  /// EulerAncestralDiscreteScheduler.
  case eulerAncestral = "euler_ancestral"
  /// LMSDiscreteScheduler.
  case lms
  /// HeunDiscreteScheduler.
  case heun
  /// KDPM2DiscreteScheduler.
  case dpm2
  /// KDPM2AncestralDiscreteScheduler.
  case dpm2Ancestral = "dpm2_ancestral"
  /// DPMSolverMultistepScheduler.
  case dpm
  /// DPMSolverSinglestepScheduler.
  case dpmSinglestep = "dpm_singlestep"
  /// UniPCMultistepScheduler.
  case unipc
  /// DEISMultistepScheduler.
  case deis
  /// LCMScheduler.
  case lcm
  /// TCDScheduler.
  case tcd
  /// ComfyUI 0.8.0, whose samplers differ in their evaluations: `ComfyUISampler`.
  case comfyui

  /// How the evaluations of a convention follow each other: a step refuses a schedule of another pattern than its own.
  package enum Pattern: String, Sendable, Codable {
    /// One evaluation for each step.
    case single
    /// N + 1 evaluations t0, t1, t1, t2, t3, ...: the second one takes the first step again (PLMS).
    case restart
    /// 2 N - 1 evaluations t0, t1, t1, t2, t2, ...: every odd one corrects the step before it (Heun).
    case pairs
    /// 2 N - 1 evaluations t0, m0, t1, m1, t2, ...: every odd one is between two steps (DPM2).
    case midpoints
    /// As `midpoints`, but on the way to the lower level from which an ancestral step adds noise.
    case ancestralMidpoints
    /// As `midpoints`, halfway in log(signal / noise), with noise at both (DPM-Solver++ SDE).
    case logMidpoints
    /// As `logMidpoints`, but on the way to the lower level from which an ancestral step adds noise (DPM-Solver++ 2S).
    case ancestralLogMidpoints
    /// Groups of one, two or three evaluations that start from one sample (DPM-Solver fast).
    case groups

    /// Whether the evaluations of a step are two, but for a last one that ends clean.
    package var isOfPairs: Bool {
      switch self {
      case .single, .restart, .groups: false
      case .pairs, .midpoints, .ancestralMidpoints, .logMidpoints, .ancestralLogMidpoints: true
      }
    }
  }

  /// That of ComfyUI's convention is its sampler's; a schedule knows it.
  package var pattern: Pattern {
    switch self {
    case .ddim, .ddpm, .k, .eulerAncestral, .lms, .dpm, .dpmSinglestep, .unipc, .deis, .lcm, .tcd, .comfyui: .single
    case .plms: .restart
    case .heun: .pairs
    case .dpm2: .midpoints
    case .dpm2Ancestral: .ancestralMidpoints
    }
  }
}
