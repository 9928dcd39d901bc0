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
          guard let conditioning, let guidance else { return [] }
          return [.conditioning(conditioning.each { ($0.guidance, $0.isUnguided) = (guidance, false) })]
        })
    ),
    (
      "FluxDisableGuidance",
      ComfyClass(
        "FluxDisableGuidance", "",
        .imported { n in
          n.conditioning("conditioning").map { [.conditioning($0.each { $0.isUnguided = true })] } ?? []
        })
    ),
    (
      "ReferenceLatent",
      ComfyClass(
        "ReferenceLatent", "",
        .imported { n in
          let (conditioning, latent) = (n.conditioning("conditioning"), n.isLink("latent") ? n.latent("latent") : nil)
          guard let conditioning else { return [] }
          if conditioning.prompts.contains(where: { $0.references.count >= 16 }) {
            return [n.refuse("more than 16 reference pictures")]
          }
          return [
            .conditioning(
              latent.map { latent in conditioning.each { $0.references.append(latent.wire) } } ?? conditioning)
          ]
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
          switch method {
          case "index": return [.conditioning(conditioning)]
          case "uxo", "uxo/uno": return [.conditioning(conditioning.each { $0.placesReferencesBeyond = true })]
          // One alone is where it always is.
          case "offset" where conditioning.prompts.allSatisfy({ $0.references.count < 2 }):
            return [.conditioning(conditioning)]
          default:
            return [n.refuse("references are placed by '\(method)'; nearest is 'index', what FLUX.2 does")]
          }
        })
    ),
    (
      "ConditioningZeroOut",
      ComfyClass(
        "ConditioningZeroOut", "",
        .imported { n in
          n.conditioning("conditioning").map { conditioning in
            [
              .conditioning(
                conditioning.each { prompt in
                  let node = n.add(
                    .node("ConditioningMix"), "zeros", in: [("to", prompt.wire)], with: [("mode", .text("zero"))])
                  (prompt.wire, prompt.texts) = (SketchWire(node), [])
                })
            ]
          } ?? []
        })
    ),
    (
      "ConditioningCombine",
      ComfyClass(
        "Conditioning (Combine)", "",
        .imported { n in
          combined(n)
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
          return [.conditioning(conditioning.each { $0.part = RunPart(from: start, to: end) })]
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

  /// Prompts that are predicted with together; several conditionings of one prompt each are one, where they act alike.
  private static func combined(_ n: NodeTranslation) -> [Meaning] {
    let (first, second) = (n.conditioning("conditioning_1"), n.conditioning("conditioning_2"))
    guard let first, let second else { return [] }
    let prompts = first.prompts + second.prompts
    guard prompts.count <= promptLimit else { return [n.refuse("it combines more than \(promptLimit) prompts")] }
    guard first.prompts.count == 1, second.prompts.count == 1, var prompt = first.prompts.first,
      let other = second.prompts.first, prompt.isLike(other)
    else { return [.conditioning(ConditioningMeaning(prompts))] }
    let node = n.add(
      .node("ConditioningMix"), "combined", in: [("to", prompt.wire), ("from", other.wire)],
      with: [("mode", .text("combine"))])
    (prompt.wire, prompt.texts) = (SketchWire(node), ConditioningMeaning(prompts).texts)
    return [.conditioning(ConditioningMeaning([prompt]))]
  }

  private static let promptLimit = 64

  /// Each prompt mixed with the first one of another conditioning.
  private static func mixed(
    _ n: NodeTranslation, _ name: String, _ to: String, _ from: String, mode: String, strength: SketchValue? = nil
  ) -> [Meaning] {
    let (first, second) = (n.conditioning(to), n.conditioning(from))
    guard let first, let other = second?.prompts.first else { return [] }
    return [
      .conditioning(
        first.each { prompt in
          let node = n.add(
            .node("ConditioningMix"), name, in: [("to", prompt.wire), ("from", other.wire)],
            with: [("mode", .text(mode)), ("strength", strength)])
          prompt.texts = ConditioningMeaning([prompt, other]).texts
          prompt.wire = SketchWire(node)
        })
    ]
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
    guard case .conditioning(let conditioning)? = outputs.first else { return outputs }
    return [.conditioning(conditioning.each { $0.guidance = guidance })]
  }
}

extension PromptMeaning {
  /// Whether it differs from another one in its text alone.
  fileprivate func isLike(_ other: PromptMeaning) -> Bool {
    (guidance, isUnguided, references, concat, controls, [part, other.part].allSatisfy { $0 == nil })
      == (other.guidance, other.isUnguided, other.references, other.concat, other.controls, true)
      && pictures.isEmpty && other.pictures.isEmpty
  }
}

extension NodeTranslation {
  /// A text as a conditioning.
  func encode(_ clip: TextEncoderMeaning, _ values: [(String, SketchValue?)]) -> [Meaning] {
    var values = values
    values.append(("syntax", .text("comfyui")))
    if clip.family?.takesPlainText != true {
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
    return [.conditioning(ConditioningMeaning([PromptMeaning(wire: SketchWire(node), texts: [node])]))]
  }
}
