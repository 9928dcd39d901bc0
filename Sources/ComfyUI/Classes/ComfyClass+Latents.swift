/// Latents.
extension ComfyClass {
  static let latents: [(String, ComfyClass)] = [
    (
      "EmptyLatentImage",
      ComfyClass("Empty Latent Image", "width height batch_size", .imported { emptyLatent($0, 512) })
    ),
    (
      "EmptySD3LatentImage",
      ComfyClass("EmptySD3LatentImage", "width height batch_size", .imported { emptyLatent($0, 1024) })
    ),
    (
      "EmptyFlux2LatentImage",
      ComfyClass("Empty Flux 2 Latent", "width height batch_size", .imported { emptyLatent($0, 1024) })
    ),
    ("VAEDecode", ComfyClass("VAE Decode", "", .imported(decode))),
    (
      "VAEDecodeTiled",
      ComfyClass("VAE Decode (Tiled)", "tile_size overlap temporal_size temporal_overlap", .imported(decode))
    ),
    ("VAEEncode", ComfyClass("VAE Encode", "", .imported(encode))),
    (
      "VAEEncodeTiled",
      ComfyClass("VAE Encode (Tiled)", "tile_size overlap temporal_size temporal_overlap", .imported(encode))
    ),
    (
      "VAEEncodeForInpaint",
      ComfyClass(
        "VAE Encode (for Inpainting)", "grow_mask_by", .imported(encodeForInpainting))
    ),
    (
      "SetLatentNoiseMask",
      ComfyClass(
        "Set Latent Noise Mask", "",
        .imported { n in
          let (latent, mask) = (n.latent("samples"), n.mask("mask"))
          guard var latent, let mask else { return [] }
          latent.mask = mask
          return [.latent(latent)]
        })
    ),
    ("RepeatLatentBatch", ComfyClass("Repeat Latent Batch", "amount", .imported(repeated))),
    ("LatentUpscale", latentUpscale), ("LatentUpscaleBy", latentUpscaleBy),
    ("LatentFromBatch", ComfyClass("Latent From Batch", "batch_index length", .imported(fromBatch))),
    ("SaveLatent", ComfyClass("SaveLatent", "filename_prefix", .imported(saveLatent))),
    (
      "LoadLatent",
      ComfyClass(
        "LoadLatent", "latent",
        .imported { n in
          guard let name = n.text("latent") else { return [] }
          let path = n.param("latent", .path, .text(n.translator.models.picture(name)))
          return [
            .latent(LatentMeaning(wire: SketchWire(n.add(.node("LoadLatent"), "loaded", with: [("path", path)]))))
          ]
        })
    ),
    (
      "LatentComposite", ComfyClass("Latent Composite", "x y feather", .refused("latents are not put together so here"))
    ),
    ("LatentFlip", ComfyClass("Flip Latent", "flip_method", .refused("latents are not turned here"))),
    ("LatentRotate", ComfyClass("Rotate Latent", "rotation", .refused("latents are not turned here"))),
    (
      "LatentInterpolate",
      ComfyClass("LatentInterpolate", "ratio", .refused("it keeps the lengths of latents; nearest is Slerp"))
    ),
    (
      "LatentBatchSeedBehavior",
      ComfyClass(
        "LatentBatchSeedBehavior", "seed_behavior", .refused("each picture of a batch has a draw of its own here"))
    ),
  ]

  private static func emptyLatent(_ n: NodeTranslation, _ standard: Int) -> [Meaning] {
    let picture = n.pictureSize("width", "height")
    let (width, height) = picture == nil ? (n.size("width", standard), n.size("height", standard)) : (nil, nil)
    guard let batch = n.integer("batch_size", default: 1), picture != nil || width != nil && height != nil else {
      return []
    }
    guard (1...4096).contains(batch) else { return [n.refuse("'batch_size' takes 1 to 4096")] }
    let node = n.add(
      .node("EmptyLatent"), "empty", in: [("image", picture)],
      with: [("width", width), ("height", height), ("batch", batch == 1 ? nil : .integer(batch))])
    return [.latent(LatentMeaning(wire: SketchWire(node), isEmpty: true))]
  }

  /// A picture that is taken apart in tiles is nearly that of one piece, which needs more memory.
  private static func decode(_ n: NodeTranslation) -> [Meaning] {
    let (latent, vae) = (n.latent("samples"), n.vae("vae"))
    guard let latent, let vae else { return [] }
    return [.image(SketchWire(n.add(.node("Decode"), "image", in: [("vae", vae), ("latent", latent.wire)])))]
  }

  private static func encode(_ n: NodeTranslation) -> [Meaning] {
    let (image, vae) = (n.image("pixels"), n.vae("vae"))
    guard let image, let vae else { return [] }
    // Of a size that no latent has, ComfyUI takes the middle.
    let node = n.add(.node("Encode"), "encoded", in: [("vae", vae), ("image", image)], with: [("fit", .text("crop"))])
    return [.latent(LatentMeaning(wire: SketchWire(node)))]
  }

  /// A picture with grey where its mask is above one half, and that part, grown, to draw.
  private static func encodeForInpainting(_ n: NodeTranslation) -> [Meaning] {
    let (image, vae, mask) = (n.image("pixels"), n.vae("vae"), n.mask("mask"))
    guard let image, let vae, let mask, let window = n.integer("grow_mask_by", default: 6) else { return [] }
    guard (0...64).contains(window) else { return [n.refuse("'grow_mask_by' takes 0 to 64")] }
    // The node's title is that of the latent.
    func helper(
      _ type: String, _ name: String, in inputs: [(String, SketchWire?)], with values: [(String, SketchValue?)] = []
    )
      -> SketchWire
    {
      let node = n.add(.node(type), name, in: inputs, with: values)
      n.translator.name(node, name)
      return SketchWire(node)
    }
    let sharp = helper("ThresholdMask", "sharp", in: [("mask", mask)], with: [("value", .plain("0.5"))])
    let grown =
      window > 1 ? helper("GrowMask", "grown", in: [("mask", sharp)], with: [("window", .integer(window))]) : sharp
    let half = helper("RectangleMask", "half", in: [("image", image)], with: [("value", .plain("0.5"))])
    let grey = helper("ImageFromMask", "grey", in: [("mask", half)])
    let holed = helper("Composite", "holed", in: [("destination", image), ("source", grey), ("mask", sharp)])
    let node = n.add(.node("Encode"), "encoded", in: [("vae", vae), ("image", holed)])
    return [.latent(LatentMeaning(wire: SketchWire(node), mask: grown))]
  }

  private static func repeated(_ n: NodeTranslation) -> [Meaning] {
    let (latent, amount) = (n.latent("samples"), n.integer("amount", default: 1))
    guard let latent, let amount else { return [] }
    if amount == 1 { return [.latent(latent)] }
    guard (1...4096).contains(amount) else { return [n.refuse("'amount' takes 1 to 4096")] }
    guard latent.draw == 0 else {
      return [n.refuse("a picture that was taken out of a batch is repeated; nearest is a sweep of seeds")]
    }
    guard latent.isEmpty else {
      var repeated = latent
      repeated.wire = SketchWire(
        n.add(.node("RepeatLatent"), "repeated", in: [("latent", latent.wire)], with: [("times", .integer(amount))]))
      return [.latent(repeated)]
    }
    return [.latent(n.empty(like: latent, batch: n.translator.batch(of: latent) * amount, draw: 0))]
  }

  private static func fromBatch(_ n: NodeTranslation) -> [Meaning] {
    let (latent, index, length) = (
      n.latent("samples"), n.integer("batch_index", default: 0), n.integer("length", default: 1)
    )
    guard let latent, let index, let length else { return [] }
    let count = n.translator.batch(of: latent)
    guard latent.isEmpty, latent.draw == 0, length == 1 || index == 0, (0..<count).contains(index) else {
      return [
        n.refuse(
          "pictures are taken out of a batch after it was drawn; nearest is a batch of those alone, or a sweep of seeds"
        )
      ]
    }
    return [.latent(n.empty(like: latent, batch: min(max(1, length), count - index), draw: index))]
  }

  private static func saveLatent(_ n: NodeTranslation) -> [Meaning] {
    let (latent, prefix) = (n.latent("samples"), n.text("filename_prefix", default: "latents/ComfyUI"))
    guard let latent, let prefix else { return n.finish() }
    let path = n.param("out_latent", .path, .text(n.translator.output(prefix, ending: "latent")))
    _ = n.add(
      .node("SaveLatent"), "saved", in: [("latent", latent.wire)], with: [("path", path)], isSink: true)
    return n.finish()
  }
}

extension NodeTranslation {
  /// An empty latent of the size of another one.
  func empty(like latent: LatentMeaning, batch: Int, draw: Int) -> LatentMeaning {
    let old = translator.sketch.nodes[latent.wire.node]
    let values = old.values.filter { $0.name != "batch" }.map { ($0.name, Optional($0.value)) }
    let node = add(
      .node("EmptyLatent"), "empty", in: old.inputs.map { ($0.name, $0.wires.first) },
      with: values + [("batch", batch == 1 ? nil : .integer(batch))])
    var result = latent
    (result.wire, result.draw) = (SketchWire(node), draw)
    return result
  }
}

extension Translator {
  /// How many pictures an empty latent is for.
  func batch(of latent: LatentMeaning) -> Int {
    if case .plain(let text)? = sketch.nodes[latent.wire.node].value("batch") { return Int(text) ?? 1 }
    return 1
  }
}
