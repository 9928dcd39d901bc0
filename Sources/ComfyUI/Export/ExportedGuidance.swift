import GraphEngine
import JSONTree

/// What the prediction of a step is made of.
struct ExportedGuidance {
  private(set) var denoiser: WireSource?
  private(set) var positive: WireSource?
  /// Nil where there is one prediction.
  private(set) var negative: WireSource?
  private(set) var scale: Double?
  private(set) var told: Double?
  private(set) var references: [WireSource] = []
  /// 1 where something is drawn; nil for the whole latent.
  private(set) var mask: WireSource?
  private(set) var original: WireSource?
  private(set) var isDifferential = false
  /// What the model sees beside the latent.
  private var concat: WireSource?
  private var control: Control?
  /// The CFGCombine.
  private(set) var combination: Int?
  private(set) var negativePrediction: WireSource?
  /// The predictions that several ControlNets act in.
  private var crowded: Int?

  private struct Control: Equatable {
    var net: WireSource?
    var hint: WireSource?
    var strength: Double
  }

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
    guard let node = noise?.node else { return }
    guard e.graph.nodes[node].type == "CFGCombine" else {
      take(node, e)
      return
    }
    combination = node
    guard let prediction = e.source(node, "positive")?.node else { return }
    take(prediction, e)
    negativePrediction = e.source(node, "negative") ?? e.source(node, "uncond")
    let other = e.source(node, "uncond").flatMap { e.source($0.node, "conditioning") }
    // Guidance between a text and itself is none.
    guard other != positive else { return }
    (negative, scale) = (other, e.number(node, "scale"))
  }

  private mutating func take(_ node: Int, _ e: Exporter) {
    denoiser = e.source(node, "denoiser") ?? e.source(node, "unet")
    positive = e.source(node, "conditioning")
    told = e.number(node, "guidance").flatMap { $0 == 0 ? nil : $0 }
    references = e.sources(node, "references")
    concat = e.source(node, "concat")
    let controls = e.sources(node, "control")
    if controls.count > 1 { crowded = node }
    control = controls.first.map { source in
      Control(
        net: e.source(source.node, "controlnet"), hint: e.source(source.node, "image"),
        strength: e.number(source.node, "strength") ?? 1)
    }
  }

  /// In what this differs from that of another step.
  func difference(from first: Self) -> String {
    if scale != first.scale {
      func shown(_ scale: Double?) -> String { scale.map { NodeTranslation.text(of: $0) } ?? "none" }
      return "its guidance is \(shown(scale)), where the first step has \(shown(first.scale))"
    }
    if positive != first.positive || negative != first.negative {
      return "its prompts are others than the first step's"
    }
    if denoiser != first.denoiser { return "its model is another than the first step's" }
    if control != first.control { return "a ControlNet acts in it otherwise than in the first step" }
    return "its prediction is made otherwise than the first step's"
  }

  /// Adds what belongs to prompts in ComfyUI: ControlNets, and what a model sees beside the latent; false after something was
  /// refused.
  func extend(_ positive: inout JSONValue, _ negative: inout JSONValue?, at step: Int, _ e: Exporter) -> Bool {
    func both(_ type: String, at node: Int, _ values: [(String, JSONValue?)]) {
      let link = e.add(type, node, [("positive", positive), ("negative", negative ?? positive)] + values)
      positive = link
      if negative != nil { negative = e.link(link, slot: 1) }
    }
    if let crowded {
      e.refuse(crowded, "several ControlNets act in it, which is not exported; one was expected")
      return false
    }
    if let control {
      guard let net = control.net.flatMap(e.link), let hint = control.hint.flatMap(e.link) else {
        e.refuse(step, "what acts in its prediction is no ControlNet of ComfyUI's")
        return false
      }
      both(
        "ControlNetApplyAdvanced", at: step,
        [
          ("control_net", net), ("image", hint), ("strength", .plain(NodeTranslation.text(of: control.strength))),
          ("start_percent", .plain("0")), ("end_percent", .plain("1")),
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

extension ExportedGuidance: Equatable {
  /// The same for two steps, whose predictions are nodes of their own.
  static func == (a: Self, b: Self) -> Bool {
    (a.denoiser, a.positive, a.negative, a.scale, a.told) == (b.denoiser, b.positive, b.negative, b.scale, b.told)
      && (a.references, a.mask, a.original, a.isDifferential) == (b.references, b.mask, b.original, b.isDifferential)
      && (a.concat, a.control) == (b.concat, b.control)
  }
}
