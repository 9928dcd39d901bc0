/// Latents of another size.
extension ComfyClass {
  static let latentUpscale = ComfyClass(
    "Upscale Latent", "upscale_method width height crop",
    .imported { n in
      let (width, height) = (n.integer("width", default: 512), n.integer("height", default: 512))
      guard let width, let height, let crop = n.text("crop", default: "disabled") else { return [] }
      // 0 keeps the latent's shape, and less than 64 is not made.
      let sides = [("width", width), ("height", height)].map { name, side in
        (name, side == 0 ? nil : SketchValue.integer(max(64, side)))
      }
      return resized(n, sides + [("fit", crop == "center" ? .text("crop") : nil)])
    })

  static let latentUpscaleBy = ComfyClass(
    "Upscale Latent By", "upscale_method scale_by",
    .imported { n in resized(n, [("factor", n.plain("scale_by", default: "1.5"))]) })

  private static func resized(_ n: NodeTranslation, _ size: [(String, SketchValue?)]) -> [Meaning] {
    guard var latent = n.latent("samples"), let method = n.text("upscale_method", default: "nearest-exact") else {
      return []
    }
    latent.isEmpty = false
    latent.wire = SketchWire(
      n.add(
        .node("ResizeLatent"), "larger", in: [("latent", latent.wire)],
        with: size + [("method", method == "nearest-exact" ? nil : .text(method))]))
    return [.latent(latent)]
  }
}
