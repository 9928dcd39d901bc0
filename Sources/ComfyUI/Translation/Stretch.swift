import DiffusionModels

/// Evaluations of a sampler at which the same prompts and ControlNets act.
struct Stretch {
  /// Nil where they are all that there are.
  var evaluations: Range<Int>?
  var positive: PromptMeaning
  var negative: PromptMeaning?
  var middle: PromptMeaning?
}

extension NodeTranslation {
  /// What acts when, from the first evaluation to the last; nil after something was refused.
  func stretches(_ parts: SampleParts) -> [Stretch]? {
    let given: [(String, ConditioningMeaning?)] = [
      ("positive", parts.guider.positive), ("negative", parts.guider.negative), ("middle", parts.guider.middle?.prompt),
    ]
    var roles = given.compactMap { name, meaning in meaning.map { (name: name, prompts: $0.prompts) } }
    let all = roles.flatMap(\.prompts)
    var mixtures: [[SketchWire]: SketchWire] = [:]
    guard all.contains(where: { $0.part != nil || $0.controls.contains { $0.part != nil } }) else {
      return stretch(nil, roles, parts, &mixtures).map { [$0] }
    }
    guard let times = evaluations(parts) else { return nil }
    let whole = times.sigmas.indices
    func acting(_ part: RunPart?) -> Range<Int> { part.map { times.acting(from: $0.start, to: $0.end) } ?? whole }
    // What acts first comes first.
    roles = roles.map { role in
      let prompts = role.prompts.map { prompt in
        var prompt = prompt
        prompt.controls = prompt.controls.ordered(by: { acting($0.part).lowerBound })
        return prompt
      }
      return (role.name, prompts.ordered(by: { acting($0.part).lowerBound }))
    }
    // Where something begins or ends.
    let ranges = all.flatMap { [acting($0.part)] + $0.controls.map { acting($0.part) } }
    let ends = Set(ranges.flatMap { [$0.lowerBound, $0.upperBound] } + [0, whole.count]).sorted()
    var stretches: [Stretch] = []
    var last: [[Acting]] = []
    for (start, end) in zip(ends, ends.dropFirst()) {
      let active = roles.map { role in
        role.prompts.enumerated().filter { acting($0.element.part).contains(start) }.map { index, prompt in
          Acting(
            prompt: index,
            controls: prompt.controls.indices.filter { acting(prompt.controls[$0].part).contains(start) })
        }
      }
      if active == last, let before = stretches.last?.evaluations {
        stretches[stretches.count - 1].evaluations = before.lowerBound..<end
        continue
      }
      last = active
      let now = zip(roles, active).map { role, active in
        (name: role.name, prompts: active.map { role.prompts[$0.prompt].with(controls: $0.controls) })
      }
      guard let stretch = stretch(start..<end, now, parts, &mixtures) else { return nil }
      stretches.append(stretch)
    }
    if stretches.count == 1 { stretches[0].evaluations = nil }
    return stretches
  }

  /// Which prompts act, and which ControlNets with each.
  private struct Acting: Equatable {
    var prompt: Int
    var controls: [Int]
  }

  private func stretch(
    _ evaluations: Range<Int>?, _ roles: [(name: String, prompts: [PromptMeaning])], _ parts: SampleParts,
    _ mixtures: inout [[SketchWire]: SketchWire]
  ) -> Stretch? {
    var merged: [String: PromptMeaning] = [:]
    for (name, prompts) in roles {
      let told = prompts.map { self.told($0, parts) }
      guard let prompt = self.merged(told, name, at: evaluations, &mixtures) else { return nil }
      merged[name] = prompt
    }
    guard let positive = merged["positive"] else { return nil }
    // Some ControlNets act with what has none of its own.
    let shared = positive.controls.filter(\.isForBoth)
    for name in ["negative", "middle"] where merged[name]?.controls.isEmpty == true { merged[name]?.controls = shared }
    return Stretch(
      evaluations: evaluations, positive: positive, negative: merged["negative"], middle: merged["middle"])
  }

  /// A prompt with its pictures, of which only SDXL is told.
  private func told(_ prompt: PromptMeaning, _ parts: SampleParts) -> PromptMeaning {
    var prompt = prompt
    guard !prompt.pictures.isEmpty, [.sdxl, .sdxlRefiner].contains(parts.guider.model.family) else { return prompt }
    let pictures = prompt.pictures
    if let known = toldPictures[prompt.wire], known.pictures == pictures {
      prompt.wire = known.wire
      return prompt
    }
    let hasNoise = pictures.contains { $0.noise != .plain("0") }
    let node = add(
      .node("UnCLIPConditioning"), "pictured", in: [("conditioning", prompt.wire)],
      with: [
        ("strengths", .list(pictures.map(\.strength))), ("noise", hasNoise ? .list(pictures.map(\.noise)) : nil),
        ("seed", param("seed", .int, parts.noise.seed, min: "0")),
      ], lists: [("pictures", pictures.map(\.vector))])
    translator.name(node, "pictured")
    toldPictures[prompt.wire] = (SketchWire(node), pictures)
    prompt.wire = SketchWire(node)
    return prompt
  }

  /// Prompts that act together as one.
  private func merged(
    _ prompts: [PromptMeaning], _ name: String, at evaluations: Range<Int>?,
    _ mixtures: inout [[SketchWire]: SketchWire]
  ) -> PromptMeaning? {
    guard var merged = prompts.first else {
      let steps = evaluations.map { "from evaluation \($0.lowerBound) to \($0.upperBound - 1)" } ?? ""
      refuse("no \(name) prompt acts \(steps), where the model is told nothing; one for all steps was expected")
      return nil
    }
    merged.part = nil
    guard prompts.allSatisfy({ $0.fits(merged) }) else {
      refuse("prompts that act together have different guidance, references or ControlNets; the same were expected")
      return nil
    }
    let wires = prompts.map(\.wire)
    for count in wires.indices.dropFirst() {
      let together = Array(wires[...count])
      let mixture = mixtures[together] ?? combined(merged.wire, wires[count])
      mixtures[together] = mixture
      merged.wire = mixture
      for text in prompts[count].texts where !merged.texts.contains(text) { merged.texts.append(text) }
    }
    return merged
  }

  private func combined(_ first: SketchWire, _ second: SketchWire) -> SketchWire {
    let node = add(
      .node("ConditioningMix"), "combined", in: [("to", first), ("from", second)], with: [("mode", .text("combine"))])
    // It is not the sampler, whose title it would have.
    translator.name(node, "combined")
    return SketchWire(node)
  }

  private func evaluations(_ parts: SampleParts) -> ComfyUIEvaluations? {
    let values = scheduleValues(parts)
    guard let family = parts.guider.model.family else {
      refuse("when something acts follows from the family of the model, of which its file's name tells nothing")
      return nil
    }
    let evaluations =
      parts.sigmas.sizeOf == nil
      ? family.evaluations { name in
        values.first { $0.0 == name }.flatMap { $0.1 }.flatMap { translator.sketch.texts(of: $0) }
      } : nil
    if evaluations == nil {
      refuse(
        "when something acts follows from sigmas that are known only when it runs; nearest is a size that is given")
    }
    return evaluations
  }
}

extension Array {
  /// By a number, those of one number as they are.
  fileprivate func ordered(by number: (Element) -> Int) -> [Element] {
    enumerated().sorted { (number($0.element), $0.offset) < (number($1.element), $1.offset) }.map(\.element)
  }
}

extension PromptMeaning {
  /// With some of its ControlNets, for as long as it is asked for.
  fileprivate func with(controls: [Int]) -> PromptMeaning {
    var prompt = self
    prompt.controls = controls.map { index in
      var control = self.controls[index]
      control.part = nil
      return control
    }
    return prompt
  }

  /// Whether predictions for both are made alike but for the text.
  fileprivate func fits(_ other: PromptMeaning) -> Bool {
    (toldGuidance, isUnguided, references, concat, controls)
      == (other.toldGuidance, other.isUnguided, other.references, other.concat, other.controls)
  }
}

extension WorkflowSketch {
  /// A value as it is now, whether it is a param or not; nil for one that is computed.
  func texts(of value: SketchValue) -> [String]? {
    switch value {
    case .text(let text), .plain(let text): [text]
    case .list(let values): values.compactMap { texts(of: $0)?.first }
    case .param(let index): params[index].standard.flatMap { texts(of: $0) }
    case .expression: nil
    }
  }
}
