/// Samplers, their noise and their guiders.
extension ComfyClass {
  static let sampling: [(String, ComfyClass)] = [
    ("KSampler", ComfyClass("KSampler", "seed+ steps cfg sampler_name scheduler denoise", .imported(kSampler))),
    (
      "KSamplerAdvanced",
      ComfyClass(
        "KSampler (Advanced)",
        "add_noise noise_seed+ steps cfg sampler_name scheduler start_at_step end_at_step return_with_leftover_noise",
        .imported(kSamplerAdvanced))
    ),
    ("SamplerCustom", ComfyClass("SamplerCustom", "add_noise noise_seed+ cfg", .imported(samplerCustom))),
    ("SamplerCustomAdvanced", ComfyClass("SamplerCustomAdvanced", "", .imported(samplerCustomAdvanced))),
    (
      "RandomNoise",
      ComfyClass(
        "RandomNoise", "noise_seed+",
        .imported { n in
          n.seed("noise_seed").map { [.noise(NoiseMeaning(seed: $0, isAdded: true))] } ?? []
        })
    ),
    (
      "DisableNoise",
      ComfyClass(
        "DisableNoise", "",
        .imported { _ in
          [.noise(NoiseMeaning(seed: .plain("0"), isAdded: false))]
        })
    ),
    (
      "BasicGuider",
      ComfyClass(
        "BasicGuider", "",
        .imported { n in
          let (model, conditioning) = (n.model("model"), n.conditioning("conditioning"))
          guard let model, let conditioning else { return [] }
          return [.guider(GuiderMeaning(model: model, positive: conditioning))]
        })
    ),
    (
      "CFGGuider",
      ComfyClass(
        "CFGGuider", "cfg",
        .imported { n in
          let (model, positive, guidance) = (n.model("model"), n.conditioning("positive"), n.guidance("cfg"))
          guard let guidance else { return [] }
          // Guidance 1 asks for no negative prompt.
          let negative = guidance.isOne ? nil : n.conditioning("negative")
          guard let model, let positive else { return [] }
          return [.guider(GuiderMeaning(model: model, positive: positive, negative: negative, cfg: guidance.value))]
        })
    ),
    (
      "DualModelGuider",
      ComfyClass("DualModelGuider", "", .refused("it takes the negative prediction from another model"))
    ),
    (
      "AddNoise",
      ComfyClass(
        "AddNoise", "",
        .refused(
          "the sampler after it takes its latent for a clean one, and scales it again; nearest is a sampler that adds noise"
        ))
    ),
    (
      "KSamplerSelect",
      ComfyClass(
        "KSamplerSelect", "sampler_name",
        .imported { n in
          n.samplerName().map { [.sampler(SamplerMeaning(name: $0))] } ?? []
        })
    ),
    (
      "SamplerEulerAncestral",
      ComfyClass(
        "SamplerEulerAncestral", "eta s_noise", .imported { sampler($0, "euler_ancestral", ["eta", "s_noise"]) })
    ),
    (
      "SamplerDPMPP_2M_SDE",
      ComfyClass(
        "SamplerDPMPP_2M_SDE", "solver_type eta s_noise noise_device",
        .imported { n in
          guard let type = n.text("solver_type", default: "midpoint") else { return [] }
          return sampler(n, type == "heun" ? "dpmpp_2m_sde_heun" : "dpmpp_2m_sde", ["eta", "s_noise"])
        })
    ),
    (
      "SamplerDPMPP_3M_SDE",
      ComfyClass(
        "SamplerDPMPP_3M_SDE", "eta s_noise noise_device",
        .imported { sampler($0, "dpmpp_3m_sde", ["eta", "s_noise"]) })
    ),
    (
      "SamplerDPMPP_SDE",
      ComfyClass(
        "SamplerDPMPP_SDE", "eta s_noise r noise_device",
        .imported { n in
          guard let r = n.number("r", default: 0.5) else { return [] }
          return r == 0.5
            ? sampler(n, "dpmpp_sde", ["eta", "s_noise"]) : [n.refuse("its midpoint is at r \(r); nearest is 0.5")]
        })
    ),
    (
      "SamplerDPMPP_2S_Ancestral",
      ComfyClass(
        "SamplerDPMPP_2S_Ancestral", "eta s_noise", .imported { sampler($0, "dpmpp_2s_ancestral", ["eta", "s_noise"]) })
    ),
    ("SamplerLMS", ComfyClass("SamplerLMS", "order", .imported { sampler($0, "lms", ["order"]) })),
    (
      "SamplerER_SDE",
      ComfyClass(
        "SamplerER_SDE", "solver_type max_stage eta s_noise",
        .refused("its noise is scaled in a way of its own; nearest is KSamplerSelect with er_sde"))
    ),
    (
      "SamplerLCM",
      ComfyClass(
        "SamplerLCM", "", .refused("its noise is scaled in a way of its own; nearest is KSamplerSelect with lcm"))
    ),
    (
      "SamplerDPMAdaptative",
      ComfyClass(
        "SamplerDPMAdaptative", "order rtol atol h_init pcoeff icoeff dcoeff accept_safety eta s_noise",
        .refused("its number of steps is known only while it runs"))
    ),
    (
      "SamplerSASolver",
      ComfyClass(
        "SamplerSASolver",
        "eta sde_start_percent sde_end_percent s_noise predictor_order corrector_order use_pece simple_order_2",
        .refused("no step of this method is here; nearest is dpmpp_3m_sde"))
    ),
    (
      "SamplerEulerCFGpp",
      ComfyClass(
        "SamplerEulerCFGpp", "version",
        .refused("an older form of the method; nearest is KSamplerSelect with euler_cfg_pp"))
    ),
  ]

  /// A sampler with values of its own; those that its graph does not have must be what they are without being said.
  private static func sampler(_ n: NodeTranslation, _ name: String, _ options: [String]) -> [Meaning] {
    var values: [(name: String, value: SketchValue)] = []
    for option in options where n.isGiven(option) {
      guard let number = n.number(option), let value = n.plain(option) else { continue }
      if ComfySamplers.options[name]?.contains(option) == true {
        // What the graph has by itself is not said.
        if number != (option == "order" ? 4 : 1) { values.append((option, value)) }
      } else if number != 1 {
        n.refuse("'\(option)' is \(NodeTranslation.text(of: number)); nearest is 1")
      }
    }
    return [.sampler(SamplerMeaning(name: name, options: values))]
  }

  // MARK: Samplers

  private static func kSampler(_ n: NodeTranslation) -> [Meaning] {
    let (model, guidance, name) = (n.model("model"), n.guidance("cfg"), n.samplerName())
    let (seed, sigmas) = (n.seed("seed"), n.schedule(model))
    let (positive, latent) = (n.conditioning("positive"), n.latent("latent_image"))
    let negative = guidance.map { $0.isOne } == false ? n.conditioning("negative") : nil
    guard let model, let guidance, let name, let seed, let sigmas, let positive, let latent else { return [] }
    return n.sample(
      SampleParts(
        guider: GuiderMeaning(model: model, positive: positive, negative: negative, cfg: guidance.value),
        sampler: SamplerMeaning(name: name), sigmas: sigmas, noise: NoiseMeaning(seed: seed, isAdded: true),
        latent: latent,
        discards: true))
  }

  private static func kSamplerAdvanced(_ n: NodeTranslation) -> [Meaning] {
    let (model, guidance, name) = (n.model("model"), n.guidance("cfg"), n.samplerName())
    let (seed, isAdded) = (n.seed("noise_seed"), n.flag("add_noise", default: true))
    let (positive, latent) = (n.conditioning("positive"), n.latent("latent_image"))
    let negative = guidance.map { $0.isOne } == false ? n.conditioning("negative") : nil
    let (start, end) = (n.integer("start_at_step", default: 0), n.integer("end_at_step", default: 10_000))
    let leavesNoise = n.flag("return_with_leftover_noise", default: false)
    guard let model, let guidance, let name, let seed, let isAdded, var sigmas = n.schedule(model), let positive,
      let latent,
      let start, let end, let leavesNoise
    else { return [] }
    sigmas.from = max(0, start)
    if end < sigmas.count.number { (sigmas.to, sigmas.endsAtZero) = (max(0, end), !leavesNoise) }
    return n.sample(
      SampleParts(
        guider: GuiderMeaning(model: model, positive: positive, negative: negative, cfg: guidance.value),
        sampler: SamplerMeaning(name: name), sigmas: sigmas, noise: NoiseMeaning(seed: seed, isAdded: isAdded),
        latent: latent,
        discards: true))
  }

  private static func samplerCustom(_ n: NodeTranslation) -> [Meaning] {
    let (model, guidance) = (n.model("model"), n.guidance("cfg"))
    let (seed, isAdded) = (n.seed("noise_seed"), n.flag("add_noise", default: true))
    let (positive, latent) = (n.conditioning("positive"), n.latent("latent_image"))
    let negative = guidance.map { $0.isOne } == false ? n.conditioning("negative") : nil
    let (sampler, sigmas) = (n.sampler("sampler"), n.sigmas("sigmas"))
    guard let model, let guidance, let seed, let isAdded, let positive, let latent, let sampler, let sigmas else {
      return []
    }
    return n.sample(
      SampleParts(
        guider: GuiderMeaning(model: model, positive: positive, negative: negative, cfg: guidance.value),
        sampler: sampler,
        sigmas: sigmas, noise: NoiseMeaning(seed: seed, isAdded: isAdded), latent: latent, discards: false))
  }

  private static func samplerCustomAdvanced(_ n: NodeTranslation) -> [Meaning] {
    let (noise, guider, sampler) = (n.noise("noise"), n.guider("guider"), n.sampler("sampler"))
    let (sigmas, latent) = (n.sigmas("sigmas"), n.latent("latent_image"))
    guard let noise, let guider, let sampler, let sigmas, let latent else { return [] }
    return n.sample(
      SampleParts(guider: guider, sampler: sampler, sigmas: sigmas, noise: noise, latent: latent, discards: false))
  }
}

extension NodeTranslation {
  /// The sampler's name of today; nil after one was refused that is not here.
  func samplerName() -> String? {
    guard let name = text("sampler_name") else { return nil }
    let plain = name.hasSuffix("_gpu") ? String(name.dropLast(4)) : name
    if ComfySamplers.here.contains(plain) { return plain }
    let nearest = ComfySamplers.nearest[plain].map { "; nearest is \($0)" } ?? ""
    refuse(
      ComfySamplers.nearest[plain] == nil
        ? "there is no sampler '\(name)'" : "no step of the method '\(name)' is here\(nearest)")
    return nil
  }

  /// A guidance scale, and whether it is 1, with which ComfyUI takes one prediction.
  func guidance(_ name: String, default standard: String? = nil) -> (value: SketchValue, isOne: Bool)? {
    guard let number = number(name, default: standard.flatMap(Double.init)), let value = plain(name, default: standard)
    else { return nil }
    return (param("cfg", .float, value) ?? value, number == 1)
  }

  /// KSampler's own schedule.
  func schedule(_ model: ModelMeaning?) -> SigmasMeaning? {
    let (curve, steps, denoise) = (text("scheduler"), steps(), number("denoise", default: 1))
    guard let model, let curve, let steps, let denoise else { return nil }
    return sigmas(model, curve: curve, steps: steps, denoise: denoise)
  }

  func steps() -> StepCount? {
    guard let number = integer("steps", default: 20) else { return nil }
    guard (1...1000).contains(number) else { return complain("steps", "1 to 1000") }
    return StepCount(number: number, value: param("steps", .int, .integer(number), min: "1") ?? .integer(number))
  }
}
