import Diagnostics
import JSONTree

/// What A1111 and its like write into a picture: the prompt, `Negative prompt: ...`, and a line `Steps: 20, Sampler: ...`.
package struct A1111Settings {
  private let file: SourceFile
  private var prompt: [Substring] = []
  private var negative: [Substring] = []
  /// By their names.
  private var values: [String: String] = [:]

  package init(_ file: SourceFile) {
    self.file = file
    var isNegative = false
    let end = file.lines.lastIndex { $0.hasPrefix(Self.beginning) } ?? file.lines.endIndex
    for line in file.lines[..<end] {
      if line.hasPrefix(Self.negativeBeginning) {
        isNegative = true
        negative.append(line.dropFirst(Self.negativeBeginning.count).drop { $0 == " " })
      } else if isNegative {
        negative.append(line)
      } else {
        prompt.append(line)
      }
    }
    if file.lines.indices.contains(end) { values = Self.values(of: file.lines[end]) }
  }

  private static let beginning = "Steps: "
  private static let negativeBeginning = "Negative prompt:"

  /// Whether a text is of this kind.
  package static func looks(like text: String) -> Bool {
    text.split(whereSeparator: \.isNewline).contains { $0.hasPrefix(beginning) && $0.contains(", Sampler: ") }
  }

  /// `name: value`, separated by commas; a value with a comma in it stands in quotes.
  private static func values(of line: Substring) -> [String: String] {
    var values: [String: String] = [:]
    var rest = line
    while let colon = rest.firstRange(of: ": ") {
      let name = rest[..<colon.lowerBound].drop { ", ".contains($0) }
      rest = rest[colon.upperBound...]
      var value = ""
      if rest.first == "\"" {
        rest = rest.dropFirst()
        while let next = rest.popFirst(), next != "\"" {
          if next == "\\", let escaped = rest.popFirst() { value.append(escaped) } else { value.append(next) }
        }
        rest = rest.drop { $0 != "," }
      } else {
        value = String(rest.prefix { $0 != "," })
        rest = rest.dropFirst(value.count)
      }
      values[String(name)] = value
    }
    return values
  }

  /// The settings as a workflow; what they say beyond a plain picture of one model is told of.
  package func imported(from source: String, models: ComfyFolders, into collector: DiagnosticCollector) -> ComfyImport?
  {
    guard let graph = graph(into: collector) else { return nil }
    return ComfyImport(graph, from: source, by: .a1111, models: models, more: problems, into: collector)
  }

  private var start: SourceLocation { SourceLocation(file: file, line: 1, column: 1) }

  /// The nodes that stand for the settings.
  private func graph(into collector: DiagnosticCollector) -> ComfyGraph? {
    let size = (values["Size"] ?? "512x512").split(separator: "x").compactMap { Int($0) }
    guard values["Steps"].flatMap({ Int($0) }) != nil, size.count == 2 else {
      collector.error("these settings have no 'Steps: ', or a 'Size: ' that is no WIDTHxHEIGHT", at: start)
      return nil
    }
    let (sampler, scheduler) = samplerNames
    let layer = -min(max(values["Clip skip"].flatMap { Int($0) } ?? 1, 1), 12)
    let model = (values["Model"] ?? "model") + ".safetensors"
    let text = ["prompt": prompt, "negative": negative].mapValues { $0.joined(separator: "\n") }
    return ComfyGraph(nodes: [
      node("model", "CheckpointLoaderSimple", ["ckpt_name": .text(model)]),
      node(
        "clip", "CLIPSetLastLayer",
        ["clip": .link(ComfyLink(node: "model", slot: 1)), "stop_at_clip_layer": .integer(layer)]),
      node(
        "prompt", "CLIPTextEncode",
        ["clip": .link(ComfyLink(node: "clip", slot: 0)), "text": .text(text["prompt"] ?? "")]),
      node(
        "negative", "CLIPTextEncode",
        ["clip": .link(ComfyLink(node: "clip", slot: 0)), "text": .text(text["negative"] ?? "")]),
      node("empty", "EmptyLatentImage", ["width": .integer(size[0]), "height": .integer(size[1])]),
      node(
        "sample", "KSampler",
        [
          "model": .link(ComfyLink(node: "model", slot: 0)), "positive": .link(ComfyLink(node: "prompt", slot: 0)),
          "negative": .link(ComfyLink(node: "negative", slot: 0)),
          "latent_image": .link(ComfyLink(node: "empty", slot: 0)),
          "seed": number("Seed", "0"), "steps": number("Steps", "20"), "cfg": number("CFG scale", "7"),
          "sampler_name": .text(sampler), "scheduler": .text(scheduler),
        ]),
      node(
        "image", "VAEDecode",
        ["samples": .link(ComfyLink(node: "sample", slot: 0)), "vae": .link(ComfyLink(node: "model", slot: 2))]),
      node("png", "SaveImage", ["images": .link(ComfyLink(node: "image", slot: 0)), "filename_prefix": .text("out")]),
    ])
  }

  private func number(_ name: String, _ standard: String) -> ComfyValue {
    .number(JSONNumber(text: values[name] ?? standard))
  }

  private func node(_ id: String, _ type: String, _ inputs: [String: ComfyValue]) -> ComfyNode {
    ComfyNode(
      id: id, type: type, title: nil, inputs: inputs.mapValues { ComfyInput(value: $0, location: start) },
      location: start)
  }

  /// Sampler and scheduler; older texts have both in one name.
  private var samplerNames: (String, String) {
    var name = values["Sampler"] ?? "Euler"
    var scheduler = values["Schedule type"]?.lowercased() ?? "automatic"
    for ending in ["Karras", "Exponential"] where name.hasSuffix(" \(ending)") {
      (name, scheduler) = (String(name.dropLast(ending.count + 1)), ending.lowercased())
    }
    let schedulers = [
      "automatic": "normal", "uniform": "normal", "sgm uniform": "sgm_uniform", "kl optimal": "kl_optimal",
      "ddim": "ddim_uniform",
    ]
    return (Self.samplers[name] ?? name, schedulers[scheduler] ?? scheduler)
  }

  private static let samplers = [
    "Euler": "euler", "Euler a": "euler_ancestral", "LMS": "lms", "Heun": "heun", "DPM2": "dpm_2",
    "DPM2 a": "dpm_2_ancestral",
    "DPM++ 2S a": "dpmpp_2s_ancestral", "DPM++ 2M": "dpmpp_2m", "DPM++ SDE": "dpmpp_sde",
    "DPM++ 2M SDE": "dpmpp_2m_sde",
    "DPM++ 2M SDE Heun": "dpmpp_2m_sde_heun", "DPM++ 3M SDE": "dpmpp_3m_sde", "DPM fast": "dpm_fast",
    "DPM adaptive": "dpm_adaptive",
    "DDIM": "ddim", "UniPC": "uni_pc", "LCM": "lcm",
  ]

  /// Settings that mean more than a picture in one go.
  private var problems: [ImportProblem] {
    [
      ("Hires upscale", "the picture was drawn again at a larger size"),
      ("Denoising strength", "it was drawn on another picture, which is not in the file"),
      ("ControlNet 0", "a ControlNet took part"), ("Refiner", "a second model took part"),
      ("Variation seed", "two noises were mixed; nearest is Slerp"),
    ].compactMap { name, reason in
      values[name].map {
        ImportProblem(node: name, type: "setting", title: nil, reason: "\($0): \(reason)", location: start)
      }
    }
  }
}
