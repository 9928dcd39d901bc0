/// What a sampler of ComfyUI is given.
struct SampleParts {
  var guider: GuiderMeaning
  var sampler: SamplerMeaning
  var sigmas: SigmasMeaning
  var noise: NoiseMeaning
  var latent: LatentMeaning
  /// Whether it makes a step more for some methods, as KSampler does.
  var discards: Bool
}

extension NodeTranslation {
  /// The sigmas of a scheduler.
  func sigmas(_ model: ModelMeaning, curve: String, steps: StepCount, denoise: Double) -> SigmasMeaning? {
    guard ComfySamplers.curves.contains(curve) else {
      refuse("there is no scheduler '\(curve)' here; nearest is simple")
      return nil
    }
    guard denoise > 0 else {
      refuse("'denoise' \(Self.text(of: denoise)) draws nothing; more than 0 was expected")
      return nil
    }
    var values: [(name: String, value: SketchValue)] = [("curve", .text(curve)), ("steps", steps.value)]
    // From 0.9999 on it is 1.
    if denoise <= 0.9999 {
      let plain = SketchValue.plain(Self.text(of: denoise))
      values.append(("denoise", param("denoise", .float, plain, min: "0") ?? plain))
    }
    let count = curve == "ddim_uniform" && denoise > 0.9999 ? uniformCount(steps, isLong: model.hasLongTable) : steps
    return SigmasMeaning(model: model, values: values, count: count)
  }

  /// ddim_uniform takes every so many-th sigma of the table, which may be a step more.
  private func uniformCount(_ steps: StepCount, isLong: Bool) -> StepCount {
    let length = isLong ? 10_000 : 1000
    let stride = max(1, length / steps.number)
    return StepCount(
      number: (length - 1 + stride - 1) / stride,
      value: .expression([.text("ceil(\(length - 1)/floor(\(length)/"), steps.value, .text("))")]))
  }

  /// A schedule, the start's noise and a call of the sampler's graph: what a sampler of ComfyUI is here.
  func sample(_ parts: SampleParts) -> [Meaning] {
    guard let count = keptSteps(parts.sigmas) else { return [] }
    let (guider, sampler) = (parts.guider, parts.sampler)
    if guider.negative == nil, ComfySamplers.needingNegative.contains(sampler.name) {
      return [
        refuse(
          "'\(sampler.name)' looks at the negative prediction, and without guidance there is none; nearest is \(sampler.name.replacing("_cfg_pp", with: ""))"
        )
      ]
    }
    guard let guidance = embeddedGuidance(guider), let references = references(guider),
      let extras = extras(parts)
    else { return [] }
    let schedule = addSchedule(parts)
    let seed = param("seed", .int, parts.noise.seed, min: "0")
    let start = add(
      .node("AddNoise"), "start", in: [("latent", parts.latent.wire), ("schedule", SketchWire(schedule))],
      with: [
        ("seed", parts.noise.isAdded ? seed : nil),
        ("draw", parts.latent.draw == 0 ? nil : .integer(parts.latent.draw)),
        ("rng", .text("comfyui")), ("amount", parts.noise.isAdded ? nil : .plain("0")),
      ])
    let sample = add(
      .graph("samplers/comfyui/\(sampler.name).yaml"), "sample",
      in: [
        ("denoiser", guider.model.wire), ("positive", guider.positive.wire), ("uncond", guider.negative?.wire),
        ("latent", SketchWire(start)), ("schedule", SketchWire(schedule)),
      ] + extras.inputs,
      with: [
        ("steps", count), ("cfg", guider.negative == nil ? nil : guider.cfg), ("guidance", guidance.scale),
        ("seed", seed),
        (
          "clean",
          ComfySamplers.evaluatingTwice.contains(sampler.name) && !parts.sigmas.endsClean ? .plain("false") : nil
        ),
      ]
        + extras.values + sampler.options.map { ($0.name, $0.value) }, lists: [("references", references)])
    translator.name(start, "start")
    translator.name(schedule, "schedule")
    if guider.model.family == .sdxlRefiner {
      translator.score(guider.negative?.texts.filter { !guider.positive.texts.contains($0) } ?? [])
    }
    translator.nameTexts(guider.positive.texts, "positive", "prompt")
    translator.nameTexts(guider.negative?.texts ?? [], "negative", "negative")
    // A mask, and which draws are meant, stay with a latent.
    return ["latent", "denoised"].map { port in
      var result = parts.latent
      (result.wire, result.isEmpty) = (SketchWire(sample, port), false)
      return .latent(result)
    }
  }

  private func addSchedule(_ parts: SampleParts) -> Int {
    let sigmas = parts.sigmas
    let model = sigmas.model ?? parts.guider.model
    var values: [(String, SketchValue?)] = [("convention", .text("comfyui")), ("sampler", .text(parts.sampler.name))]
    values += sigmas.values.map { ($0.name, $0.value) }
    if !parts.discards, ComfySamplers.discarding.contains(parts.sampler.name) {
      values.append(("discard", .plain("false")))
    }
    if sigmas.from > 0 { values.append(("from", .integer(sigmas.from))) }
    if let to = sigmas.to { values.append(("to", .integer(to))) }
    if sigmas.endsAtZero { values.append(("end", .text("zero"))) }
    values += model.noise.map { ($0.name, $0.value) }
    return add(
      .node("NoiseSchedule"), "schedule",
      in: [("denoiser", model.wire), ("latent", sigmas.sizeOf.map { _ in parts.latent.wire })],
      with: values)
  }

  /// How many steps are left of a schedule; nil after none was refused.
  private func keptSteps(_ sigmas: SigmasMeaning) -> SketchValue? {
    let end = min(sigmas.to ?? .max, sigmas.count.number)
    guard end > sigmas.from else {
      refuse("no step is left between \(sigmas.from) and \(end)")
      return nil
    }
    if sigmas.from == 0, sigmas.to == nil { return sigmas.count.value }
    guard sigmas.to == nil else { return .integer(end - sigmas.from) }
    return .expression([sigmas.count.value, .text(" - \(sigmas.from)")])
  }

  /// The guidance scale that the model is told, if it takes one; nil after two different ones were refused.
  private func embeddedGuidance(_ guider: GuiderMeaning) -> EmbeddedGuidance? {
    let prompts = [guider.positive] + (guider.negative.map { [$0] } ?? [])
    guard guider.model.family?.takesGuidance ?? prompts.contains(where: { $0.guidance != nil }) else {
      return EmbeddedGuidance(scale: nil)
    }
    if prompts.contains(where: \.isUnguided) {
      refuse(
        "the model is told no guidance scale at all, which is another thing than a scale of 0; nearest is FluxGuidance")
      return nil
    }
    // What ComfyUI tells a model where nothing says otherwise.
    let scales = prompts.map { $0.guidance ?? .plain("3.5") }
    guard scales.allSatisfy({ $0 == scales[0] }) else {
      refuse("the positive and the negative prompt tell the model different guidance scales; one for both was expected")
      return nil
    }
    return EmbeddedGuidance(scale: param("guidance", .float, scales[0]))
  }

  /// The pictures to go by, which are the same for both predictions.
  private func references(_ guider: GuiderMeaning) -> [SketchWire]? {
    let references = guider.positive.references
    if references.count > 1, guider.model.family == .flux {
      refuse("FLUX.1's Kontext goes by one picture here, and there are \(references.count)")
      return nil
    }
    if !references.isEmpty, let family = guider.model.family, ![.flux, .flux2, .flux2Klein].contains(family) {
      refuse("reference pictures are for FLUX.1 Kontext and FLUX.2 here")
      return nil
    }
    if let negative = guider.negative, negative.references != references {
      refuse("the positive and the negative prompt go by different reference pictures; the same were expected")
      return nil
    }
    return references
  }
}

/// What a model that embeds its guidance is told; nil for one that is told nothing.
private struct EmbeddedGuidance {
  var scale: SketchValue?
}

extension Translator {
  /// Gives a node a name in place of one that its rule could not know.
  func name(_ node: Int, _ name: String) { sketch.nodes[node].name = name }

  /// Tells the refiner how beautiful a negative prompt is: 2.5 in ComfyUI, where nothing else says so.
  fileprivate func score(_ nodes: [Int]) {
    for node in nodes where sketch.nodes[node].value("aesthetic_score") == nil {
      sketch.nodes[node].values.append(("aesthetic_score", .plain("2.5")))
    }
  }

  /// Makes the texts of a prompt a param, and calls the nodes after their part in guidance.
  func nameTexts(_ nodes: [Int], _ name: String, _ param: String) {
    for node in nodes {
      guard let place = sketch.nodes[node].values.firstIndex(where: { $0.name == "text" }) else { continue }
      let value = sketch.nodes[node].values[place].value
      guard case .text = value else { continue }
      if sketch.nodes[node].name == "prompt" { sketch.nodes[node].name = name }
      sketch.nodes[node].values[place].value = sketch.param(param, .string, default: value)
    }
  }
}
