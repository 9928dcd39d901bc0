import GraphEngine
import JSONTree

extension Exporter {
  /// Those of pictures, by the type of a node.
  static let pictureRules: [String: Rule] = [
    "ResizeImage": resizeImage,
    "InvertImage": { e, i in
      e.put(i, "image", .link(e.add("ImageInvert", i, [("image", e.link(into: i, "image"))])))
    },
    "Stitch": { e, i in
      let link = e.add(
        "ImageStitch", i,
        [
          ("image1", e.link(into: i, "first")), ("image2", e.link(into: i, "second")),
          ("direction", e.json(i, "direction")), ("match_image_size", e.json(i, "match")),
          ("spacing_width", e.json(i, "gap")), ("spacing_color", e.json(i, "color")),
        ])
      e.put(i, "image", .link(link))
    },
    "Pad": { e, i in
      if e.text(i, "fill") != "grey" || e.number(i, "multiple") ?? 1 != 1 {
        e.refuse(i, "ComfyUI pads with grey, by numbers of pixels alone")
      }
      let sides = ["left", "top", "right", "bottom"].map { ($0, e.json(i, $0)) }
      let link = e.add(
        "ImagePadForOutpaint", i,
        [("image", e.link(into: i, "image"))] + sides + [("feathering", e.json(i, "feather"))])
      e.put(i, "image", .link(link))
      e.put(i, "mask", .link(e.link(link, slot: 1)))
    },
    "Crop": { e, i in
      let numbers = ["width", "height", "x", "y"].map { ($0, e.json(i, $0)) }
      e.put(i, "image", .link(e.add("ImageCrop", i, [("image", e.link(into: i, "image"))] + numbers)))
    },
    "Composite": { e, i in
      let link = e.add(
        "ImageCompositeMasked", i,
        [
          ("destination", e.link(into: i, "destination")), ("source", e.link(into: i, "source")),
          ("mask", e.link(into: i, "mask")), ("x", e.json(i, "x")), ("y", e.json(i, "y")),
          ("resize_source", .plain("false")),
        ])
      e.put(i, "image", .link(link))
    },
    "Blend": { e, i in
      if e.source(i, "mask") != nil { e.refuse(i, "ComfyUI blends pictures all over; nearest is Composite") }
      let link = e.add(
        "ImageBlend", i,
        [
          ("image1", e.link(into: i, "a")), ("image2", e.link(into: i, "b")), ("blend_factor", e.json(i, "amount")),
          ("blend_mode", e.json(i, "mode")),
        ])
      e.put(i, "image", .link(link))
    },
    "Canny": { e, i in
      let link = e.add(
        "Canny", i,
        [
          ("image", e.link(into: i, "image")), ("low_threshold", e.json(i, "low")),
          ("high_threshold", e.json(i, "high")),
        ])
      e.put(i, "image", .link(link))
    },
    "LoadUpscaler": { e, i in
      guard let name = e.modelFile(i, "path", .upscalers) else { return }
      e.put(i, "upscaler", .link(e.add("UpscaleModelLoader", i, [("model_name", .text(name))])))
    },
    "UpscaleImage": { e, i in
      let link = e.add(
        "ImageUpscaleWithModel", i,
        [("upscale_model", e.link(into: i, "upscaler")), ("image", e.link(into: i, "image"))])
      e.put(i, "image", .link(link))
    },
  ]

  private static let resizeImage: Rule = { e, i in
    guard let image = e.link(into: i, "image") else { return }
    if e.value(i, "sizes") != nil {
      e.put(i, "image", .link(e.add("FluxKontextImageScale", i, [("image", image)])))
      return
    }
    let method = e.text(i, "method").map { $0 == "nearest" ? "nearest-exact" : $0 }.map { JSONValue.text($0) }
    let link: JSONValue
    if let factor = e.json(i, "factor") {
      link = e.add("ImageScaleBy", i, [("image", image), ("upscale_method", method), ("scale_by", factor)])
    } else if let longest = e.json(i, "longest") {
      link = e.add(
        "ImageScaleToMaxDimension", i, [("image", image), ("upscale_method", method), ("largest_size", longest)])
    } else if let pixels = e.number(i, "pixels") {
      link = e.add(
        "ImageScaleToTotalPixels", i,
        [
          ("image", image), ("upscale_method", method),
          ("megapixels", .plain(NodeTranslation.text(of: pixels / 1_048_576))),
          ("resolution_steps", e.json(i, "multiple")),
        ])
    } else {
      link = e.add(
        "ImageScale", i,
        [
          ("image", image), ("upscale_method", method), ("width", e.json(i, "width") ?? .plain("0")),
          ("height", e.json(i, "height") ?? .plain("0")),
          ("crop", .text(e.text(i, "fit") == "crop" ? "center" : "disabled")),
        ])
    }
    e.put(i, "image", .link(link))
  }
}
