import GraphEngine
import JSONTree

extension Exporter {
  typealias Rule = @Sendable (Exporter, Int) -> Void

  /// What steps and what belongs to them; looked at together.
  static let samplingTypes: Set = [
    "NoiseSchedule", "AddNoise", "Predict", "UNetPredict", "CFGCombine", "EditCombine", "RescaleCFG", "CFGZeroStar",
    "CFGNorm",
    "ProjectStyle", "StepMask", "KeepOutside", "HoldOutside",
    "ControlNetPredict", "InpaintConcat", "EditConcat",
  ]

  /// By the type of a node.
  static let rules = mainRules.merging(maskRules) { main, _ in main }.merging(pictureRules) { main, _ in main }

  private static let mainRules: [String: Rule] = [
    "LoadModel": loadModel, "LoadDenoiser": loadDenoiser, "LoadTextEncoder": loadTextEncoder, "LoadVAE": loadVAE,
    "ApplyLoRA": applyLoRA, "TextEncode": textEncode, "ConditioningMix": conditioningMix, "EmptyLatent": emptyLatent,
    "Decode": { e, i in
      let link = e.add("VAEDecode", i, [("samples", e.latent(into: i, "latent")), ("vae", e.link(into: i, "vae"))])
      e.put(i, "image", .link(link))
    },
    "Encode": { e, i in
      if e.value(i, "seed") != nil { e.refuse(i, "VAEEncode takes the mean, and draws no sample") }
      let link =
        e.inpaintEncodings[i]?.link(e)
        ?? e.add("VAEEncode", i, [("pixels", e.link(into: i, "image")), ("vae", e.link(into: i, "vae"))])
      e.put(i, "latent", .link(link))
    },
    "LoadImage": { e, i in
      let link = e.add("LoadImage", i, [("image", e.text(i, "path").map { .text(fileName($0, below: "input")) })])
      e.put(i, "image", .link(link))
      e.put(i, "mask", .link(e.link(link, slot: 1)))
    },
    "SavePNG": { e, i in
      for source in e.sources(i, "image") {
        guard case .link(let image)? = e.outputs[source] else { continue }
        e.add("SaveImage", i, [("images", image), ("filename_prefix", e.text(i, "path").map { .text(stem($0)) })])
      }
    },
    "ResizeLatent": resizeLatent,
    "SaveLatent": { e, i in
      e.add(
        "SaveLatent", i,
        [("samples", e.latent(into: i, "latent")), ("filename_prefix", e.text(i, "path").map { .text(stem($0)) })])
    },
    "LoadLatent": { e, i in
      e.put(
        i, "latent",
        .link(e.add("LoadLatent", i, [("latent", e.text(i, "path").map { .text(fileName($0, below: "input")) })])))
    },
    "RepeatLatent": { e, i in
      let link = e.add(
        "RepeatLatentBatch", i, [("samples", e.latent(into: i, "latent")), ("amount", e.json(i, "times"))])
      e.keepMask(i)
      e.put(i, "latent", .link(link))
    },
    "LoadPictureEncoder": { e, i in
      guard let name = e.modelFile(i, "path", .pictureEncoders) else { return }
      e.put(i, "encoder", .link(e.add("CLIPVisionLoader", i, [("clip_name", .text(name))])))
    },
    "EncodePicture": { e, i in
      let link = e.add(
        "CLIPVisionEncode", i,
        [
          ("clip_vision", e.link(into: i, "encoder")), ("image", e.link(into: i, "image")),
          ("crop", e.json(i, "crop")),
        ])
      e.put(i, "states", .link(link))
      e.put(i, "deep", .link(link))
      e.put(i, "pooled", .link(link))
    },
    "LoadStyleProjector": { e, i in
      guard let name = e.modelFile(i, "path", .modelPatches) else { return }
      e.put(i, "projector", .link(e.add("ModelPatchLoader", i, [("name", .text(name))])))
    },
    "LoadStyleModel": { e, i in
      guard let name = e.modelFile(i, "path", .styleModels) else { return }
      e.put(i, "stylemodel", .link(e.add("StyleModelLoader", i, [("style_model_name", .text(name))])))
    },
    "ApplyStyle": { e, i in
      let link = e.add(
        "StyleModelApply", i,
        [
          ("conditioning", e.link(into: i, "conditioning")), ("style_model", e.link(into: i, "stylemodel")),
          ("clip_vision_output", e.link(into: i, "states")), ("strength", e.json(i, "strength")),
          ("strength_type", .text("multiply")),
        ])
      e.put(i, "conditioning", .text(ExportedText(link: link)))
    },
    "UnCLIPConditioning": { e, i in
      guard var link = e.link(into: i, "conditioning") else { return }
      func numbers(_ name: String) -> [String] {
        if case .list(let values)? = e.value(i, name) { values.map(\.text) } else { [] }
      }
      let (strengths, noise) = (numbers("strengths"), numbers("noise"))
      for (index, picture) in e.sources(i, "pictures").enumerated() where strengths.indices.contains(index) {
        link = e.add(
          "unCLIPConditioning", i,
          [
            ("conditioning", link), ("clip_vision_output", e.link(picture)), ("strength", .plain(strengths[index])),
            ("noise_augmentation", .plain(noise.indices.contains(index) ? noise[index] : "0")),
          ])
      }
      e.put(i, "conditioning", .text(ExportedText(link: link)))
    },
    "LoadControlNet": { e, i in
      guard let name = e.modelFile(i, "path", .controlNets) else { return }
      e.put(i, "controlnet", .link(e.add("ControlNetLoader", i, [("control_net_name", .text(name))])))
    },
  ]

  // MARK: Names of files

  /// The name that ComfyUI has for a file: what follows one of its folders, or else the last part.
  private static func fileName(_ path: String, below folders: String...) -> String {
    let parts = path.split(separator: "/")
    let start = parts.lastIndex { folders.contains(String($0)) }
    return (start.map { parts[($0 + 1)...] } ?? parts.suffix(1)).joined(separator: "/")
  }

  private static func stem(_ path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return path }
    return String(path.dropLast(name[dot...].count))
  }

  /// The name of a model's file; nil after a folder was refused.
  func modelFile(_ index: Int, _ name: String, _ kind: ComfyFolders.Kind) -> String? {
    guard let path = text(index, name) else { return nil }
    guard [".safetensors", ".gguf", ".sft"].contains(where: path.hasSuffix) else {
      refuse(index, "'\(path)' is no file of a model that ComfyUI loads; a single .safetensors file was expected")
      return nil
    }
    return Self.fileName(path, below: kind.names[0], kind.names.last ?? "")
  }

  // MARK: Models

  private static let loadModel: Rule = { e, i in
    guard let name = e.modelFile(i, "path", .checkpoints) else { return }
    let link = e.add("CheckpointLoaderSimple", i, [("ckpt_name", .text(name))])
    var model = ExportedModel(link: link, family: ModelNames.family(of: name) ?? .stableDiffusion)
    model.readNoise(i, e)
    e.put(i, "denoiser", .model(model))
    e.put(i, "unet", .model(model))
    e.put(i, "clip", .link(e.link(link, slot: 1)))
    e.put(i, "vae", .link(e.link(link, slot: 2)))
  }

  private static let loadDenoiser: Rule = { e, i in
    guard let name = e.modelFile(i, "path", .denoisers) else { return }
    let isGGUF = name.hasSuffix(".gguf")
    let link = e.add(
      isGGUF ? "UnetLoaderGGUF" : "UNETLoader", i,
      [("unet_name", .text(name)), ("weight_dtype", isGGUF ? nil : .text("default"))])
    var model = ExportedModel(link: link, family: ModelNames.family(of: name))
    model.readNoise(i, e)
    e.put(i, "denoiser", .model(model))
    e.put(i, "unet", .model(model))
  }

  private static let loadTextEncoder: Rule = { e, i in
    guard let first = e.modelFile(i, "path", .textEncoders) else { return }
    let isGGUF = first.hasSuffix(".gguf")
    let link: JSONValue
    if e.value(i, "path_2") != nil {
      guard let second = e.modelFile(i, "path_2", .textEncoders) else { return }
      let isFlux = [first, second].contains { $0.lowercased().contains("t5") }
      link = e.add(
        isGGUF || second.hasSuffix(".gguf") ? "DualCLIPLoaderGGUF" : "DualCLIPLoader", i,
        [("clip_name1", .text(first)), ("clip_name2", .text(second)), ("type", .text(isFlux ? "flux" : "sdxl"))])
    } else {
      let types = ["flux2-klein": "flux2", "z-image": "lumina2"]
      let type = e.text(i, "family").flatMap { types[$0] } ?? "stable_diffusion"
      link = e.add(isGGUF ? "CLIPLoaderGGUF" : "CLIPLoader", i, [("clip_name", .text(first)), ("type", .text(type))])
    }
    e.put(i, "clip", .link(link))
  }

  private static let loadVAE: Rule = { e, i in
    guard let name = e.modelFile(i, "path", .vaes) else { return }
    e.put(i, "vae", .link(e.add("VAELoader", i, [("vae_name", .text(name))])))
  }

  private static let applyLoRA: Rule = { e, i in
    guard let source = e.source(i, "denoiser"), case .model(var model)? = e.outputs[source],
      let name = e.modelFile(i, "path", .loras)
    else { return }
    let clip = e.link(into: i, "clip")
    model.link = e.add(
      clip == nil ? "LoraLoaderModelOnly" : "LoraLoader", i,
      [
        ("model", model.link), ("clip", clip), ("lora_name", .text(name)), ("strength_model", e.json(i, "strength")),
        ("strength_clip", clip == nil ? nil : e.json(i, "clip_strength")),
      ])
    e.put(i, "denoiser", .model(model))
    if clip != nil { e.put(i, "clip", .link(e.link(model.link, slot: 1))) }
  }

  // MARK: Texts

  private static let sizeNames = [
    ("width", "original_width"), ("height", "original_height"), ("crop_w", "crop_left"), ("crop_h", "crop_top"),
    ("target_width", "target_width"), ("target_height", "target_height"),
  ]

  private static let textEncode: Rule = { e, i in
    guard let text = e.text(i, "text"), var clip = e.link(into: i, "clip") else { return }
    let syntax = e.text(i, "syntax") ?? "plain"
    if syntax == "a1111" || syntax == "plain" && text.contains(where: { "()\\".contains($0) }) {
      e.refuse(i, "ComfyUI reads the brackets of this prompt otherwise; 'syntax: comfyui' was expected")
    }
    if e.text(i, "empty") ?? "encode" != "encode", text.isEmpty {
      e.refuse(i, "ComfyUI encodes an empty text; nearest is ConditioningMix with 'mode: zero'")
    }
    if let skipped = e.number(i, "clip_skip"), skipped > 0 {
      clip = e.add("CLIPSetLastLayer", i, [("clip", clip), ("stop_at_clip_layer", .plain("\(-1 - Int(skipped))"))])
    }
    let sizes = sizeNames.map { ($0.0, e.json(i, $0.1)) }
    let second = e.json(i, "text_2")
    let link: JSONValue
    if e.value(i, "aesthetic_score") != nil {
      link = e.add(
        "CLIPTextEncodeSDXLRefiner", i,
        [("clip", clip), ("ascore", e.json(i, "aesthetic_score")), ("text", .text(text))] + sizes.prefix(2))
    } else if sizes.contains(where: { $0.1 != nil }) {
      let known = zip(sizes, ["1024", "1024", "0", "0", "1024", "1024"]).map { ($0.0, $0.1 ?? JSONValue.plain($1)) }
      link = e.add(
        "CLIPTextEncodeSDXL", i, [("clip", clip), ("text_l", .text(text)), ("text_g", second ?? .text(text))] + known)
    } else if let second {
      link = e.add(
        "CLIPTextEncodeFlux", i,
        [("clip", clip), ("clip_l", .text(text)), ("t5xxl", second), ("guidance", .plain("3.5"))])
    } else {
      link = e.add("CLIPTextEncode", i, [("text", .text(text)), ("clip", clip)])
    }
    e.put(i, "conditioning", .text(ExportedText(link: link)))
  }

  private static let conditioningMix: Rule = { e, i in
    guard let to = e.link(into: i, "to") else { return }
    let from = e.link(into: i, "from")
    let link: JSONValue
    switch e.text(i, "mode") {
    case "zero": link = e.add("ConditioningZeroOut", i, [("conditioning", to)])
    case "combine": link = e.add("ConditioningCombine", i, [("conditioning_1", to), ("conditioning_2", from)])
    case "concatenate": link = e.add("ConditioningConcat", i, [("conditioning_to", to), ("conditioning_from", from)])
    default:
      link = e.add(
        "ConditioningAverage", i,
        [("conditioning_to", to), ("conditioning_from", from), ("conditioning_to_strength", e.json(i, "strength"))])
    }
    e.put(i, "conditioning", .text(ExportedText(link: link)))
  }

  // MARK: Latents and pictures

  private static let emptyLatent: Rule = { e, i in
    if e.value(i, "seed") != nil {
      e.refuse(
        i, "noise is drawn by a sampler in ComfyUI; an EmptyLatent without 'seed' and AddNoise with it were expected")
    }
    var size = [("width", e.json(i, "width")), ("height", e.json(i, "height"))]
    if let image = e.link(into: i, "image") {
      let picture = e.add("GetImageSize", i, [("image", image)])
      size = [("width", picture), ("height", e.link(picture, slot: 1))]
    }
    let family = e.graph.nodes.indices.lazy.compactMap { index -> ComfyFamily? in
      guard case .model(let model)? = e.outputs[WireSource(node: index, output: 0)] else { return nil }
      return model.family
    }.first
    let type: String
    switch family {
    case .flux2, .flux2Klein: type = "EmptyFlux2LatentImage"
    case .flux, .fluxSchnell, .zImage: type = "EmptySD3LatentImage"
    default: type = "EmptyLatentImage"
    }
    e.put(i, "latent", .link(e.add(type, i, size + [("batch_size", e.json(i, "batch"))])))
  }
}
