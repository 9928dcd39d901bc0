import JSONTree

extension Exporter {
  /// Those of masks, by the type of a node.
  static let maskRules: [String: Rule] = [
    "RectangleMask": { e, i in
      // ComfyUI has masks of one number, and puts them on others.
      if ["x", "y"].contains(where: { e.number(i, $0) ?? 0 != 0 })
        || ["rectangle_width", "rectangle_height"].contains(where: { e.value(i, $0) != nil })
      {
        e.refuse(i, "ComfyUI's SolidMask has one number all over; nearest are two of them and MaskComposite")
      }
      var values = ["value", "width", "height"].map { ($0, e.json(i, $0)) }
      if let image = e.link(into: i, "image") {
        let picture = e.add("GetImageSize", i, [("image", image)])
        values = [("value", e.json(i, "value")), ("width", picture), ("height", e.link(picture, slot: 1))]
      }
      e.put(i, "mask", .link(e.add("SolidMask", i, values)))
    },
    "MaskFromImage": { e, i in
      let link = e.add("ImageToMask", i, [("image", e.link(into: i, "image")), ("channel", e.json(i, "channel"))])
      e.put(i, "mask", .link(link))
    },
    "ImageFromMask": { e, i in
      e.put(i, "image", .link(e.add("MaskToImage", i, [("mask", e.link(into: i, "mask"))])))
    },
    "InvertMask": { e, i in
      e.put(i, "mask", .link(e.add("InvertMask", i, [("mask", e.link(into: i, "mask"))])))
    },
    "CombineMasks": { e, i in
      let operation = e.text(i, "operation") ?? ""
      if !["add", "subtract", "multiply"].contains(operation) {
        e.refuse(i, "ComfyUI combines masks by add, subtract and multiply; '\(operation)' is none of them")
      }
      let link = e.add(
        "MaskComposite", i,
        [
          ("destination", e.link(into: i, "a")), ("source", e.link(into: i, "b")), ("x", e.json(i, "x")),
          ("y", e.json(i, "y")), ("operation", .text(operation)),
        ])
      e.put(i, "mask", .link(link))
    },
    "ThresholdMask": { e, i in
      let link = e.add("ThresholdMask", i, [("mask", e.link(into: i, "mask")), ("value", e.json(i, "value"))])
      e.put(i, "mask", .link(link))
    },
    "GrowMask": { e, i in
      if let window = e.number(i, "window"), Int(window).isMultiple(of: 2) {
        e.refuse(i, "ComfyUI grows masks to all sides alike; nearest is an uneven window")
      }
      let link = e.add(
        "GrowMask", i,
        [
          ("mask", e.link(into: i, "mask")),
          ("expand", e.number(i, "window").map { .plain("\((Int($0) - 1) / 2)") } ?? e.json(i, "pixels")),
          (
            "tapered_corners",
            .plain(e.text(i, "corners") == "square" || e.value(i, "window") != nil ? "false" : "true")
          ),
        ])
      e.put(i, "mask", .link(link))
    },
    "FeatherMask": { e, i in
      if e.number(i, "radius") ?? 0 != 0 { e.refuse(i, "ComfyUI makes masks soft towards their sides alone") }
      let sides = ["left", "top", "right", "bottom"].map { ($0, e.json(i, $0)) }
      e.put(i, "mask", .link(e.add("FeatherMask", i, [("mask", e.link(into: i, "mask"))] + sides)))
    },
  ]
}
