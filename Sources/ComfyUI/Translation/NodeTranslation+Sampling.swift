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
    if guider.middle != nil, ComfySamplers.needingNegative.contains(sampler.name) {
      return [refuse("'\(sampler.name)' goes by one negative prediction; nearest is CFGGuider")]
    }
    guard let stretches = stretches(parts) else { return [] }
    var calls: [SampleCall] = []
    for stretch in stretches {
      guard let call = call(stretch, parts) else { return [] }
      calls.append(call)
    }
    let styles = styles(guider.model)
    let schedule = addSchedule(parts)
    let seed = param("seed", .int, parts.noise.seed, min: "0")
    let start = add(
      .node("AddNoise"), "start", in: [("latent", parts.latent.wire), ("schedule", SketchWire(schedule))],
      with: [
        ("seed", parts.noise.isAdded ? seed : nil),
        ("draw", parts.latent.draw == 0 ? nil : .integer(parts.latent.draw)),
        ("rng", .text("comfyui")), ("amount", parts.noise.isAdded ? nil : .plain("0")),
      ])
    var before: (latent: SketchWire, history: SketchWire?) = (SketchWire(start), nil)
    var sample = start
    for call in calls {
      var values: [(String, SketchValue?)] = [("steps", count)]
      values += range(call.stretch, of: stretches, in: parts, count)
      values += guidanceValues(guider)
      let isOpen = ComfySamplers.evaluatingTwice.contains(sampler.name) && !parts.sigmas.endsClean
      values += [
        ("guidance", call.guidance.scale), ("seed", seed), ("clean", isOpen ? .plain("false") : nil),
      ]
      if call.stretch.positive.placesReferencesBeyond, !call.references.isEmpty {
        values.append(("reference_places", .text("beyond")))
      }
      values += call.extras.values
      values += sampler.options.map { ($0.name, $0.value) }
      sample = add(
        .graph("samplers/comfyui/\(sampler.name).yaml"), "sample",
        in: [
          ("denoiser", guider.model.wire), ("positive", call.stretch.positive.wire),
          ("uncond", call.stretch.negative?.wire), ("middle", call.stretch.middle?.wire), ("latent", before.latent),
          ("schedule", SketchWire(schedule)), ("history", before.history),
        ] + call.extras.inputs,
        with: values, lists: [("references", call.references), ("style", styles)])
      before = (
        SketchWire(sample, "latent"),
        ComfySamplers.forgetting.contains(sampler.name) ? nil : SketchWire(sample, "history")
      )
    }
    translator.name(start, "start")
    translator.name(schedule, "schedule")
    let positive = texts(stretches.map(\.positive))
    let negative = texts(stretches.compactMap(\.negative))
    if guider.model.family == .sdxlRefiner { translator.score(negative.filter { !positive.contains($0) }) }
    translator.nameTexts(positive, "positive", "prompt")
    translator.nameTexts(negative, "negative", "negative")
    translator.nameTexts(texts(stretches.compactMap(\.middle)), "middle", "prompt")
    for style in styles { translator.name(style.node, "styled") }
    // A mask, and which draws are meant, stay with a latent.
    return ["latent", "denoised"].map { port in
      var result = parts.latent
      (result.wire, result.isEmpty) = (SketchWire(sample, port), false)
      return .latent(result)
    }
  }

  /// The tokens of pictures whose style a model takes, in the order in which it sees them: the last that was put there first.
  private func styles(_ model: ModelMeaning) -> [SketchWire] {
    let made = model.styles.map { style in
      SketchWire(
        add(
          .node("ProjectStyle"), "styled",
          in: [("projector", style.projector), ("deep", SketchWire(style.picture, "deep"))]))
    }
    return made.reversed()
  }

  /// The nodes that encode the texts of prompts.
  private func texts(_ prompts: [PromptMeaning]) -> [Int] { ConditioningMeaning(prompts).texts }

  private func addSchedule(_ parts: SampleParts) -> Int {
    let (sigmas, model) = (parts.sigmas, parts.sigmas.model ?? parts.guider.model)
    return add(
      .node("NoiseSchedule"), "schedule",
      in: [("denoiser", model.wire), ("latent", sigmas.sizeOf.map { _ in parts.latent.wire })],
      with: scheduleValues(parts))
  }

  /// The parameters of a run's NoiseSchedule.
  func scheduleValues(_ parts: SampleParts) -> [(String, SketchValue?)] {
    let sigmas = parts.sigmas
    var values: [(String, SketchValue?)] = [("convention", .text("comfyui")), ("sampler", .text(parts.sampler.name))]
    values += sigmas.values.map { ($0.name, $0.value) }
    if !parts.discards, ComfySamplers.discarding.contains(parts.sampler.name) {
      values.append(("discard", .plain("false")))
    }
    if sigmas.from > 0 { values.append(("from", .integer(sigmas.from))) }
    if let to = sigmas.to { values.append(("to", .integer(to))) }
    if sigmas.endsAtZero { values.append(("end", .text("zero"))) }
    return values + (sigmas.model ?? parts.guider.model).noise.map { ($0.name, $0.value) }
  }

  /// What a sampler's graph is told of guidance; without a negative prompt it is 1, and changes nothing but a clean latent that is
  /// multiplied.
  private func guidanceValues(_ guider: GuiderMeaning) -> [(String, SketchValue?)] {
    guard guider.negative != nil else {
      return guider.model.guidance.filter { $0.name == "norm" && $0.value != .plain("1") }.map { ($0.name, $0.value) }
    }
    return [("cfg", guider.cfg), ("cfg_2", guider.middle?.cfg)] + guider.model.guidance.map { ($0.name, $0.value) }
  }

  /// The evaluations that a call of a sampler's graph takes, where there are several.
  private func range(
    _ stretch: Stretch, of stretches: [Stretch], in parts: SampleParts, _ count: SketchValue
  ) -> [(String, SketchValue?)] {
    guard let evaluations = stretch.evaluations, let end = stretches.last?.evaluations?.upperBound else { return [] }
    let isTwice = ComfySamplers.evaluatingTwice.contains(parts.sampler.name)
    // What is fewer steps later ends there.
    func bound(_ number: Int) -> SketchValue? {
      guard number > 0, number < end else { return nil }
      let most: [SketchValue] = isTwice ? [.text("2*("), count, .text(") - 1")] : [count]
      return param("until", .int, .integer(number), min: "0").map {
        .expression([.text("min("), $0, .text(", ")] + most + [.text(")")])
      }
    }
    return [
      (isTwice ? "from" : "first", bound(evaluations.lowerBound)),
      (isTwice ? "to" : "last", bound(evaluations.upperBound)),
    ]
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

  /// What a stretch's call of the sampler's graph needs; nil after something was refused.
  private func call(_ stretch: Stretch, _ parts: SampleParts) -> SampleCall? {
    let model = parts.guider.model
    guard let guidance = embeddedGuidance(model, stretch), let references = references(model, stretch),
      let extras = extras(stretch, parts)
    else { return nil }
    return SampleCall(stretch: stretch, guidance: guidance, references: references, extras: extras)
  }

  /// The guidance scale that the model is told, if it takes one; nil after two different ones were refused.
  private func embeddedGuidance(_ model: ModelMeaning, _ stretch: Stretch) -> EmbeddedGuidance? {
    let prompts = [stretch.positive, stretch.negative, stretch.middle].compactMap(\.self)
    guard model.family?.takesGuidance ?? prompts.contains(where: { $0.guidance != nil }) else {
      return EmbeddedGuidance(scale: nil)
    }
    if prompts.contains(where: \.isUnguided) {
      refuse(
        "the model is told no guidance scale at all, which is another thing than a scale of 0; nearest is FluxGuidance")
      return nil
    }
    let scales = prompts.map(\.toldGuidance)
    guard scales.allSatisfy({ $0 == scales[0] }) else {
      refuse("the positive and the negative prompt tell the model different guidance scales; one for both was expected")
      return nil
    }
    return EmbeddedGuidance(scale: param("guidance", .float, scales[0]))
  }

  /// The pictures to go by, which are the same for both predictions.
  private func references(_ model: ModelMeaning, _ stretch: Stretch) -> [SketchWire]? {
    let references = stretch.positive.references
    if references.count > 1, model.family == .flux {
      refuse("FLUX.1's Kontext goes by one picture here, and there are \(references.count)")
      return nil
    }
    if !references.isEmpty, let family = model.family, ![.flux, .flux2, .flux2Klein].contains(family) {
      refuse("reference pictures are for FLUX.1 Kontext and FLUX.2 here")
      return nil
    }
    if !model.styles.isEmpty, let family = model.family, family != .flux, family != .fluxSchnell {
      refuse("styles of USO are for FLUX.1")
      return nil
    }
    let others = [stretch.negative, stretch.middle].compactMap(\.self)
    if others.contains(where: { $0.placesReferencesBeyond != stretch.positive.placesReferencesBeyond }) {
      refuse("the positive and the negative prompt place their references differently; the same was expected")
      return nil
    }
    if [stretch.negative, stretch.middle].contains(where: { $0.map { $0.references != references } ?? false }) {
      refuse("the positive and the negative prompt go by different reference pictures; the same were expected")
      return nil
    }
    return references
  }
}

/// A call of a sampler's graph.
private struct SampleCall {
  var stretch: Stretch
  var guidance: EmbeddedGuidance
  var references: [SketchWire]
  var extras: SampleExtras
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
