/// Prompts and what is made of them.
extension ComfyClass {
  static let texts: [(String, ComfyClass)] = [
    (
      "CLIPTextEncode",
      ComfyClass(
        "CLIP Text Encode", "text",
        .imported { n in
          let (clip, text) = (n.clip("clip"), n.text("text"))
          guard let clip, let text else { return [] }
          return n.encode(clip, [("text", .text(text))])
        })
    ),
    (
      "CLIPTextEncodeSDXL",
      ComfyClass(
        "CLIPTextEncodeSDXL", "width height crop_w crop_h target_width target_height text_g text_l", .imported(sdxlText)
      )
    ),
    (
      "CLIPTextEncodeSDXLRefiner",
      ComfyClass("CLIPTextEncodeSDXLRefiner", "ascore width height text", .imported(refinerText))
    ),
    ("CLIPTextEncodeFlux", ComfyClass("CLIPTextEncodeFlux", "clip_l t5xxl guidance", .imported(fluxText))),
    (
      "FluxGuidance",
      ComfyClass(
        "FluxGuidance", "guidance",
        .imported { n in
          let (conditioning, guidance) = (n.conditioning("conditioning"), n.plain("guidance", default: "3.5"))
          guard var conditioning, let guidance else { return [] }
          (conditioning.guidance, conditioning.isUnguided) = (guidance, false)
          return [.conditioning(conditioning)]
        })
    ),
    (
      "FluxDisableGuidance",
      ComfyClass(
        "FluxDisableGuidance", "",
        .imported { n in
          guard var conditioning = n.conditioning("conditioning") else { return [] }
          conditioning.isUnguided = true
          return [.conditioning(conditioning)]
        })
    ),
    (
      "ReferenceLatent",
      ComfyClass(
        "ReferenceLatent", "",
        .imported { n in
          let (conditioning, latent) = (n.conditioning("conditioning"), n.isLink("latent") ? n.latent("latent") : nil)
          guard var conditioning else { return [] }
          if let latent { conditioning.references.append(latent.wire) }
          if conditioning.references.count > 16 { return [n.refuse("more than 16 reference pictures")] }
          return [.conditioning(conditioning)]
        })
    ),
    (
      "FluxKontextMultiReferenceLatentMethod",
      ComfyClass(
        "FluxKontextMultiReferenceLatentMethod", "reference_latents_method",
        .imported { n in
          let (conditioning, method) = (
            n.conditioning("conditioning"), n.text("reference_latents_method", default: "offset")
          )
          guard let conditioning, let method else { return [] }
          return method == "index"
            ? [.conditioning(conditioning)]
            : [n.refuse("references are placed by '\(method)'; nearest is 'index', what FLUX.2 does")]
        })
    ),
    (
      "ConditioningZeroOut",
      ComfyClass(
        "ConditioningZeroOut", "",
        .imported { n in
          guard var conditioning = n.conditioning("conditioning") else { return [] }
          let node = n.add(
            .node("ConditioningMix"), "zeros", in: [("to", conditioning.wire)], with: [("mode", .text("zero"))])
          (conditioning.wire, conditioning.texts) = (SketchWire(node), [])
          return [.conditioning(conditioning)]
        })
    ),
    (
      "ConditioningCombine",
      ComfyClass(
        "Conditioning (Combine)", "",
        .imported { n in
          mixed(n, "combined", "conditioning_1", "conditioning_2", mode: "combine")
        })
    ),
    (
      "ConditioningConcat",
      ComfyClass(
        "Conditioning (Concat)", "",
        .imported { n in
          mixed(n, "joined", "conditioning_to", "conditioning_from", mode: "concatenate")
        })
    ),
    (
      "ConditioningAverage",
      ComfyClass(
        "Conditioning (Average)", "conditioning_to_strength",
        .imported { n in
          mixed(
            n, "averaged", "conditioning_to", "conditioning_from", mode: "average",
            strength: n.plain("conditioning_to_strength", default: "1"))
        })
    ),
    (
      "ConditioningSetTimestepRange",
      ComfyClass(
        "ConditioningSetTimestepRange", "start end",
        .imported { n in
          let (conditioning, start, end) = (
            n.conditioning("conditioning"), n.number("start", default: 0), n.number("end", default: 1)
          )
          guard let conditioning, let start, let end else { return [] }
          return start <= 0 && end >= 1
            ? [.conditioning(conditioning)]
            : [
              n.refuse(
                "a prompt that acts for a part of the steps; nearest are two calls of a sampler graph, one for each part, with 'first' and 'last'"
              )
            ]
        })
    ),
    (
      "ConditioningSetArea",
      ComfyClass("Conditioning (Set Area)", "width height x y strength", .refused("a prompt for a part of the picture"))
    ),
    (
      "ConditioningSetAreaPercentage",
      ComfyClass(
        "Conditioning (Set Area with Percentage)", "width height x y strength",
        .refused("a prompt for a part of the picture"))
    ),
    (
      "ConditioningSetAreaStrength",
      ComfyClass("ConditioningSetAreaStrength", "strength", .refused("a prompt for a part of the picture"))
    ),
    (
      "ConditioningSetMask",
      ComfyClass("Conditioning (Set Mask)", "strength set_cond_area", .refused("a prompt for a part of the picture"))
    ),
    ("CLIPVisionEncode", ComfyClass("CLIP Vision Encode", "crop", .refused("no encoder of pictures is here"))),
    (
      "unCLIPConditioning",
      ComfyClass("unCLIPConditioning", "strength noise_augmentation", .refused("pictures are no prompts here"))
    ),
    (
      "StyleModelApply", ComfyClass("Apply Style Model", "strength strength_type", .refused("no style models are here"))
    ),
    (
      "GLIGENTextBoxApply",
      ComfyClass("GLIGENTextBoxApply", "text width height x y", .refused("no GLIGEN models are here"))
    ),
    (
      "T5TokenizerOptions",
      ComfyClass(
        "T5TokenizerOptions", "min_padding min_length", .refused("how T5's tokens are filled up is the family's own"))
    ),
    ("ConditioningLoader", ComfyClass("Load Conditioning", "", .refused("encoded texts of ComfyUI are not read here"))),
  ]

  private static func mixed(
    _ n: NodeTranslation, _ name: String, _ to: String, _ from: String, mode: String, strength: SketchValue? = nil
  ) -> [Meaning] {
    let (first, second) = (n.conditioning(to), n.conditioning(from))
    guard var first, let second else { return [] }
    guard mode != "combine" || first.guidance == second.guidance && first.references == second.references else {
      return [n.refuse("the prompts that it combines have different guidance or references")]
    }
    let node = n.add(
      .node("ConditioningMix"), name, in: [("to", first.wire), ("from", second.wire)],
      with: [("mode", .text(mode)), ("strength", strength)])
    first.wire = SketchWire(node)
    first.texts += second.texts.filter { !first.texts.contains($0) }
    first.texts = Array(first.texts.prefix(16))
    return [.conditioning(first)]
  }

  private static func sdxlText(_ n: NodeTranslation) -> [Meaning] {
    let clip = n.clip("clip")
    let (small, large) = (n.text("text_l"), n.text("text_g"))
    let sizes = [
      ("original_width", n.plain("width", default: "1024")), ("original_height", n.plain("height", default: "1024")),
      ("crop_left", n.plain("crop_w", default: "0")), ("crop_top", n.plain("crop_h", default: "0")),
      ("target_width", n.plain("target_width", default: "1024")),
      ("target_height", n.plain("target_height", default: "1024")),
    ]
    guard let clip, let small, let large else { return [] }
    return n.encode(clip, [("text", .text(small)), ("text_2", large == small ? nil : .text(large))] + sizes)
  }

  private static func refinerText(_ n: NodeTranslation) -> [Meaning] {
    let (clip, text) = (n.clip("clip"), n.text("text"))
    let sizes = [
      ("original_width", n.plain("width", default: "1024")), ("original_height", n.plain("height", default: "1024")),
      ("aesthetic_score", n.plain("ascore", default: "6")),
    ]
    guard let clip, let text else { return [] }
    return n.encode(clip, [("text", .text(text))] + sizes)
  }

  private static func fluxText(_ n: NodeTranslation) -> [Meaning] {
    let (clip, small, large) = (n.clip("clip"), n.text("clip_l"), n.text("t5xxl"))
    let guidance = n.plain("guidance", default: "3.5")
    guard let clip, let small, let large else { return [] }
    let outputs = n.encode(clip, [("text", .text(small)), ("text_2", large == small ? nil : .text(large))])
    guard case .conditioning(var conditioning)? = outputs.first else { return outputs }
    conditioning.guidance = guidance
    return [.conditioning(conditioning)]
  }
}

extension NodeTranslation {
  /// A text as a conditioning.
  func encode(_ clip: TextEncoderMeaning, _ values: [(String, SketchValue?)]) -> [Meaning] {
    var values = values
    if clip.family?.takesPlainText != true {
      values.append(("syntax", .text("comfyui")))
      let texts = values.compactMap { name, value in
        if name.hasPrefix("text"), case .text(let text)? = value { text } else { nil }
      }
      if texts.contains(where: { $0.contains("embedding:") }) {
        values.append(("embeddings", .text(translator.models.embeddings)))
      }
    }
    if let layer = clip.lastLayer {
      // SDXL takes the layer before the last without being told.
      let isSDXL = clip.family == .sdxl || clip.family == .sdxlRefiner
      let skipped = (isSDXL ? -2 : -1) - layer
      if skipped < 0 { return [refuse("SDXL's states after the last layer; nearest are those before it, layer -2")] }
      if skipped > 0 { values.append(("clip_skip", .integer(skipped))) }
    }
    let node = add(.node("TextEncode"), "prompt", in: [("clip", clip.wire)], with: values)
    return [.conditioning(ConditioningMeaning(wire: SketchWire(node), texts: [node]))]
  }
}
