import GraphEngine
import JSONTree

/// The steps of a run as one sampler of ComfyUI.
struct ExportedSteps {
  /// What the prediction of a step is made of.
  private struct Guidance: Equatable {
    var denoiser: WireSource?
    var positive: WireSource?
    /// Nil where there is one prediction.
    var negative: WireSource?
    var scale: Double?
    var told: Double?
    var references: [WireSource]
  }

  private let exporter: Exporter
  private let output: WireSource
  /// From the first to the last.
  private let steps: [Int]
  private let schedule: Int
  private let sampler: String
  private let guidance: Guidance

  /// By the type of a step, the samplers whose graphs take it.
  private static let samplers: [String: Set<String>] = [
    "EulerStep": ["euler", "ddim", "euler_cfg_pp"],
    "EulerAncestralStep": ["euler_ancestral", "euler_ancestral_cfg_pp"],
    "HeunStep": ["heun"], "DPM2Step": ["dpm_2"], "DPM2AncestralStep": ["dpm_2_ancestral"], "LMSStep": ["lms"],
    "LCMStep": ["lcm"], "UniPCStep": ["uni_pc", "uni_pc_bh2"], "DEISStep": ["deis"],
    "DPMSolverStep": ["dpmpp_2m", "dpmpp_2m_cfg_pp"],
    "DDPMStep": ["ddpm"], "ResMultistepStep": ["res_multistep", "res_multistep_ancestral"], "ERSDEStep": ["er_sde"],
    "IPNDMStep": ["ipndm", "ipndm_v"], "GradientEstimationStep": ["gradient_estimation"],
    "DPMSDEStep": ["dpmpp_2m_sde", "dpmpp_2m_sde_heun", "dpmpp_3m_sde"], "DPMPPSDEStep": ["dpmpp_sde"],
    "DPM2SAncestralStep": ["dpmpp_2s_ancestral"], "DPMFastStep": ["dpm_fast"],
  ]

  /// Steps of methods that ComfyUI does not have are steps all the same.
  static func isStep(_ type: String) -> Bool {
    samplers[type] != nil || ["DDIMStep", "PLMSStep", "TCDStep"].contains(type)
  }

  /// Nil after something was refused that no sampler of ComfyUI does.
  init?(endingAt output: WireSource, in exporter: Exporter) {
    self.exporter = exporter
    self.output = output
    var steps = [output.node]
    while let before = exporter.source(steps[steps.count - 1], "latent"),
      Self.isStep(exporter.graph.nodes[before.node].type),
      exporter.source(before.node, "schedule") == exporter.source(output.node, "schedule")
    {
      steps.append(before.node)
    }
    self.steps = steps.reversed()
    let (first, graph) = (self.steps[0], exporter.graph)
    guard let schedule = exporter.source(first, "schedule")?.node, graph.nodes[schedule].type == "NoiseSchedule" else {
      return nil
    }
    self.schedule = schedule
    guard exporter.text(schedule, "convention") == "comfyui", let sampler = exporter.text(schedule, "sampler") else {
      exporter.refuse(
        schedule,
        "its steps follow the convention '\(exporter.text(schedule, "convention") ?? "")'; comfyui was expected")
      return nil
    }
    self.sampler = sampler
    guidance = Self.guidance(of: first, in: exporter)
    guard isUniform() else { return nil }
  }

  // MARK: What the steps have in common

  private static func guidance(of step: Int, in e: Exporter) -> Guidance {
    func prediction(_ source: WireSource?) -> (
      denoiser: WireSource?, text: WireSource?, told: Double?, references: [WireSource]
    ) {
      guard let node = source?.node else { return (nil, nil, nil, []) }
      let denoiser = e.source(node, "denoiser") ?? e.source(node, "unet")
      let told = e.number(node, "guidance").flatMap { $0 == 0 ? nil : $0 }
      return (denoiser, e.source(node, "conditioning"), told, e.sources(node, "references"))
    }
    let noise = e.source(step, "noise")
    guard let node = noise?.node, e.graph.nodes[node].type == "CFGCombine" else {
      let only = prediction(noise)
      return Guidance(denoiser: only.denoiser, positive: only.text, told: only.told, references: only.references)
    }
    let (positive, negative) = (prediction(e.source(node, "positive")), prediction(e.source(node, "uncond")))
    // Guidance between a text and itself is none.
    let isGuided = negative.text != positive.text
    return Guidance(
      denoiser: positive.denoiser, positive: positive.text, negative: isGuided ? negative.text : nil,
      scale: isGuided ? e.number(node, "scale") : nil, told: positive.told, references: positive.references)
  }

  /// Whether one sampler does all steps; what differs is told where it does.
  private func isUniform() -> Bool {
    let (e, first) = (exporter, steps[0])
    var isUniform = true
    for (number, step) in steps.enumerated() {
      let type = e.graph.nodes[step].type
      guard Self.samplers[type]?.contains(sampler) == true else {
        e.refuse(
          step, "\(type) is no step of '\(sampler)', the sampler of its schedule; a sampler of ComfyUI is of one method"
        )
        isUniform = false
        continue
      }
      if e.number(step, "step") != Double(number) {
        e.refuse(step, "it takes step \(e.text(step, "step") ?? ""), where a sampler of ComfyUI takes step \(number)")
        isUniform = false
      }
      let other = Self.guidance(of: step, in: e)
      if other != guidance {
        e.refuse(step, "\(difference(other)); a sampler of ComfyUI guides all of its steps alike")
        isUniform = false
      }
      let node = e.source(step, "noise")?.node
      if let node, e.number(node, "rescale") ?? 0 != 0 {
        e.refuse(node, "no sampler of ComfyUI rescales guidance so; nearest is its node RescaleCFG")
        isUniform = false
      }
      for name in ["seed", "eta", "s_noise", "rng"] where e.value(step, name) != e.value(first, name) {
        e.refuse(
          step,
          "its '\(name)' is \(e.text(step, name) ?? "none"), where the first step has \(e.text(first, name) ?? "none")")
        isUniform = false
      }
    }
    if ComfySamplers.drawing.contains(sampler), let rng = e.text(first, "rng"), rng != "comfyui" {
      e.refuse(first, "its noise is that of '\(rng)'; 'rng: comfyui' was expected")
      isUniform = false
    }
    return isUniform
  }

  private func difference(_ other: Guidance) -> String {
    if other.scale != guidance.scale {
      func shown(_ scale: Double?) -> String { scale.map { NodeTranslation.text(of: $0) } ?? "none" }
      return "its guidance is \(shown(other.scale)), where the first step has \(shown(guidance.scale))"
    }
    if other.positive != guidance.positive || other.negative != guidance.negative {
      return "its prompts are others than the first step's"
    }
    if other.denoiser != guidance.denoiser { return "its model is another than the first step's" }
    return "its prediction is made otherwise than the first step's"
  }

  // MARK: The sampler

  /// A link to the latent; nil after something was refused.
  func link() -> JSONValue? {
    let e = exporter
    guard let source = e.source(steps[0], "latent"), let start = start(source), let model = model(),
      let positive = text(guidance.positive)
    else { return nil }
    let negative = guidance.negative.flatMap(text)
    let isDenoised = e.graph.nodes[output.node].declaration.outputs[output.output].name == "denoised"
    let parts = SamplerInputs(
      model: model, positive: positive, negative: negative, cfg: guidance.scale, start: start, sampler: sampler,
      schedule: schedule, step: steps[0], isDenoised: isDenoised)
    return parts.link(e)
  }

  /// What the noise is added to, and how.
  private func start(_ source: WireSource) -> SamplerInputs.Start? {
    let e = exporter
    guard e.graph.nodes[source.node].type == "AddNoise" else {
      e.refuse(source.node, "a sampler of ComfyUI draws its own noise; AddNoise before the first step was expected")
      return nil
    }
    let node = source.node
    guard e.text(node, "rng") == "comfyui" else {
      e.refuse(node, "its noise is that of '\(e.text(node, "rng") ?? "")'; 'rng: comfyui' was expected")
      return nil
    }
    guard e.number(node, "draw") ?? 0 == 0 else {
      e.refuse(node, "it takes draw \(e.text(node, "draw") ?? ""); draw 0 was expected")
      return nil
    }
    guard let latent = e.latent(into: node, "latent") else { return nil }
    let isAdded = e.number(node, "amount") ?? 1 != 0
    return SamplerInputs.Start(
      latent: latent, seed: e.json(isAdded ? node : steps[0], "seed") ?? .plain("0"), isAdded: isAdded)
  }

  /// The model, with what the schedule says of its noise.
  private func model() -> JSONValue? {
    let e = exporter
    guard let source = guidance.denoiser, case .model(let model)? = e.outputs[source] else { return nil }
    if let mu = e.json(schedule, "mu") {
      // At 1024x1024 its shift is the greatest.
      return e.add(
        "ModelSamplingFlux", schedule,
        [
          ("model", model.link), ("max_shift", mu), ("base_shift", .plain("0.5")), ("width", .plain("1024")),
          ("height", .plain("1024")),
        ])
    }
    if let shift = e.json(schedule, "shift") {
      return e.add("ModelSamplingAuraFlow", schedule, [("model", model.link), ("shift", shift)])
    }
    guard let prediction = e.text(schedule, "prediction") else { return model.link }
    return e.add(
      "ModelSamplingDiscrete", schedule,
      [
        ("model", model.link), ("sampling", .text(prediction == "v" ? "v_prediction" : "eps")),
        ("zsnr", .plain(e.text(schedule, "zero_snr") ?? "false")),
      ])
  }

  /// A prompt, with what the model is told beside it.
  private func text(_ source: WireSource?) -> JSONValue? {
    let e = exporter
    guard let source, case .text(let text)? = e.outputs[source] else { return nil }
    var link = text.link
    if let told = guidance.told {
      link = e.add(
        "FluxGuidance", source.node, [("conditioning", link), ("guidance", .plain(NodeTranslation.text(of: told)))])
    }
    for reference in guidance.references {
      link = e.add("ReferenceLatent", source.node, [("conditioning", link), ("latent", e.latent(reference))])
    }
    return link
  }
}
