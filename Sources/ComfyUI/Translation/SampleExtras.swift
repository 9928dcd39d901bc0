/// What the graph of a sampler takes besides prompts and noise: a mask, channels of an inpainting model, a ControlNet.
struct SampleExtras {
  var inputs: [(String, SketchWire?)] = []
  var values: [(String, SketchValue?)] = []
}

extension NodeTranslation {
  /// Nil after something was refused.
  func extras(_ stretch: Stretch, _ parts: SampleParts) -> SampleExtras? {
    var extras = SampleExtras()
    if let mask = parts.latent.mask {
      guard parts.noise.isAdded, parts.latent.draw == 0 else {
        refuse(
          parts.noise.isAdded
            ? "a mask of one picture out of a batch; nearest is a batch of that picture alone"
            : "a mask, and no noise for what is outside of it; nearest is a sampler that adds noise")
        return nil
      }
      extras.inputs += [("original", parts.latent.wire), ("mask", mask)]
      if parts.guider.model.isDifferential { extras.values.append(("differential", .plain("true"))) }
    }
    let (positive, others) = (stretch.positive, [stretch.negative, stretch.middle].compactMap(\.self))
    guard others.allSatisfy({ $0.concat == positive.concat }) else {
      refuse("the positive and the negative prompt go with different pictures to fill; one for both was expected")
      return nil
    }
    extras.inputs.append(("concat", positive.concat))
    if positive.controls.isEmpty, others.contains(where: { !$0.controls.isEmpty }) {
      refuse("a ControlNet acts with the negative prompt alone; nearest is one for both")
      return nil
    }
    guard others.allSatisfy({ $0.controls == positive.controls }) else {
      refuse("the positive and the negative prompt have different ControlNets; one for both was expected")
      return nil
    }
    return positive.controls.isEmpty || add(positive.controls, stretch, parts, to: &extras) ? extras : nil
  }

  /// Whether ControlNets were added; false after something was refused.
  private func add(
    _ controls: [ControlMeaning], _ stretch: Stretch, _ parts: SampleParts, to extras: inout SampleExtras
  ) -> Bool {
    if let family = parts.guider.model.family, family.isFlow {
      refuse("ControlNets are for Stable Diffusion and SDXL here")
      return false
    }
    if stretch.middle != nil {
      refuse("ControlNets act with guidance of three predictions; nearest is CFGGuider")
      return false
    }
    if controls.count > 2 {
      refuse(
        "\(controls.count) ControlNets act at once; nearest are two, or a sampler graph of your own, whose Predict takes several"
      )
      return false
    }
    for (control, suffix) in zip(controls, ["", "_2"]) {
      extras.inputs += [
        ("controlnet\(suffix)", control.net), ("hint\(suffix)", fitted(control.hint, to: parts.latent)),
      ]
      extras.values.append(("control\(suffix)", control.strength == .plain("1") ? nil : control.strength))
    }
    return true
  }

  /// A picture of the size of a latent, as far as that is known: ComfyUI makes it so by itself.
  private func fitted(_ picture: SketchWire, to latent: LatentMeaning) -> SketchWire {
    if let known = fittedHints[picture] { return known }
    let node = translator.sketch.nodes[latent.wire.node]
    guard node.kind == .node("EmptyLatent"), let width = node.value("width"), let height = node.value("height") else {
      return picture
    }
    let maker = translator.sketch.nodes[picture.node]
    if maker.kind == .node("ResizeImage"), translator.isSame(maker.value("width"), width),
      translator.isSame(maker.value("height"), height)
    {
      // It has the size already, and goes on to have it.
      for (name, value) in [("width", width), ("height", height)] { translator.set(name, value, of: picture.node) }
      return picture
    }
    let resized = add(
      .node("ResizeImage"), "hint", in: [("image", picture)],
      with: [
        ("width", width), ("height", height), ("fit", .text("crop")), ("method", .text("nearest")),
        ("convention", .text("comfyui")),
      ])
    translator.name(resized, "hint")
    fittedHints[picture] = SketchWire(resized)
    return SketchWire(resized)
  }
}

extension Translator {
  /// Whether two values are one now, though one may be a param.
  fileprivate func isSame(_ a: SketchValue?, _ b: SketchValue) -> Bool {
    func now(_ value: SketchValue?) -> SketchValue? {
      if case .param(let index)? = value { sketch.params[index].standard } else { value }
    }
    return now(a) == now(b)
  }

  fileprivate func set(_ name: String, _ value: SketchValue, of node: Int) {
    guard let place = sketch.nodes[node].values.firstIndex(where: { $0.name == name }) else { return }
    sketch.nodes[node].values[place].value = value
  }
}
