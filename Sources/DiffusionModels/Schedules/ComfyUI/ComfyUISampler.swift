/// A sampler by ComfyUI's name (0.8.0): what it asks of the list of sigmas that it runs over.
///
/// A list says when the model is evaluated, which is the sampler's business where a step takes more than one evaluation,
/// and some samplers change the ends of the list that they are given. `*_gpu` names are the same methods.
package enum ComfyUISampler: String, Sendable, CaseIterable, Codable {
  case euler
  case eulerCFGPP = "euler_cfg_pp"
  case eulerAncestral = "euler_ancestral"
  case eulerAncestralCFGPP = "euler_ancestral_cfg_pp"
  case heun
  case dpm2 = "dpm_2"
  case dpm2Ancestral = "dpm_2_ancestral"
  case lms
  case dpmFast = "dpm_fast"
  case dpmpp2SAncestral = "dpmpp_2s_ancestral"
  case dpmppSDE = "dpmpp_sde"
  case dpmpp2M = "dpmpp_2m"
  case dpmpp2MCFGPP = "dpmpp_2m_cfg_pp"
  case dpmpp2MSDE = "dpmpp_2m_sde"
  case dpmpp2MSDEHeun = "dpmpp_2m_sde_heun"
  case dpmpp3MSDE = "dpmpp_3m_sde"
  case ddpm
  case lcm
  case ipndm
  case ipndmV = "ipndm_v"
  case deis
  case resMultistep = "res_multistep"
  case resMultistepAncestral = "res_multistep_ancestral"
  case gradientEstimation = "gradient_estimation"
  case erSDE = "er_sde"
  case ddim
  case uniPC = "uni_pc"
  case uniPCbh2 = "uni_pc_bh2"

  /// How its evaluations follow each other.
  package var pattern: ScheduleConvention.Pattern {
    switch self {
    case .heun: .pairs
    case .dpm2: .midpoints
    case .dpm2Ancestral: .ancestralMidpoints
    case .dpmpp2SAncestral: .ancestralLogMidpoints
    case .dpmppSDE: .logMidpoints
    case .dpmFast: .groups
    default: .single
    }
  }

  /// Whether KSampler makes one step more for it and leaves out the last sigma above 0 (`DISCARD_PENULTIMATE_SIGMA_SAMPLERS`).
  var discardsSigma: Bool { [.dpm2, .dpm2Ancestral, .uniPC, .uniPCbh2].contains(self) }

  /// Where a list that ends at 0 ends instead.
  var end: Float? { [.uniPC, .uniPCbh2].contains(self) ? 0.001 : nil }

  /// Whether it computes with the logarithm of signal over noise, and so begins a flow just below pure noise
  /// (`offset_first_sigma_for_snr`).
  var startsBelowNoise: Bool { [.dpmppSDE, .dpmpp2MSDE, .dpmpp2MSDEHeun, .dpmpp3MSDE, .erSDE].contains(self) }
}
