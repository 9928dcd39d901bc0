/// Models and their parts.
extension ComfyClass {
  static let loaders: [(String, ComfyClass)] = [
    ("CheckpointLoaderSimple", ComfyClass("Load Checkpoint", "ckpt_name", .imported(checkpoint))),
    (
      "CheckpointLoader",
      ComfyClass("Load Checkpoint With Config (DEPRECATED)", "config_name ckpt_name", .imported(checkpoint))
    ),
    ("UNETLoader", ComfyClass("Load Diffusion Model", "unet_name weight_dtype", .imported(denoiser))),
    ("UnetLoaderGGUF", ComfyClass("Unet Loader (GGUF)", "unet_name", .imported(denoiser))),
    ("VAELoader", ComfyClass("Load VAE", "vae_name", .imported(vae))),
    ("CLIPLoader", ComfyClass("Load CLIP", "clip_name type device", .imported(textEncoder))),
    ("CLIPLoaderGGUF", ComfyClass("CLIPLoader (GGUF)", "clip_name type", .imported(textEncoder))),
    ("DualCLIPLoader", ComfyClass("DualCLIPLoader", "clip_name1 clip_name2 type device", .imported(textEncoders))),
    ("DualCLIPLoaderGGUF", ComfyClass("DualCLIPLoader (GGUF)", "clip_name1 clip_name2 type", .imported(textEncoders))),
    (
      "TripleCLIPLoader",
      ComfyClass(
        "TripleCLIPLoader", "clip_name1 clip_name2 clip_name3",
        .refused("it loads the text encoders of Stable Diffusion 3, a family that is not here"))
    ),
    (
      "QuadrupleCLIPLoader",
      ComfyClass(
        "QuadrupleCLIPLoader", "clip_name1 clip_name2 clip_name3 clip_name4",
        .refused("it loads the text encoders of HiDream, a family that is not here"))
    ),
    ("LoraLoader", ComfyClass("Load LoRA", "lora_name strength_model strength_clip", .imported(lora))),
    ("LoraLoaderModelOnly", ComfyClass("LoraLoaderModelOnly", "lora_name strength_model", .imported(lora))),
    (
      "CLIPSetLastLayer",
      ComfyClass(
        "CLIP Set Last Layer", "stop_at_clip_layer",
        .imported { n in
          let (clip, layer) = (n.clip("clip"), n.integer("stop_at_clip_layer", default: -1))
          guard var clip, let layer else { return [] }
          clip.lastLayer = layer
          return [.clip(clip)]
        })
    ),
    (
      "ModelSamplingFlux", ComfyClass("ModelSamplingFlux", "max_shift base_shift width height", .imported(fluxSampling))
    ),
    ("ModelSamplingSD3", ComfyClass("ModelSamplingSD3", "shift", .imported(shiftedSampling))),
    ("ModelSamplingAuraFlow", ComfyClass("ModelSamplingAuraFlow", "shift", .imported(shiftedSampling))),
    ("ModelSamplingDiscrete", ComfyClass("ModelSamplingDiscrete", "sampling zsnr", .imported(discreteSampling))),
    ("TorchCompileModel", ComfyClass("TorchCompileModel", "backend", .imported(unchangedModel))),
    ("ModelAttentionBackend", ComfyClass("ModelAttentionBackend", "backend", .imported(unchangedModel))),
    (
      "DifferentialDiffusion",
      ComfyClass(
        "Differential Diffusion", "strength",
        .imported { n in
          let (model, strength) = (n.model("model"), n.number("strength", default: 1))
          guard var model, let strength else { return [] }
          guard strength == 1 else { return [n.refuse("its strength is \(strength); nearest is 1")] }
          model.isDifferential = true
          return [.model(model)]
        })
    ),
    ("FreeU", ComfyClass("FreeU", "b1 b2 s1 s2", .refused("it changes the inside of the UNet"))),
    ("FreeU_V2", ComfyClass("FreeU_V2", "b1 b2 s1 s2", .refused("it changes the inside of the UNet"))),
    (
      "PerturbedAttentionGuidance",
      ComfyClass("PerturbedAttentionGuidance", "scale", .refused("it takes a third prediction, with other attention"))
    ),
    (
      "SkipLayerGuidanceDiT",
      ComfyClass(
        "SkipLayerGuidanceDiT", "double_layers single_layers scale start_percent end_percent rescaling_scale",
        .refused("it takes a third prediction, without some layers"))
    ),
    (
      "SkipLayerGuidanceDiTSimple",
      ComfyClass(
        "SkipLayerGuidanceDiTSimple", "double_layers single_layers start_percent end_percent",
        .refused("it takes the negative prediction without some layers"))
    ),
    (
      "HyperTile",
      ComfyClass("HyperTile", "tile_size swap_size max_depth scale_depth", .refused("it approximates attention"))
    ),
    ("TomePatchModel", ComfyClass("TomePatchModel", "ratio", .refused("it approximates attention"))),
    (
      "PatchModelAddDownscale",
      ComfyClass(
        "PatchModelAddDownscale (Kohya Deep Shrink)",
        "block_number downscale_factor start_percent end_percent downscale_after_skip downscale_method upscale_method",
        .refused("it changes the inside of the UNet"))
    ),
    (
      "ModelMergeSimple",
      ComfyClass(
        "ModelMergeSimple", "ratio", .refused("weights of two models are not mixed here; a merged file can be loaded"))
    ),
    (
      "FluxKVCache",
      ComfyClass(
        "FluxKVCache", "",
        .refused(
          "it keeps what the model computed of its references from the first step on, which the model was taught; nothing here does that"
        ))
    ),
    (
      "unCLIPCheckpointLoader", ComfyClass("unCLIPCheckpointLoader", "ckpt_name", .refused("no unCLIP models are here"))
    ),
    (
      "HypernetworkLoader",
      ComfyClass("HypernetworkLoader", "hypernetwork_name strength", .refused("no hypernetworks are here"))
    ),
    ("GLIGENLoader", ComfyClass("GLIGENLoader", "gligen_name", .refused("no GLIGEN models are here"))),
  ]

  // MARK: Files

  private static func checkpoint(_ n: NodeTranslation) -> [Meaning] {
    guard let name = n.text("ckpt_name") else { return [] }
    if let other = ModelNames.foreignFamily(of: name) {
      return [n.refuse("'\(name)' is of \(other), a family that is not here")]
    }
    let (path, family) = (
      n.path("model", .checkpoints, name), n.translator.models.family(.checkpoints, name) ?? .stableDiffusion
    )
    let node = n.add(.node("LoadModel"), "model", with: [("path", path)])
    return [
      .model(ModelMeaning(wire: SketchWire(node, "denoiser"), family: family, hasLongTable: family == .flux)),
      .clip(TextEncoderMeaning(wire: SketchWire(node, "clip"), family: family)), .vae(SketchWire(node, "vae")),
    ]
  }

  private static func denoiser(_ n: NodeTranslation) -> [Meaning] {
    guard let name = n.text("unet_name") else { return [] }
    if let other = ModelNames.foreignFamily(of: name) {
      return [n.refuse("'\(name)' is of \(other), a family that is not here")]
    }
    let type = n.text("weight_dtype", default: "default") ?? "default"
    guard type == "default" else {
      return [
        n.refuse(
          "its weights are rounded to \(type) as they are loaded; nearest is 'default', or a file of that format")
      ]
    }
    let family = n.translator.models.family(.denoisers, name)
    let node = n.add(.node("LoadDenoiser"), "denoiser", with: [("path", n.path("denoiser", .denoisers, name))])
    n.translator.families[node] = family
    return [
      .model(
        ModelMeaning(
          wire: SketchWire(node, "denoiser"), family: family,
          hasLongTable: family == .flux || family == .flux2 || family == .flux2Klein))
    ]
  }

  private static func vae(_ n: NodeTranslation) -> [Meaning] {
    guard let name = n.text("vae_name") else { return [] }
    if name == "pixel_space" { return [n.refuse("it stands for a model that draws pixels, which no model here does")] }
    if name.hasPrefix("tae") {
      return [n.refuse("'\(name)' is a small autoencoder for previews; nearest is the model's own VAE")]
    }
    let isSDXL = name.lowercased().contains("xl")
    return [
      .vae(
        SketchWire(
          n.add(
            .node("LoadVAE"), "vae",
            with: [("path", n.path("vae", .vaes, name)), ("scaling_factor", isSDXL ? .plain("0.13025") : nil)])))
    ]
  }

  private static func textEncoder(_ n: NodeTranslation) -> [Meaning] {
    let (name, type) = (n.text("clip_name"), n.text("type", default: "stable_diffusion"))
    guard let name, let type else { return [] }
    let family: ComfyFamily
    let lower = name.lowercased()
    switch type {
    case "stable_diffusion" where lower.contains("qwen"):
      return [n.refuse("'\(name)' is the text encoder of a family that is not here")]
    case "stable_diffusion": family = .stableDiffusion
    case "flux2" where lower.contains("mistral"):
      return [n.refuse("'\(name)' is the text encoder of FLUX.2 dev; of FLUX.2 klein is here")]
    case "flux2": family = .flux2Klein
    case "lumina2" where lower.contains("gemma"):
      return [n.refuse("'\(name)' is the text encoder of Lumina 2, a family that is not here")]
    case "lumina2": family = .zImage
    default: return [n.refuse("it loads a text encoder of type \(type), for a family that is not here")]
    }
    let told = family == .flux2Klein ? "flux2-klein" : family == .zImage ? "z-image" : nil
    let node = n.add(
      .node("LoadTextEncoder"), "text",
      with: [("path", n.path("text", .textEncoders, name)), ("family", told.map { .text($0) })])
    return [.clip(TextEncoderMeaning(wire: SketchWire(node), family: family))]
  }

  private static func textEncoders(_ n: NodeTranslation) -> [Meaning] {
    let (first, second) = (n.text("clip_name1"), n.text("clip_name2"))
    guard let first, let second, let type = n.text("type", default: "sdxl") else { return [] }
    let families: [String: ComfyFamily] = ["sdxl": .sdxl, "flux": .flux]
    guard let family = families[type] else {
      return [n.refuse("it loads text encoders of type \(type), for a family that is not here")]
    }
    let node = n.add(
      .node("LoadTextEncoder"), "text",
      with: [("path", n.path("text", .textEncoders, first)), ("path_2", n.path("text_2", .textEncoders, second))])
    return [.clip(TextEncoderMeaning(wire: SketchWire(node), family: family))]
  }

  private static func lora(_ n: NodeTranslation) -> [Meaning] {
    let (model, clip) = (n.model("model"), n.node.type == "LoraLoader" ? n.clip("clip") : nil)
    let (name, strength) = (n.text("lora_name"), n.plain("strength_model", default: "1"))
    let clipStrength = clip == nil ? nil : n.plain("strength_clip", default: "1")
    guard var model, let name, let strength else { return [] }
    // Nothing is changed.
    if strength == .plain("0"), clipStrength ?? .plain("0") == .plain("0") {
      return [.model(model)] + (clip.map { [.clip($0)] } ?? [])
    }
    let node = n.add(
      .node("ApplyLoRA"), "lora", in: [("denoiser", model.wire), ("clip", clip?.wire)],
      with: [("path", n.path("lora", .loras, name)), ("strength", strength), ("clip_strength", clipStrength)])
    model.wire = SketchWire(node, "denoiser")
    guard var clip else { return [.model(model)] }
    clip.wire = SketchWire(node, "clip")
    return [.model(model), .clip(clip)]
  }

  // MARK: The noise of a model

  /// mu goes from base_shift at 256 image tokens to max_shift at 4096, and on beyond them.
  private static func fluxSampling(_ n: NodeTranslation) -> [Meaning] {
    let (model, highest, base) = (
      n.model("model"), n.number("max_shift", default: 1.15), n.number("base_shift", default: 0.5)
    )
    let (width, height) = (n.number("width", default: 1024), n.number("height", default: 1024))
    guard var model, let highest, let base, let width, let height else { return [] }
    let mu = base + (highest - base) * (width * height / 256 - 256) / 3840
    guard mu.magnitude < 1000 else { return [n.refuse("a shift of e^\(mu)")] }
    model.noise = [("mu", .plain(NodeTranslation.text(of: mu)))]
    model.hasLongTable = true
    return [.model(model)]
  }

  private static func shiftedSampling(_ n: NodeTranslation) -> [Meaning] {
    let (model, shift) = (n.model("model"), n.plain("shift", default: n.node.type == "ModelSamplingSD3" ? "3" : "1.73"))
    guard var model, let shift else { return [] }
    if n.node.type == "ModelSamplingSD3",
      model.family == .flux || model.family == .fluxSchnell || model.family == .flux2Klein
    {
      return [n.refuse("it tells a FLUX model times a thousand times too large; nearest is ModelSamplingAuraFlow")]
    }
    if let family = model.family, !family.isFlow {
      return [n.refuse("it shifts the sigmas of a flow, which the model is none")]
    }
    // What Z-Image has without it.
    model.noise = model.family == .zImage && shift == .plain("3") ? [] : [("shift", shift)]
    model.hasLongTable = false
    return [.model(model)]
  }

  private static func discreteSampling(_ n: NodeTranslation) -> [Meaning] {
    let (model, kind, zeroSNR) = (n.model("model"), n.text("sampling", default: "eps"), n.flag("zsnr", default: false))
    guard var model, let kind, let zeroSNR else { return [] }
    let kinds = ["eps": "epsilon", "v_prediction": "v"]
    guard let prediction = kinds[kind] else {
      return [n.refuse("its sampling '\(kind)' is another than eps and v_prediction")]
    }
    model.noise = [("prediction", .text(prediction))] + (zeroSNR ? [("zero_snr", .plain("true"))] : [])
    return [.model(model)]
  }

  /// Of what is there for speed alone.
  private static func unchangedModel(_ n: NodeTranslation) -> [Meaning] { n.model("model").map { [.model($0)] } ?? [] }
}

extension NodeTranslation {
  /// The place of a file of a model, as a param.
  func path(_ name: String, _ kind: ComfyFolders.Kind, _ file: String) -> SketchValue? {
    param(name, .path, .text(translator.models.path(kind, file)))
  }
}
