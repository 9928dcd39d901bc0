import GraphEngine
import JSONTree

/// The steps of a run as one sampler of ComfyUI.
struct ExportedSteps {
  private let exporter: Exporter
  private let output: WireSource
  /// From the first to the last.
  private let steps: [Int]
  private let schedule: Int
  private let sampler: String
  /// Of the first step.
  private let guidance: ExportedGuidance
  private var parts: ExportedParts?

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
    let guidances = self.steps.map { ExportedGuidance(of: $0, in: exporter) }
    guidance = guidances[0]
    guard isUniform(guidances) else { return nil }
    parts = ExportedParts(guidances, of: self.steps, schedule: schedule, in: exporter)
  }

  // MARK: What the steps have in common

  /// Whether one sampler does all steps; what differs is told where it does.
  private func isUniform(_ guidances: [ExportedGuidance]) -> Bool {
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
      let other = guidances[number]
      if let difference = other.difference(from: guidance) {
        e.refuse(step, "\(difference); a sampler of ComfyUI guides all of its steps alike")
        isUniform = false
      }
      if !hasOwnValues(step, number, other) { isUniform = false }
      if let node = other.stray {
        e.refuse(node, "it goes by other predictions than those that the guidance before it is made of")
        isUniform = false
      }
      if let node = other.combination, e.number(node, "rescale") ?? 0 != 0 {
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

  /// Whether a step has the values of its sampler's graph, but for those that a sampler of ComfyUI is told.
  private func hasOwnValues(_ step: Int, _ number: Int, _ guidance: ExportedGuidance) -> Bool {
    let e = exporter
    let told = ComfySamplers.options[sampler] ?? []
    var isOwn = true
    for parameter in e.graph.nodes[step].declaration.parameters
    where !told.contains(parameter.name) && !["step", "seed", "rng"].contains(parameter.name) {
      // With a history that is where the method began, whatever the step says.
      if parameter.name == "begin", number > 0, e.source(step, "history") != nil { continue }
      let own =
        parameter.name == "begin"
        ? "0" : ComfySamplers.stepValues[sampler]?[parameter.name] ?? parameter.defaultValue?.text
      let given = e.text(step, parameter.name)
      guard given ?? own != own else { continue }
      e.refuse(
        step,
        "its '\(parameter.name)' is \(given ?? "none"), where the sampler '\(sampler)' has \(own ?? "none")")
      isOwn = false
    }
    let (uncond, negative) = (e.source(step, "uncond"), guidance.negativePrediction)
    if ComfySamplers.needingNegative.contains(sampler) != (uncond != nil) || uncond != nil && negative == nil {
      e.refuse(step, "it is '\(sampler)' by its schedule, and its 'uncond' says otherwise")
      isOwn = false
    }
    return isOwn
  }

  // MARK: The sampler

  /// A link to the latent; nil after something was refused.
  func link() -> JSONValue? {
    let e = exporter
    guard let source = e.source(steps[0], "latent"), let start = start(source), let model = model(),
      let parts, let positive = text(parts.positive)
    else { return nil }
    var prompts = ExportedPrompts(
      positive: positive, negative: text(parts.negative), middle: text(parts.middle))
    guard guidance.extend(&prompts, with: parts.controls, at: steps[0], e) else { return nil }
    let isDenoised = e.graph.nodes[output.node].declaration.outputs[output.output].name == "denoised"
    let inputs = SamplerInputs(
      model: guidance.changed(model, at: steps[0], e), prompts: prompts, cfg: guidance.scale,
      middleCFG: guidance.middleScale, start: start, sampler: sampler, schedule: schedule, step: steps[0],
      isDenoised: isDenoised)
    return inputs.link(e)
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
    guard var latent = e.latent(into: node, "latent") else { return nil }
    let encoding = e.source(node, "latent").flatMap { e.inpaintEncodings[$0.node] }
    if encoding != nil, guidance.mask == nil {
      e.refuse(
        node, "ComfyUI draws what is masked in the picture that it encodes, and the steps keep nothing outside of it")
      return nil
    }
    if let mask = guidance.mask, mask != encoding?.drawn || guidance.original != e.source(node, "latent") {
      guard let source = e.source(node, "latent"), guidance.original == source, let link = e.link(mask) else {
        e.refuse(node, "what is kept outside of the mask is another latent than noise is added to")
        return nil
      }
      latent = e.add("SetLatentNoiseMask", node, [("samples", latent), ("mask", link)])
    }
    if let source = e.source(node, "latent"), guidance.mask == nil, e.masked.contains(source) {
      // One that the whole latent is drawn in, as the mask of the run before would go on.
      let whole = e.add("SolidMask", node, [("value", .plain("1")), ("width", .plain("64")), ("height", .plain("64"))])
      latent = e.add("SetLatentNoiseMask", node, [("samples", latent), ("mask", whole)])
    }
    if guidance.mask != nil { e.markMasked(output) }
    let isAdded = e.number(node, "amount") ?? 1 != 0
    return SamplerInputs.Start(
      latent: latent, seed: e.json(isAdded ? node : steps[0], "seed") ?? .plain("0"), isAdded: isAdded)
  }

  /// The model, with what the schedule says of its noise.
  private func model() -> JSONValue? {
    let e = exporter
    guard let source = guidance.denoiser, case .model(var model)? = e.outputs[source] else { return nil }
    if guidance.isDifferential {
      model.link = e.add("DifferentialDiffusion", schedule, [("model", model.link), ("strength", .plain("1"))])
    }
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
    let told = e.text(schedule, "prediction")
    if told == "flow" {
      e.refuse(schedule, "ComfyUI's ModelSamplingDiscrete knows eps and v_prediction, and no flow")
      return nil
    }
    let zeroSNR = e.text(schedule, "zero_snr") ?? model.hasZeroSNR.map { "\($0)" }
    guard let prediction = told ?? model.prediction else {
      if zeroSNR == "true" {
        e.refuse(schedule, "in ComfyUI 'zero_snr' stands beside what is predicted; 'prediction' was expected")
        return nil
      }
      return model.link
    }
    return e.add(
      "ModelSamplingDiscrete", schedule,
      [
        ("model", model.link), ("sampling", .text(prediction == "v" ? "v_prediction" : "eps")),
        ("zsnr", .plain(zeroSNR ?? "false")),
      ])
  }

  /// Prompts as one conditioning, each for its part of the run; nil for none.
  private func text(_ prompts: [ExportedParts.Prompt]) -> JSONValue? {
    let e = exporter
    let links = prompts.compactMap { prompt -> JSONValue? in
      guard let link = text(prompt.item) else { return nil }
      return prompt.isWhole
        ? link
        : e.add(
          "ConditioningSetTimestepRange", prompt.item.node,
          [
            ("conditioning", link), ("start", .plain(NodeTranslation.text(of: prompt.start))),
            ("end", .plain(NodeTranslation.text(of: prompt.end))),
          ])
    }
    guard let first = links.first, links.count == prompts.count else { return nil }
    return links.dropFirst().reduce(first) { before, link in
      e.add("ConditioningCombine", prompts[0].item.node, [("conditioning_1", before), ("conditioning_2", link)])
    }
  }

  /// A prompt, with what the model is told beside it.
  private func text(_ source: WireSource) -> JSONValue? {
    let e = exporter
    guard case .text(let text)? = e.outputs[source] else { return nil }
    var link = text.link
    if let told = guidance.told {
      link = e.add(
        "FluxGuidance", source.node, [("conditioning", link), ("guidance", .plain(NodeTranslation.text(of: told)))])
    }
    for reference in guidance.references {
      link = e.add("ReferenceLatent", source.node, [("conditioning", link), ("latent", e.latent(reference))])
    }
    if guidance.placesReferencesBeyond {
      link = e.add(
        "FluxKontextMultiReferenceLatentMethod", source.node,
        [("conditioning", link), ("reference_latents_method", .text("uxo/uno"))])
    }
    return link
  }
}
