/// Pictures as prompts.
extension ComfyClass {
  static let picturePrompts: [(String, ComfyClass)] = [
    (
      "CLIPVisionLoader",
      ComfyClass(
        "Load CLIP Vision", "clip_name",
        .imported { n in
          guard let name = n.text("clip_name") else { return [] }
          let node = n.add(
            .node("LoadPictureEncoder"), "encoder", with: [("path", n.path("encoder", .pictureEncoders, name))])
          return [.pictureEncoder(SketchWire(node))]
        })
    ),
    (
      "CLIPVisionEncode",
      ComfyClass(
        "CLIP Vision Encode", "crop",
        .imported { n in
          let (encoder, image, crop) = (
            n.pictureEncoder("clip_vision"), n.image("image"), n.text("crop", default: "center")
          )
          guard let encoder, let image, let crop else { return [] }
          return [
            .encodedPicture(
              n.add(
                .node("EncodePicture"), "seen", in: [("encoder", encoder), ("image", image)],
                with: [("crop", crop == "center" ? nil : .text("none"))]))
          ]
        })
    ),
    (
      "StyleModelLoader",
      ComfyClass(
        "Load Style Model", "style_model_name",
        .imported { n in
          guard let name = n.text("style_model_name") else { return [] }
          let node = n.add(.node("LoadStyleModel"), "style", with: [("path", n.path("style", .styleModels, name))])
          return [.styleModel(SketchWire(node))]
        })
    ),
    (
      "ModelPatchLoader",
      ComfyClass(
        "ModelPatchLoader", "name",
        .imported { n in
          guard let name = n.text("name") else { return [] }
          guard name.lowercased().contains("uso") else {
            return [n.refuse("'\(name)' is no projector of USO, the only patch that is here")]
          }
          let node = n.add(
            .node("LoadStyleProjector"), "projector", with: [("path", n.path("projector", .modelPatches, name))])
          return [.modelPatch(SketchWire(node))]
        })
    ),
    (
      "USOStyleReference",
      ComfyClass(
        "USOStyleReference", "",
        .imported { n in
          let (model, patch, picture) = (
            n.model("model"), n.modelPatch("model_patch"), n.encodedPicture("clip_vision_output")
          )
          guard var model, let patch, let picture else { return [] }
          model.styles.append((patch, picture))
          return [.model(model)]
        })
    ),
    (
      "StyleModelApply",
      ComfyClass("Apply Style Model", "strength strength_type", .imported(styled))
    ),
    (
      "unCLIPConditioning",
      ComfyClass(
        "unCLIPConditioning", "strength noise_augmentation",
        .imported { n in
          let (conditioning, picture) = (n.conditioning("conditioning"), n.encodedPicture("clip_vision_output"))
          let (strength, noise) = (n.plain("strength", default: "1"), n.plain("noise_augmentation", default: "0"))
          guard let conditioning, let picture, let strength, let noise else { return [] }
          // Nothing of it is nothing.
          if strength == .plain("0") { return [.conditioning(conditioning)] }
          if conditioning.prompts.contains(where: { $0.pictures.count >= 16 }) {
            return [n.refuse("more than 16 pictures")]
          }
          let pooled = PooledPicture(vector: SketchWire(picture, "pooled"), strength: strength, noise: noise)
          return [.conditioning(conditioning.each { $0.pictures.append(pooled) })]
        })
    ),
  ]

  /// Each prompt with the tokens of pictures behind it.
  private static func styled(_ n: NodeTranslation) -> [Meaning] {
    let (conditioning, style, picture) = (
      n.conditioning("conditioning"), n.styleModel("style_model"), n.encodedPicture("clip_vision_output")
    )
    let (strength, type) = (n.plain("strength", default: "1"), n.text("strength_type", default: "multiply"))
    guard let conditioning, let style, let picture, let strength, let type else { return [] }
    guard type == "multiply" || strength == .plain("1") else {
      return [n.refuse("its strength changes attention; nearest is 'multiply'")]
    }
    return [
      .conditioning(
        conditioning.each { prompt in
          let node = n.add(
            .node("ApplyStyle"), "styled",
            in: [("stylemodel", style), ("states", SketchWire(picture, "states")), ("conditioning", prompt.wire)],
            with: [("strength", strength == .plain("1") ? nil : strength)])
          prompt.wire = SketchWire(node)
        })
    ]
  }
}
