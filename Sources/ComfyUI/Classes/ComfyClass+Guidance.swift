/// What changes guidance.
extension ComfyClass {
  static let guidance: [(String, ComfyClass)] = [
    (
      "RescaleCFG",
      ComfyClass(
        "RescaleCFG", "multiplier",
        .imported { n in
          let (model, multiplier) = (n.model("model"), n.plain("multiplier", default: "0.7"))
          guard var model, let multiplier else { return [] }
          // Of several the last one counts.
          model.guidance.removeAll { $0.name == "rescale" }
          if multiplier != .plain("0") { model.guidance.insert(("rescale", multiplier), at: 0) }
          return [.model(model)]
        })
    ),
    (
      "CFGZeroStar",
      ComfyClass("CFGZeroStar", "", .imported { changed($0, ("zero_star", .plain("true"))) })
    ),
    (
      "CFGNorm",
      ComfyClass(
        "CFGNorm", "strength",
        .imported { n in
          guard let strength = n.plain("strength", default: "1") else { return [] }
          return strength == .plain("0")
            ? [n.refuse("its strength is 0, which leaves nothing of a picture; nearest is 1")]
            : changed(n, ("norm", strength))
        })
    ),
    ("DualCFGGuider", ComfyClass("DualCFGGuider", "cfg_conds cfg_cond2_negative style", .imported(dual))),
  ]

  /// A model whose guidance is changed once more, in the one order that sampler graphs have.
  private static func changed(_ n: NodeTranslation, _ change: (name: String, value: SketchValue)) -> [Meaning] {
    guard var model = n.model("model") else { return [] }
    let names = model.guidance.map(\.name)
    guard !names.contains(change.name), change.name != "zero_star" || !names.contains("norm") else {
      return [
        n.refuse(
          "it changes guidance after \(n.node.type == "CFGNorm" ? "another CFGNorm" : "CFGNorm or CFGZeroStar did"); nearest is one of each, CFGNorm last"
        )
      ]
    }
    model.guidance.append(change)
    return [.model(model)]
  }

  /// From the negative prompt to the second one, and from there to the first one.
  private static func dual(_ n: NodeTranslation) -> [Meaning] {
    let (model, first, second) = (n.model("model"), n.conditioning("cond1"), n.conditioning("cond2"))
    let (near, far) = (n.guidance("cfg_conds", default: "8"), n.number("cfg_cond2_negative", default: 8))
    let (farValue, style) = (n.plain("cfg_cond2_negative", default: "8"), n.text("style", default: "regular"))
    guard let far, let farValue, let near, let style else { return [] }
    // A step of 1 from the negative prompt is one to the second, of which nothing is left but that.
    if far == 1 {
      guard let model, let first, let second else { return [] }
      return [
        .guider(
          GuiderMeaning(model: model, positive: first, negative: near.isOne ? nil : second, cfg: near.value))
      ]
    }
    let negative = n.conditioning("negative")
    guard let model, let first, let second, let negative else { return [] }
    guard model.guidance.isEmpty else {
      return [n.refuse("the guidance of its three predictions is changed; nearest is CFGGuider")]
    }
    let farScale = n.param("cfg_2", .float, farValue) ?? farValue
    return [
      .guider(
        GuiderMeaning(
          model: model, positive: first, negative: negative, middle: (second, farScale),
          // Nested, it is part of what is stepped to from the negative prompt.
          cfg: style == "nested" ? .expression([near.value, .text(" * "), farScale]) : near.value))
    ]
  }
}
