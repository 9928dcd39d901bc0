import GraphEngine
import JSONTree

/// What the prediction of a step is made of.
struct ExportedGuidance {
  private(set) var denoiser: WireSource?
  private(set) var positive: WireSource?
  /// Nil where there is one prediction.
  private(set) var negative: WireSource?
  /// Of guidance with three predictions, between the two others.
  private(set) var middle: WireSource?
  private(set) var scale: Double?
  /// From the negative prediction to the one in the middle.
  private(set) var middleScale: Double?
  /// What is changed of guidance, in that order.
  private(set) var changes: [Change] = []
  private(set) var told: Double?
  private(set) var references: [WireSource] = []
  private(set) var placesReferencesBeyond = false
  /// Tokens before those of the text, the last ones first.
  private(set) var styles: [WireSource] = []
  /// 1 where something is drawn; nil for the whole latent.
  private(set) var mask: WireSource?
  private(set) var original: WireSource?
  private(set) var isDifferential = false
  /// What the model sees beside the latent.
  private var concat: WireSource?
  private(set) var controls: [Control] = []
  /// The CFGCombine or EditCombine.
  private(set) var combination: Int?
  private(set) var negativePrediction: WireSource?
  /// A node that changes guidance by other predictions than those that it is made of.
  private(set) var stray: Int?

  struct Control: Equatable {
    var net: WireSource?
    var hint: WireSource?
    var strength: Double
  }

  /// A node after the guidance, with its only number.
  struct Change: Equatable {
    var type: String
    var amount: Double
  }

  /// Types of nodes that change guidance, with the parameter that says how far.
  private static let changing = ["RescaleCFG": "amount", "CFGZeroStar": "scale", "CFGNorm": "strength"]

  init(of step: Int, in e: Exporter) {
    var noise = e.source(step, "noise")
    if let holder = noise?.node, e.graph.nodes[holder].type == "HoldOutside" {
      (noise, original) = (e.source(holder, "noise"), e.source(holder, "original"))
      mask = e.source(holder, "mask")
      if let maker = mask?.node, e.graph.nodes[maker].type == "StepMask" {
        mask = e.source(maker, "mask")
        isDifferential = e.text(maker, "differential") == "true"
      }
    }
    var changers: [Int] = []
    while let node = noise?.node, let amount = Self.changing[e.graph.nodes[node].type] {
      changers.insert(node, at: 0)
      changes.insert(Change(type: e.graph.nodes[node].type, amount: e.number(node, amount) ?? 0), at: 0)
      noise = e.source(node, "noise")
    }
    guard let node = noise?.node else { return }
    combine(node, e)
    let predictions = (
      combination.flatMap { e.source($0, "positive") } ?? noise, combination.flatMap { e.source($0, "uncond") }
    )
    stray = changers.first { changer in
      e.source(changer, "positive") != predictions.0
        || e.graph.nodes[changer].type == "CFGZeroStar"
          && (e.source(changer, "uncond") != predictions.1 || e.number(changer, "scale") != scale)
    }
  }

  private mutating func combine(_ node: Int, _ e: Exporter) {
    let isDual = e.graph.nodes[node].type == "EditCombine"
    guard isDual || e.graph.nodes[node].type == "CFGCombine" else {
      take(node, e)
      return
    }
    combination = node
    guard let prediction = e.source(node, "positive")?.node else { return }
    take(prediction, e)
    negativePrediction = e.source(node, "negative") ?? e.source(node, "uncond")
    let other = e.source(node, "uncond").flatMap { e.source($0.node, "conditioning") }
    if isDual {
      middle = e.source(node, "image").flatMap { e.source($0.node, "conditioning") }
      (negative, scale, middleScale) = (other, e.number(node, "scale"), e.number(node, "image_scale"))
      return
    }
    // Guidance between a text and itself is none.
    guard other != positive else { return }
    (negative, scale) = (other, e.number(node, "scale"))
  }

  private mutating func take(_ node: Int, _ e: Exporter) {
    denoiser = e.source(node, "denoiser") ?? e.source(node, "unet")
    positive = e.source(node, "conditioning")
    told = e.number(node, "guidance").flatMap { $0 == 0 ? nil : $0 }
    references = e.sources(node, "references")
    placesReferencesBeyond = e.text(node, "reference_places") == "beyond" && !references.isEmpty
    styles = e.sources(node, "style")
    concat = e.source(node, "concat")
    controls = e.sources(node, "control").map { source in
      Control(
        net: e.source(source.node, "controlnet"), hint: e.source(source.node, "image"),
        strength: e.number(source.node, "strength") ?? 1)
    }
  }

  /// In what this differs from that of another step; nil where it does at most in prompts and ControlNets, which may act for a
  /// part of a run.
  func difference(from first: Self) -> String? {
    if (scale, middleScale) != (first.scale, first.middleScale) {
      func shown(_ scale: Double?) -> String { scale.map { NodeTranslation.text(of: $0) } ?? "none" }
      return "its guidance is \(shown(scale)), where the first step has \(shown(first.scale))"
    }
    if denoiser != first.denoiser { return "its model is another than the first step's" }
    return isMadeLike(first) ? nil : "its prediction is made otherwise than the first step's"
  }

  private func isMadeLike(_ other: Self) -> Bool {
    (told, references, changes, concat) == (other.told, other.references, other.changes, other.concat)
      && (styles, placesReferencesBeyond) == (other.styles, other.placesReferencesBeyond)
      && (mask, original, isDifferential) == (other.mask, other.original, other.isDifferential)
      && (negative == nil, middle == nil) == (other.negative == nil, other.middle == nil)
  }

  /// The model with what is changed of guidance.
  func changed(_ model: JSONValue, at step: Int, _ e: Exporter) -> JSONValue {
    let styled = styles.reversed().reduce(model) { model, style in
      e.add(
        "USOStyleReference", style.node,
        [
          ("model", model), ("model_patch", e.link(into: style.node, "projector")),
          ("clip_vision_output", e.link(into: style.node, "deep")),
        ])
    }
    return changes.reduce(styled) { model, change in
      let amount = JSONValue.plain(NodeTranslation.text(of: change.amount))
      return switch change.type {
      case "RescaleCFG": e.add("RescaleCFG", step, [("model", model), ("multiplier", amount)])
      case "CFGNorm": e.add("CFGNorm", step, [("model", model), ("strength", amount)])
      default: e.add(change.type, step, [("model", model)])
      }
    }
  }

  /// Adds what belongs to prompts in ComfyUI: ControlNets, and what a model sees beside the latent; false after something was
  /// refused.
  func extend(_ prompts: inout ExportedPrompts, with controls: [ExportedParts.Control], at step: Int, _ e: Exporter)
    -> Bool
  {
    func both(_ type: String, at node: Int, _ values: [(String, JSONValue?)]) {
      let link = e.add(
        type, node, [("positive", prompts.positive), ("negative", prompts.negative ?? prompts.positive)] + values)
      prompts.positive = link
      if prompts.negative != nil { prompts.negative = e.link(link, slot: 1) }
    }
    if prompts.middle != nil, concat != nil || !controls.isEmpty {
      e.refuse(step, "a ControlNet or a picture acts with guidance of three predictions; CFGCombine was expected")
      return false
    }
    for control in controls {
      guard let net = control.item.net.flatMap(e.link), let hint = control.item.hint.flatMap(e.link) else {
        e.refuse(step, "what acts in its prediction is no ControlNet of ComfyUI's")
        return false
      }
      both(
        "ControlNetApplyAdvanced", at: step,
        [
          ("control_net", net), ("image", hint),
          ("strength", .plain(NodeTranslation.text(of: control.item.strength))),
          ("start_percent", .plain(NodeTranslation.text(of: control.start))),
          ("end_percent", .plain(NodeTranslation.text(of: control.end))),
        ])
    }
    guard let concat else { return true }
    let (node, type) = (concat.node, e.graph.nodes[concat.node].type)
    let picture = [("vae", e.link(into: node, "vae")), ("pixels", e.link(into: node, "image"))]
    if type == "InpaintConcat", e.text(node, "cells") == "bilinear" {
      both(
        "InpaintModelConditioning", at: node,
        picture + [("mask", e.link(into: node, "mask")), ("noise_mask", .plain("false"))])
    } else if type == "EditConcat" {
      both("InstructPixToPixConditioning", at: node, picture)
    } else {
      e.refuse(node, "what it gives a model to see beside the latent is not what ComfyUI gives")
      return false
    }
    return true
  }
}

/// Links to the conditionings of a sampler.
struct ExportedPrompts {
  var positive: JSONValue
  var negative: JSONValue?
  var middle: JSONValue?
}
