/// ControlNets, and models that see more than the latent.
extension ComfyClass {
  static let control: [(String, ComfyClass)] = [
    (
      "ControlNetLoader",
      ComfyClass(
        "Load ControlNet Model", "control_net_name",
        .imported { n in
          guard let name = n.text("control_net_name") else { return [] }
          let node = n.add(
            .node("LoadControlNet"), "controlnet", with: [("path", n.path("controlnet", .controlNets, name))])
          return [.controlNet(SketchWire(node))]
        })
    ),
    // It acts with the negative prompt too, as that has none.
    ("ControlNetApply", ComfyClass("Apply ControlNet (OLD)", "strength", .imported(applied))),
    (
      "ControlNetApplyAdvanced",
      ComfyClass("Apply ControlNet", "strength start_percent end_percent", .imported(appliedToBoth))
    ),
    (
      "InpaintModelConditioning", ComfyClass("InpaintModelConditioning", "noise_mask", .imported(inpainting))
    ),
    ("InstructPixToPixConditioning", ComfyClass("InstructPixToPixConditioning", "", .imported(editing))),
  ]

  private static func applied(_ n: NodeTranslation) -> [Meaning] {
    guard let control = meaning(n, part: nil, isForBoth: true), let conditioning = n.conditioning("conditioning")
    else { return [] }
    return [.conditioning(conditioning.with(control))]
  }

  private static func appliedToBoth(_ n: NodeTranslation) -> [Meaning] {
    let (start, end) = (n.number("start_percent", default: 0), n.number("end_percent", default: 1))
    let (positive, negative) = (n.conditioning("positive"), n.conditioning("negative"))
    guard let positive, let negative, let start, let end,
      let control = meaning(n, part: RunPart(from: start, to: end), isForBoth: false)
    else { return [] }
    return [.conditioning(positive.with(control)), .conditioning(negative.with(control))]
  }

  private static func meaning(_ n: NodeTranslation, part: RunPart?, isForBoth: Bool) -> ControlMeaning? {
    let (net, hint) = (n.controlNet("control_net"), n.image("image"))
    guard let net, let hint, let strength = n.plain("strength", default: "1") else { return nil }
    return ControlMeaning(net: net, hint: hint, strength: strength, part: part, isForBoth: isForBoth)
  }

  /// The picture for the model to see, and an empty latent of its size to draw on.
  private static func editing(_ n: NodeTranslation) -> [Meaning] {
    let (positive, negative) = (n.conditioning("positive"), n.conditioning("negative"))
    let (vae, image) = (n.vae("vae"), n.image("pixels"))
    guard let positive, let negative, let vae, let image else { return [] }
    let seen = SketchWire(
      n.add(.node("EditConcat"), "given", in: [("vae", vae), ("image", image)]), "concat")
    let empty = n.add(.node("EmptyLatent"), "empty", in: [("image", image)])
    return [
      .conditioning(positive.each { $0.concat = seen }), .conditioning(negative.each { $0.concat = seen }),
      .latent(LatentMeaning(wire: SketchWire(empty), isEmpty: true)),
    ]
  }

  /// The picture around the mask for the model to see, and the whole of it to start from.
  private static func inpainting(_ n: NodeTranslation) -> [Meaning] {
    let (positive, negative) = (n.conditioning("positive"), n.conditioning("negative"))
    let (vae, image, mask) = (n.vae("vae"), n.image("pixels"), n.mask("mask"))
    guard let positive, let negative, let vae, let image, let mask, let isMasked = n.flag("noise_mask", default: true)
    else { return [] }
    let seen = SketchWire(
      n.add(
        .node("InpaintConcat"), "around", in: [("vae", vae), ("image", image), ("mask", mask)],
        with: [("cells", .text("bilinear"))]))
    let encoded = SketchWire(n.add(.node("Encode"), "encoded", in: [("vae", vae), ("image", image)]))
    return [
      .conditioning(positive.each { $0.concat = seen }), .conditioning(negative.each { $0.concat = seen }),
      .latent(LatentMeaning(wire: encoded, mask: isMasked ? mask : nil)),
    ]
  }
}

extension ConditioningMeaning {
  /// With a ControlNet more; with nothing of it nothing is added.
  fileprivate func with(_ control: ControlMeaning) -> ConditioningMeaning {
    control.strength == .plain("0") ? self : each { $0.controls.append(control) }
  }
}
