import GraphEngine
import JSONTree

/// What a sampler of ComfyUI is given: KSampler where it says all of it, or else one with more to say.
struct SamplerInputs {
  struct Start {
    var latent: JSONValue
    var seed: JSONValue
    var isAdded: Bool
  }

  var model: JSONValue
  var prompts: ExportedPrompts
  var cfg: Double?
  /// From the negative prompt to the one in the middle.
  var middleCFG: Double?
  var start: Start
  var sampler: String
  /// The NoiseSchedule.
  var schedule: Int
  /// The first step.
  var step: Int
  /// Whether what is asked for is the last prediction of the clean latent.
  var isDenoised: Bool

  func link(_ e: Exporter) -> JSONValue? {
    let isWhole = e.value(schedule, "from") == nil && e.value(schedule, "to") == nil && start.isAdded
    let curve = e.text(schedule, "curve") ?? "simple"
    let hasList = e.value(schedule, "sigmas") != nil || e.value(schedule, "timesteps") != nil
    let isTuned = tuned(e) != nil
    let isShaped = e.value(schedule, "curve_shape") != nil
    let discards = e.text(schedule, "discard") != "false" || !ComfySamplers.discarding.contains(sampler)
    if prompts.middle != nil || isDenoised || hasList || curve == "flux2" || isShaped || isTuned || !discards {
      return custom(e, curve: curve)
    }
    if isWhole { return kSampler(e, curve: curve) }
    return e.number(schedule, "denoise") ?? 1 == 1 ? advanced(e, curve: curve) : custom(e, curve: curve)
  }

  private var common: [(String, JSONValue?)] {
    [
      ("model", model), ("positive", prompts.positive), ("negative", prompts.negative ?? prompts.positive),
      ("latent_image", start.latent),
    ]
  }

  /// Guidance 1 is none.
  private var guidance: JSONValue { .plain(NodeTranslation.text(of: prompts.negative == nil ? 1 : cfg ?? 1)) }

  private func kSampler(_ e: Exporter, curve: String) -> JSONValue {
    e.add(
      "KSampler", step,
      common + [
        ("seed", start.seed), ("steps", e.json(schedule, "steps")), ("cfg", guidance), ("sampler_name", .text(sampler)),
        ("scheduler", .text(curve)), ("denoise", e.json(schedule, "denoise") ?? .plain("1")),
      ])
  }

  private func advanced(_ e: Exporter, curve: String) -> JSONValue {
    let leavesNoise = e.value(schedule, "to") != nil && e.text(schedule, "end") != "zero"
    return e.add(
      "KSamplerAdvanced", step,
      common + [
        ("add_noise", .text(start.isAdded ? "enable" : "disable")), ("noise_seed", start.seed),
        ("steps", e.json(schedule, "steps")), ("cfg", guidance), ("sampler_name", .text(sampler)),
        ("scheduler", .text(curve)),
        ("start_at_step", e.json(schedule, "from") ?? .plain("0")),
        ("end_at_step", e.json(schedule, "to") ?? .plain("10000")),
        ("return_with_leftover_noise", .text(leavesNoise ? "enable" : "disable")),
      ])
  }

  private func custom(_ e: Exporter, curve: String) -> JSONValue {
    let guider = guider(e)
    let noise =
      start.isAdded
      ? e.add("RandomNoise", step, [("noise_seed", start.seed)]) : e.add("DisableNoise", step, [])
    let (type, values) = tuned(e) ?? ("KSamplerSelect", [("sampler_name", .text(self.sampler))])
    let sampler = e.add(type, step, values)
    let link = e.add(
      "SamplerCustomAdvanced", step,
      [
        ("noise", noise), ("guider", guider), ("sampler", sampler), ("sigmas", sigmas(e, curve: curve)),
        ("latent_image", start.latent),
      ])
    return isDenoised ? e.link(link, slot: 1) : link
  }

  private func guider(_ e: Exporter) -> JSONValue {
    guard let negative = prompts.negative else {
      return e.add("BasicGuider", step, [("model", model), ("conditioning", prompts.positive)])
    }
    guard let middle = prompts.middle else {
      return e.add(
        "CFGGuider", step,
        [("model", model), ("positive", prompts.positive), ("negative", negative), ("cfg", guidance)])
    }
    return e.add(
      "DualCFGGuider", step,
      [
        ("model", model), ("cond1", prompts.positive), ("cond2", middle), ("negative", negative),
        ("cfg_conds", guidance), ("cfg_cond2_negative", .plain(NodeTranslation.text(of: middleCFG ?? 1))),
        ("style", .text("regular")),
      ])
  }

  /// The node of a sampler whose steps have other values than ComfyUI's KSampler; nil for one that has none.
  private func tuned(_ e: Exporter) -> (type: String, values: [(String, JSONValue?)])? {
    if sampler == "lms", let order = e.number(step, "order"), order != 4 {
      return ("SamplerLMS", [("order", e.json(step, "order"))])
    }
    let options = ComfySamplers.options[sampler] ?? []
    guard ["eta", "s_noise"].contains(where: { options.contains($0) && e.number(step, $0) ?? 1 != 1 }) else {
      return nil
    }
    let noise = ["eta", "s_noise"].map { name -> (String, JSONValue?) in (name, e.json(step, name) ?? .plain("1")) }
    let device = [("noise_device", JSONValue?.some(.text("cpu")))]
    switch sampler {
    case "euler_ancestral": return ("SamplerEulerAncestral", noise)
    case "dpmpp_2s_ancestral": return ("SamplerDPMPP_2S_Ancestral", noise)
    case "dpmpp_sde": return ("SamplerDPMPP_SDE", noise + [("r", .plain("0.5"))] + device)
    case "dpmpp_3m_sde": return ("SamplerDPMPP_3M_SDE", noise + device)
    default:
      let type = sampler == "dpmpp_2m_sde_heun" ? "heun" : "midpoint"
      return ("SamplerDPMPP_2M_SDE", [("solver_type", .text(type))] + noise + device)
    }
  }

  private func sigmas(_ e: Exporter, curve: String) -> JSONValue {
    var link: JSONValue
    if case .list(let numbers)? = e.value(schedule, "sigmas") {
      link = e.add("ManualSigmas", schedule, [("sigmas", .text(numbers.map(\.text).joined(separator: ", ")))])
    } else if case .list(let times)? = e.value(schedule, "timesteps") {
      if times.map(\.text) != (0..<times.count).map({ "\(999 - 100 * $0)" }) {
        e.refuse(schedule, "its times are others than SDTurboScheduler's 999, 899, 799, ...; 'sigmas' were expected")
      }
      link = e.add(
        "SDTurboScheduler", schedule, [("model", model), ("steps", .plain("\(times.count)")), ("denoise", .plain("1"))])
    } else if curve == "flux2" {
      link = flux2(e)
    } else if case .list(let shape)? = e.value(schedule, "curve_shape"), shape.count == 2 {
      link = e.add(
        "BetaSamplingScheduler", schedule,
        [
          ("model", model), ("steps", e.json(schedule, "steps")), ("alpha", .plain(shape[0].text)),
          ("beta", .plain(shape[1].text)),
        ])
    } else {
      link = e.add(
        "BasicScheduler", schedule,
        [
          ("model", model), ("scheduler", .text(curve)), ("steps", e.json(schedule, "steps")),
          ("denoise", e.json(schedule, "denoise") ?? .plain("1")),
        ])
    }
    if let to = e.json(schedule, "to") {
      if e.text(schedule, "end") == "zero" {
        e.refuse(schedule, "only KSamplerAdvanced ends a part of a run without noise")
      }
      link = e.add("SplitSigmas", schedule, [("sigmas", link), ("step", to)])
    }
    guard let from = e.json(schedule, "from") else { return link }
    return e.link(e.add("SplitSigmas", schedule, [("sigmas", link), ("step", from)]), slot: 1)
  }

  private func flux2(_ e: Exporter) -> JSONValue {
    var size = [("width", e.json(schedule, "width")), ("height", e.json(schedule, "height"))]
    // The size of the picture that the latent was made for.
    if let latent = e.source(schedule, "latent")?.node, e.value(schedule, "width") == nil {
      if let image = e.link(into: latent, "image") {
        let picture = e.add("GetImageSize", schedule, [("image", image)])
        size = [("width", picture), ("height", e.link(picture, slot: 1))]
      } else {
        size = [("width", e.json(latent, "width")), ("height", e.json(latent, "height"))]
      }
    }
    return e.add("Flux2Scheduler", schedule, [("steps", e.json(schedule, "steps"))] + size)
  }
}
