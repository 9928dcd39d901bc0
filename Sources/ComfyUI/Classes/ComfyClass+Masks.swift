/// Masks.
extension ComfyClass {
  static let masks: [(String, ComfyClass)] = [
    (
      "ImageToMask",
      ComfyClass(
        "Convert Image to Mask", "channel",
        .imported { n in
          let (image, channel) = (n.image("image"), n.text("channel", default: "red"))
          guard let image, let channel else { return [] }
          if channel == "alpha" {
            return [n.refuse("a picture has no alpha channel here; nearest is the mask that LoadImage gives")]
          }
          return [
            .mask(
              SketchWire(
                n.add(.node("MaskFromImage"), "mask", in: [("image", image)], with: [("channel", .text(channel))])))
          ]
        })
    ),
    (
      "MaskToImage",
      ComfyClass(
        "Convert Mask to Image", "",
        .imported { n in
          n.mask("mask").map { [.image(SketchWire(n.add(.node("ImageFromMask"), "shown", in: [("mask", $0)])))] } ?? []
        })
    ),
    (
      "SolidMask",
      ComfyClass(
        "SolidMask", "value width height",
        .imported { n in
          let values = n.plains(["width", "height", "value"])
          return [.mask(SketchWire(n.add(.node("RectangleMask"), "mask", with: values)))]
        })
    ),
    (
      "InvertMask",
      ComfyClass(
        "InvertMask", "",
        .imported { n in
          n.mask("mask").map { [.mask(SketchWire(n.add(.node("InvertMask"), "inverted", in: [("mask", $0)])))] } ?? []
        })
    ),
    (
      "MaskComposite",
      ComfyClass(
        "MaskComposite", "x y operation",
        .imported { n in
          let (destination, source, operation) = (
            n.mask("destination"), n.mask("source"), n.text("operation", default: "multiply")
          )
          guard let destination, let source, let operation else { return [] }
          guard ["add", "subtract", "multiply"].contains(operation) else {
            return [
              n.refuse("it rounds masks and takes '\(operation)'; nearest is CombineMasks with max, min or difference")
            ]
          }
          let node = n.add(
            .node("CombineMasks"), "mask", in: [("a", destination), ("b", source)],
            with: [("operation", .text(operation))] + n.plains(["x", "y"]))
          return [.mask(SketchWire(node))]
        })
    ),
    (
      "GrowMask",
      ComfyClass(
        "GrowMask", "expand tapered_corners",
        .imported { n in
          let (mask, expand, tapered) = (
            n.mask("mask"), n.plain("expand", default: "0"), n.flag("tapered_corners", default: true)
          )
          guard let mask, let tapered else { return [] }
          let node = n.add(
            .node("GrowMask"), "grown", in: [("mask", mask)],
            with: [("pixels", expand), ("corners", .text(tapered ? "tapered" : "square"))])
          return [.mask(SketchWire(node))]
        })
    ),
    (
      "FeatherMask",
      ComfyClass(
        "FeatherMask", "left top right bottom",
        .imported { n in
          guard let mask = n.mask("mask") else { return [] }
          let values = n.plains(["left", "top", "right", "bottom"])
          return [.mask(SketchWire(n.add(.node("FeatherMask"), "soft", in: [("mask", mask)], with: values)))]
        })
    ),
    (
      "CropMask",
      ComfyClass("CropMask", "x y width height", .refused("masks are not cut here; nearest is Crop of a picture"))
    ),
    (
      "ThresholdMask",
      ComfyClass(
        "ThresholdMask", "value",
        .imported { n in
          let (mask, value) = (n.mask("mask"), n.plain("value", default: "0.5"))
          guard let mask, let value else { return [] }
          return [
            .mask(
              SketchWire(n.add(.node("ThresholdMask"), "sharp", in: [("mask", mask)], with: [("value", value)])))
          ]
        })
    ),
    (
      "LoadImageMask",
      ComfyClass(
        "Load Image (as Mask)", "image channel",
        .imported { n in
          let (name, channel) = (n.text("image"), n.text("channel", default: "alpha"))
          guard let name, let channel else { return [] }
          let path = n.param("picture", .path, .text(n.translator.models.picture(name)))
          let loaded = n.add(.node("LoadImage"), "loaded", with: [("path", path)])
          if channel == "alpha" { return [.mask(SketchWire(loaded, "mask"))] }
          let mask = n.add(
            .node("MaskFromImage"), "mask", in: [("image", SketchWire(loaded, "image"))],
            with: [("channel", .text(channel))])
          return [.mask(SketchWire(mask))]
        })
    ),
  ]
}
