import JSONTree

/// What A1111 writes into a picture, for galleries that read it.
enum A1111Text {
  /// The text for exported nodes; nil where there is no KSampler that it describes, or more than one.
  static func text(_ nodes: [ExportedNode]) -> String? {
    let samplers = nodes.filter {
      $0.type.hasPrefix("KSampler") && $0.type != "KSamplerSelect" || $0.type.hasPrefix("SamplerCustom")
    }
    guard samplers.count == 1, let sampler = samplers.first, sampler.type == "KSampler",
      let positive = prompt(sampler, "positive", nodes), let name = plain(sampler, "sampler_name")
    else { return nil }
    var settings = [("Steps", plain(sampler, "steps")), ("Sampler", names[name] ?? name)]
    settings.append(("Schedule type", plain(sampler, "scheduler").map { $0.prefix(1).uppercased() + $0.dropFirst() }))
    settings += [("CFG scale", plain(sampler, "cfg")), ("Seed", plain(sampler, "seed"))]
    if let latent = source(sampler, "latent_image", nodes), let width = plain(latent, "width"),
      let height = plain(latent, "height")
    {
      settings.append(("Size", "\(width)x\(height)"))
    }
    let loader = nodes.first { $0.type == "CheckpointLoaderSimple" || $0.type == "UNETLoader" }
    let file = loader.flatMap { plain($0, "ckpt_name") ?? plain($0, "unet_name") }
    settings.append(
      (
        "Model",
        file.map { $0.split(separator: "/").last.map(String.init) ?? $0 }.map { $0.replacing(".safetensors", with: "") }
      ))
    if let denoise = plain(sampler, "denoise"), denoise != "1" { settings.append(("Denoising strength", denoise)) }
    let line = settings.compactMap { name, value in value.map { "\(name): \(quoted($0))" } }.joined(separator: ", ")
    // Guidance 1 asks for no negative prompt.
    let negative = plain(sampler, "cfg") == "1" ? nil : prompt(sampler, "negative", nodes)
    return positive + (negative.map { $0.isEmpty ? "" : "\nNegative prompt: \($0)" } ?? "") + "\n" + line
  }

  private static let names = [
    "euler": "Euler", "euler_ancestral": "Euler a", "lms": "LMS", "heun": "Heun", "dpm_2": "DPM2",
    "dpm_2_ancestral": "DPM2 a",
    "dpmpp_2s_ancestral": "DPM++ 2S a", "dpmpp_2m": "DPM++ 2M", "dpmpp_sde": "DPM++ SDE",
    "dpmpp_2m_sde": "DPM++ 2M SDE",
    "dpmpp_2m_sde_heun": "DPM++ 2M SDE Heun", "dpmpp_3m_sde": "DPM++ 3M SDE", "dpm_fast": "DPM fast", "ddim": "DDIM",
    "uni_pc": "UniPC", "lcm": "LCM",
  ]

  /// A value with a comma or the like in it stands in quotes.
  private static func quoted(_ text: String) -> String {
    text.contains { ",:\n\"".contains($0) } ? JSONValue.text(text).line : text
  }

  /// The text of a prompt, by way of what changes its conditioning.
  private static func prompt(_ node: ExportedNode, _ input: String, _ nodes: [ExportedNode]) -> String? {
    var place = source(node, input, nodes)
    while let node = place {
      if let text = plain(node, "text") ?? plain(node, "text_l") ?? plain(node, "clip_l") { return text }
      place = source(node, "conditioning", nodes)
    }
    return nil
  }

  private static func plain(_ node: ExportedNode, _ name: String) -> String? {
    switch node.inputs.first(where: { $0.key == name })?.value {
    case .text(let text), .plain(let text): text
    default: nil
    }
  }

  private static func source(_ node: ExportedNode, _ name: String, _ nodes: [ExportedNode]) -> ExportedNode? {
    guard case .list(let parts)? = node.inputs.first(where: { $0.key == name })?.value,
      case .text(let id)? = parts.first,
      let number = Int(id), nodes.indices.contains(number - 1)
    else { return nil }
    return nodes[number - 1]
  }
}
