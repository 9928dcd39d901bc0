import GraphEngine
import JSONTree

extension Exporter {
  /// A latent of another size.
  static let resizeLatent: Rule = { e, i in
    let samples = [("samples", e.latent(into: i, "latent")), ("upscale_method", e.json(i, "method"))]
    e.keepMask(i)
    let link: JSONValue
    if let factor = e.json(i, "factor") {
      link = e.add("LatentUpscaleBy", i, samples + [("scale_by", factor)])
    } else {
      // 0 keeps the proportions.
      let size = ["width", "height"].map { ($0, e.json(i, $0) ?? .plain("0")) }
      let crop = JSONValue.text(e.text(i, "fit") == "crop" ? "center" : "disabled")
      link = e.add("LatentUpscale", i, samples + size + [("crop", crop)])
    }
    e.put(i, "latent", .link(link))
  }
}
