/// The samplers and schedulers of KSampler.
package enum ComfySamplers {
  /// Those that have a graph of their name in `Graphs/samplers/comfyui`.
  package static let here: Set<String> = [
    "euler", "ddim", "euler_ancestral", "ddpm", "heun", "dpm_2", "dpm_2_ancestral", "lms", "dpm_fast",
    "dpmpp_2s_ancestral",
    "dpmpp_sde", "dpmpp_2m", "dpmpp_2m_sde", "dpmpp_2m_sde_heun", "dpmpp_3m_sde", "lcm", "ipndm", "ipndm_v", "deis",
    "res_multistep", "res_multistep_ancestral", "gradient_estimation", "er_sde", "uni_pc", "uni_pc_bh2", "euler_cfg_pp",
    "euler_ancestral_cfg_pp", "dpmpp_2m_cfg_pp",
  ]

  /// Those that have none, and what is nearest to each.
  package static let nearest: [String: String] = [
    "heunpp2": "heun", "exp_heun_2_x0": "heun", "exp_heun_2_x0_sde": "dpmpp_sde", "dpm_adaptive": "dpmpp_2m",
    "dpmpp_2s_ancestral_cfg_pp": "dpmpp_2s_ancestral", "res_multistep_cfg_pp": "res_multistep",
    "res_multistep_ancestral_cfg_pp": "res_multistep_ancestral", "gradient_estimation_cfg_pp": "gradient_estimation",
    "seeds_2": "dpmpp_sde", "seeds_3": "dpmpp_sde", "sa_solver": "dpmpp_3m_sde", "sa_solver_pece": "dpmpp_3m_sde",
  ]

  /// Params of their graphs that nodes of ComfyUI set.
  static let options: [String: Set<String>] = [
    "euler_ancestral": ["eta", "s_noise"], "dpmpp_sde": ["eta", "s_noise"], "dpmpp_2m_sde": ["eta", "s_noise"],
    "dpmpp_2m_sde_heun": ["eta", "s_noise"], "dpmpp_3m_sde": ["eta", "s_noise"], "dpmpp_2s_ancestral": ["s_noise"],
    "lms": ["order"],
  ]
  /// What the steps of their graphs have that is no default of the step's node.
  static let stepValues: [String: [String: String]] = [
    "deis": ["order": "3"], "dpmpp_2m": ["lower_order_final": "false"],
    "dpmpp_2m_cfg_pp": ["lower_order_final": "false"], "dpmpp_2m_sde_heun": ["type": "heun"],
    "dpmpp_3m_sde": ["order": "3"], "ipndm_v": ["type": "variable"], "res_multistep_ancestral": ["eta": "1"],
    "euler_ancestral_cfg_pp": ["eta": "1"],
    "uni_pc": ["order": "3", "type": "bh1"], "uni_pc_bh2": ["order": "3"],
  ]
  /// Those whose steps draw noise by a generator that is to choose.
  static let drawing: Set = [
    "euler_ancestral", "euler_ancestral_cfg_pp", "dpm_2_ancestral", "dpmpp_2s_ancestral", "ddpm", "lcm",
    "res_multistep_ancestral",
    "er_sde",
  ]
  /// Those whose steps need nothing of the steps before.
  static let forgetting: Set = [
    "euler", "ddim", "euler_ancestral", "euler_cfg_pp", "euler_ancestral_cfg_pp", "ddpm", "lcm",
  ]
  /// Those that evaluate the model twice a step, but for a last step to no noise.
  static let evaluatingTwice: Set = ["heun", "dpm_2", "dpm_2_ancestral", "dpmpp_2s_ancestral", "dpmpp_sde"]
  /// Those that make a step more and leave out the last sigma above 0.
  static let discarding: Set = ["dpm_2", "dpm_2_ancestral", "uni_pc", "uni_pc_bh2"]
  /// Those that look at the negative prediction by itself.
  static let needingNegative: Set = ["euler_cfg_pp", "euler_ancestral_cfg_pp", "dpmpp_2m_cfg_pp"]

  static let curves: Set = [
    "simple", "normal", "karras", "exponential", "sgm_uniform", "ddim_uniform", "beta", "linear_quadratic",
    "kl_optimal",
  ]
}
