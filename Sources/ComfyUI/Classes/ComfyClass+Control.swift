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
    guard let conditioning = controlled(n, "conditioning") else { return [] }
    return [.conditioning(conditioning)]
  }

  private static func appliedToBoth(_ n: NodeTranslation) -> [Meaning] {
    let (start, end) = (n.number("start_percent", default: 0), n.number("end_percent", default: 1))
    guard let positive = controlled(n, "positive"), let negative = controlled(n, "negative"), let start, let end else {
      return []
    }
    guard start <= 0, end >= 1 else {
      return [
        n.refuse(
          "a ControlNet that acts for a part of the steps; nearest are two calls of a sampler graph, one of them with it, by 'first' and 'last'"
        )
      ]
    }
    return [.conditioning(positive), .conditioning(negative)]
  }

  private static func controlled(_ n: NodeTranslation, _ input: String) -> ConditioningMeaning? {
    let (conditioning, net, hint) = (n.conditioning(input), n.controlNet("control_net"), n.image("image"))
    guard var conditioning, let net, let hint, let strength = n.plain("strength", default: "1") else { return nil }
    // With none of it nothing is added.
    if strength == .plain("0") { return conditioning }
    guard conditioning.control == nil else {
      n.refuse(
        "a second ControlNet for the same prompt; nearest is a sampler graph of your own, whose Predict takes several")
      return nil
    }
    conditioning.control = ControlMeaning(net: net, hint: hint, strength: strength)
    return conditioning
  }

  /// The picture for the model to see, and an empty latent of its size to draw on.
  private static func editing(_ n: NodeTranslation) -> [Meaning] {
    let (positive, negative) = (n.conditioning("positive"), n.conditioning("negative"))
    let (vae, image) = (n.vae("vae"), n.image("pixels"))
    guard var positive, var negative, let vae, let image else { return [] }
    let seen = SketchWire(
      n.add(.node("EditConcat"), "given", in: [("vae", vae), ("image", image)]), "concat")
    (positive.concat, negative.concat) = (seen, seen)
    let empty = n.add(.node("EmptyLatent"), "empty", in: [("image", image)])
    return [
      .conditioning(positive), .conditioning(negative),
      .latent(LatentMeaning(wire: SketchWire(empty), isEmpty: true)),
    ]
  }

  /// The picture around the mask for the model to see, and the whole of it to start from.
  private static func inpainting(_ n: NodeTranslation) -> [Meaning] {
    let (positive, negative) = (n.conditioning("positive"), n.conditioning("negative"))
    let (vae, image, mask) = (n.vae("vae"), n.image("pixels"), n.mask("mask"))
    guard var positive, var negative, let vae, let image, let mask, let isMasked = n.flag("noise_mask", default: true)
    else { return [] }
    let seen = SketchWire(
      n.add(
        .node("InpaintConcat"), "around", in: [("vae", vae), ("image", image), ("mask", mask)],
        with: [("cells", .text("bilinear"))]))
    (positive.concat, negative.concat) = (seen, seen)
    let encoded = SketchWire(n.add(.node("Encode"), "encoded", in: [("vae", vae), ("image", image)]))
    return [
      .conditioning(positive), .conditioning(negative),
      .latent(LatentMeaning(wire: encoded, mask: isMasked ? mask : nil)),
    ]
  }
}
