/// Pictures.
extension ComfyClass {
  /// The sizes of pictures that FLUX.1 Kontext was taught with.
  private static let kontextSizes: [SketchValue] = [
    (672, 1568), (688, 1504), (720, 1456), (752, 1392), (800, 1328), (832, 1248), (880, 1184), (944, 1104),
    (1024, 1024), (1104, 944), (1184, 880), (1248, 832), (1328, 800), (1392, 752), (1456, 720), (1504, 688),
    (1568, 672),
  ].map { .text("\($0.0)x\($0.1)") }

  static let pictures: [(String, ComfyClass)] = [
    (
      "LoadImage",
      ComfyClass(
        "Load Image", "image upload",
        .imported { n in
          guard let name = n.text("image") else { return [] }
          let path = n.param("picture", .path, .text(n.translator.models.picture(name.replacing(" [input]", with: ""))))
          let node = n.add(.node("LoadImage"), "loaded", with: [("path", path)])
          return [.image(SketchWire(node, "image")), .mask(SketchWire(node, "mask"))]
        })
    ),
    ("SaveImage", ComfyClass("Save Image", "filename_prefix", .imported { save($0, prefix: "ComfyUI") })),
    (
      "SaveImageAdvanced",
      ComfyClass(
        "Save Image (Advanced)", "filename_prefix format format.bit_depth format.input_color_space",
        .imported { n in
          let (format, depth) = (n.text("format", default: "png"), n.text("format.bit_depth", default: "8-bit"))
          guard let format, let depth else { return n.finish() }
          if format != "png" || depth != "8-bit" {
            n.refuse("it writes \(format) of \(depth); nearest is a PNG of 8-bit")
          }
          return save(n, prefix: "ComfyUI")
        })
    ),
    ("PreviewImage", ComfyClass("Preview Image", "", .imported { save($0, prefix: "preview") })),
    (
      "ImageScale",
      ComfyClass(
        "Upscale Image", "upscale_method width height crop",
        .imported { n in
          let (width, height) = (n.integer("width", default: 512), n.integer("height", default: 512))
          guard let width, let height, let crop = n.text("crop", default: "disabled") else { return [] }
          return resized(
            n,
            [
              // 0 keeps the picture's shape.
              ("width", width == 0 ? nil : .integer(width)), ("height", height == 0 ? nil : .integer(height)),
              ("fit", crop == "center" ? .text("crop") : nil),
            ])
        })
    ),
    (
      "ImageScaleBy",
      ComfyClass(
        "Upscale Image By", "upscale_method scale_by",
        .imported { n in
          resized(n, [("factor", n.plain("scale_by", default: "1"))])
        })
    ),
    (
      "ImageScaleToTotalPixels",
      ComfyClass(
        "Scale Image to Total Pixels", "upscale_method megapixels resolution_steps",
        .imported { n in
          let (size, step) = (n.number("megapixels", default: 1), n.integer("resolution_steps", default: 1))
          guard let size, let step else { return [] }
          guard (0.001...1000).contains(size) else { return [n.refuse("'megapixels' takes 0.001 to 1000")] }
          return resized(
            n, [("pixels", .integer(Int(size * 1024 * 1024))), ("multiple", step == 1 ? nil : .integer(step))])
        })
    ),
    (
      "ImageScaleToMaxDimension",
      ComfyClass(
        "ImageScaleToMaxDimension", "upscale_method largest_size",
        .imported { resized($0, [("longest", $0.plain("largest_size", default: "512"))]) })
    ),
    (
      "FluxKontextImageScale",
      ComfyClass(
        "FluxKontextImageScale", "",
        .imported { n in
          n.image("image").map { image in
            let node = n.add(
              .node("ResizeImage"), "resized", in: [("image", image)],
              with: [("sizes", .list(kontextSizes)), ("fit", .text("crop")), ("convention", .text("comfyui"))])
            return [.image(SketchWire(node))]
          } ?? []
        })
    ),
    (
      "ResizeImageMaskNode",
      ComfyClass(
        "Resize Image/Mask", "resize_type", .refused("its way of resizing is chosen as it runs; nearest is ResizeImage")
      )
    ),
    (
      "ImageCrop",
      ComfyClass(
        "Image Crop", "width height x y",
        .imported { n in
          guard let image = n.image("image") else { return [] }
          let node = n.add(
            .node("Crop"), "crop", in: [("image", image)], with: n.plains(["x", "y", "width", "height"]))
          return [.image(SketchWire(node))]
        })
    ),
    (
      "ImagePadForOutpaint",
      ComfyClass(
        "Pad Image for Outpainting", "left top right bottom feathering",
        .imported { n in
          guard let image = n.image("image") else { return [] }
          let values =
            n.plains(["left", "top", "right", "bottom"]) + [("feather", n.plain("feathering", default: "40"))]
          let node = n.add(.node("Pad"), "padded", in: [("image", image)], with: values)
          return [.image(SketchWire(node, "image")), .mask(SketchWire(node, "mask"))]
        })
    ),
    (
      "ImageBlend",
      ComfyClass(
        "Image Blend", "blend_factor blend_mode",
        .imported { n in
          let (a, b, mode) = (n.image("image1"), n.image("image2"), n.text("blend_mode", default: "normal"))
          let amount = n.plain("blend_factor", default: "0.5")
          guard let a, let b, let mode else { return [] }
          let node = n.add(
            .node("Blend"), "blend", in: [("a", a), ("b", b)],
            with: [("amount", amount), ("mode", mode == "normal" ? nil : .text(mode))])
          return [.image(SketchWire(node))]
        })
    ),
    (
      "ImageCompositeMasked",
      ComfyClass(
        "ImageCompositeMasked", "x y resize_source",
        .imported { n in
          let (destination, source, mask) = (
            n.image("destination"), n.image("source"), n.isLink("mask") ? n.mask("mask") : nil
          )
          guard let destination, let source, let resizes = n.flag("resize_source", default: false) else { return [] }
          if resizes { return [n.refuse("the picture that is put in is resized; nearest is ResizeImage before it")] }
          let node = n.add(
            .node("Composite"), "composite", in: [("destination", destination), ("source", source), ("mask", mask)],
            with: n.plains(["x", "y"]))
          return [.image(SketchWire(node))]
        })
    ),
    (
      "Canny",
      ComfyClass(
        "Canny", "low_threshold high_threshold",
        .imported { n in
          guard let image = n.image("image") else { return [] }
          let values = [
            ("low", n.plain("low_threshold", default: "0.4")), ("high", n.plain("high_threshold", default: "0.8")),
          ]
          return [.image(SketchWire(n.add(.node("Canny"), "edges", in: [("image", image)], with: values)))]
        })
    ),
    (
      "UpscaleModelLoader",
      ComfyClass(
        "Load Upscale Model", "model_name",
        .imported { n in
          guard let name = n.text("model_name") else { return [] }
          return [
            .upscaler(
              SketchWire(
                n.add(.node("LoadUpscaler"), "upscaler", with: [("path", n.path("upscaler", .upscalers, name))])))
          ]
        })
    ),
    (
      "ImageUpscaleWithModel",
      ComfyClass(
        "Upscale Image (using Model)", "",
        .imported { n in
          let (upscaler, image) = (n.upscaler("upscale_model"), n.image("image"))
          guard let upscaler, let image else { return [] }
          return [
            .image(
              SketchWire(n.add(.node("UpscaleImage"), "upscaled", in: [("upscaler", upscaler), ("image", image)])))
          ]
        })
    ),
    (
      "GetImageSize",
      ComfyClass(
        "Get Image Size", "",
        .imported { n in
          guard let image = n.image("image") else { return [] }
          return [.size(of: image, isWidth: true), .size(of: image, isWidth: false), .count]
        })
    ),
    ("ImageCompare", ComfyClass("Image Compare", "", .shown)),
    ("MaskPreview", ComfyClass("Preview Mask", "", .shown)),
    ("Note", ComfyClass("Note", "text", .shown)),
    ("MarkdownNote", ComfyClass("Markdown Note", "text", .shown)),
    (
      "ImageInvert",
      ComfyClass(
        "Invert Image", "",
        .imported { n in
          n.image("image").map { [.image(SketchWire(n.add(.node("InvertImage"), "inverted", in: [("image", $0)])))] }
            ?? []
        })
    ),
    (
      "ImageStitch",
      ComfyClass(
        "Image Stitch", "direction match_image_size spacing_width spacing_color",
        .imported { n in
          guard let first = n.image("image1") else { return [] }
          guard n.isLink("image2") else { return [.image(first)] }
          let (direction, match, gap, color) = (
            n.text("direction", default: "right"), n.flag("match_image_size", default: true),
            n.plain("spacing_width", default: "0"), n.text("spacing_color", default: "white")
          )
          guard let second = n.image("image2"), let direction, let match, let gap, let color else { return [] }
          let node = n.add(
            .node("Stitch"), "joined", in: [("first", first), ("second", second)],
            with: [
              ("direction", .text(direction)), ("match", match ? nil : .plain("false")), ("gap", gap),
              ("color", .text(color)),
            ])
          return [.image(SketchWire(node))]
        })
    ),
    (
      "ImageBatch",
      ComfyClass("Batch Images", "", .refused("pictures become no batch here; SavePNG and Grid take several"))
    ),
    (
      "BatchImagesNode",
      ComfyClass("Batch Images", "", .refused("pictures become no batch here; SavePNG and Grid take several"))
    ),
    (
      "ImageFromBatch",
      ComfyClass("ImageFromBatch", "batch_index length", .refused("pictures are not taken out of a batch here"))
    ),
    ("RepeatImageBatch", ComfyClass("RepeatImageBatch", "amount", .refused("pictures become no batch here"))),
    (
      "EmptyImage",
      ComfyClass(
        "EmptyImage", "width height batch_size color",
        .refused("no picture is made of one colour here; nearest is LoadImage"))
    ),
    (
      "ImageBlur",
      ComfyClass(
        "Image Blur", "blur_radius sigma", .refused("pictures are not blurred here; nearest is FeatherMask of a mask"))
    ),
    (
      "ImageSharpen",
      ComfyClass("Image Sharpen", "sharpen_radius sigma alpha", .refused("pictures are not sharpened here"))
    ),
    ("ImageQuantize", ComfyClass("Image Quantize", "colors dither", .refused("pictures are not quantised here"))),
    ("JoinImageWithAlpha", ComfyClass("Join Image with Alpha", "", .refused("pictures have no alpha channel here"))),
    (
      "SplitImageWithAlpha",
      ComfyClass("Split Image with Alpha", "", .refused("LoadImage gives a file's alpha channel as a mask"))
    ),
  ]

  private static func save(_ n: NodeTranslation, prefix standard: String) -> [Meaning] {
    let (image, prefix) = (n.image("images"), n.text("filename_prefix", default: standard))
    guard !n.isBroken, let image, let prefix else { return n.finish() }
    let path = n.param("out", .path, .text(n.translator.output(prefix, ending: "png")))
    // As ComfyUI does, a number of its own for every picture, and colours cut down to bytes.
    _ = n.add(
      .node("SavePNG"), "png", in: [("image", image)],
      with: [("path", path), ("counter", .plain("true")), ("rounding", .text("down"))], isSink: true)
    return []
  }

  private static func resized(_ n: NodeTranslation, _ size: [(String, SketchValue?)]) -> [Meaning] {
    let (image, method) = (n.image("image"), n.text("upscale_method", default: "lanczos"))
    guard let image, let method else { return [] }
    let here = method == "nearest-exact" ? "nearest" : method
    let node = n.add(
      .node("ResizeImage"), "resized", in: [("image", image)],
      with: size + [("method", .text(here)), ("convention", .text("comfyui"))])
    return [.image(SketchWire(node))]
  }
}

extension NodeTranslation {
  /// Numbers that go by the same names on both sides.
  func plains(_ names: [String]) -> [(String, SketchValue?)] {
    names.map { ($0, isGiven($0) ? plain($0) : nil) }
  }
}
