import JSONTree

/// Exported nodes in the format of ComfyUI's page, so that it opens them.
struct PageExport {
  private let nodes: [ExportedNode]
  /// How far each is from those that nothing leads into.
  private let columns: [Int]

  /// The types of a class's outputs.
  private static let outputs: [String: [String]] = [
    "CheckpointLoaderSimple": ["MODEL", "CLIP", "VAE"], "UNETLoader": ["MODEL"], "UnetLoaderGGUF": ["MODEL"],
    "CLIPLoader": ["CLIP"], "CLIPLoaderGGUF": ["CLIP"], "DualCLIPLoader": ["CLIP"], "DualCLIPLoaderGGUF": ["CLIP"],
    "VAELoader": ["VAE"], "LoraLoader": ["MODEL", "CLIP"], "LoraLoaderModelOnly": ["MODEL"],
    "CLIPSetLastLayer": ["CLIP"],
    "CLIPTextEncode": ["CONDITIONING"], "CLIPTextEncodeSDXL": ["CONDITIONING"],
    "CLIPTextEncodeSDXLRefiner": ["CONDITIONING"],
    "CLIPTextEncodeFlux": ["CONDITIONING"], "ConditioningZeroOut": ["CONDITIONING"],
    "ConditioningCombine": ["CONDITIONING"],
    "ConditioningConcat": ["CONDITIONING"], "ConditioningAverage": ["CONDITIONING"], "FluxGuidance": ["CONDITIONING"],
    "ReferenceLatent": ["CONDITIONING"], "EmptyLatentImage": ["LATENT"], "EmptySD3LatentImage": ["LATENT"],
    "EmptyFlux2LatentImage": ["LATENT"], "VAEDecode": ["IMAGE"], "VAEEncode": ["LATENT"],
    "LoadImage": ["IMAGE", "MASK"],
    "LatentUpscale": ["LATENT"], "LatentUpscaleBy": ["LATENT"],
    "LoadLatent": ["LATENT"], "GetImageSize": ["INT", "INT", "INT"], "ImageScale": ["IMAGE"], "ImageScaleBy": ["IMAGE"],
    "ImageScaleToTotalPixels": ["IMAGE"], "ModelSamplingFlux": ["MODEL"], "ModelSamplingAuraFlow": ["MODEL"],
    "ModelSamplingDiscrete": ["MODEL"], "KSampler": ["LATENT"], "KSamplerAdvanced": ["LATENT"],
    "SamplerCustomAdvanced": ["LATENT", "LATENT"], "BasicGuider": ["GUIDER"], "CFGGuider": ["GUIDER"],
    "DualCFGGuider": ["GUIDER"], "RescaleCFG": ["MODEL"], "CFGZeroStar": ["MODEL"], "CFGNorm": ["MODEL"],
    "ConditioningSetTimestepRange": ["CONDITIONING"],
    "RandomNoise": ["NOISE"],
    "DisableNoise": ["NOISE"], "KSamplerSelect": ["SAMPLER"],
    "SamplerLMS": ["SAMPLER"], "SamplerEulerAncestral": ["SAMPLER"], "SamplerDPMPP_SDE": ["SAMPLER"],
    "SamplerDPMPP_2S_Ancestral": ["SAMPLER"], "SamplerDPMPP_2M_SDE": ["SAMPLER"], "SamplerDPMPP_3M_SDE": ["SAMPLER"],
    "BasicScheduler": ["SIGMAS"],
    "Flux2Scheduler": ["SIGMAS"],
    "ManualSigmas": ["SIGMAS"], "BetaSamplingScheduler": ["SIGMAS"], "SDTurboScheduler": ["SIGMAS"],
    "SplitSigmas": ["SIGMAS", "SIGMAS"], "SolidMask": ["MASK"], "ImageToMask": ["MASK"], "MaskToImage": ["IMAGE"],
    "InvertMask": ["MASK"], "MaskComposite": ["MASK"], "GrowMask": ["MASK"], "FeatherMask": ["MASK"],
    "ThresholdMask": ["MASK"], "ImageScaleToMaxDimension": ["IMAGE"], "ImageCrop": ["IMAGE"],
    "ImageCompositeMasked": ["IMAGE"], "ImageBlend": ["IMAGE"], "Canny": ["IMAGE"],
    "UpscaleModelLoader": ["UPSCALE_MODEL"], "ImageUpscaleWithModel": ["IMAGE"], "VAEEncodeForInpaint": ["LATENT"],
    "SetLatentNoiseMask": ["LATENT"], "DifferentialDiffusion": ["MODEL"], "RepeatLatentBatch": ["LATENT"],
    "CLIPVisionLoader": ["CLIP_VISION"], "CLIPVisionEncode": ["CLIP_VISION_OUTPUT"],
    "ModelPatchLoader": ["MODEL_PATCH"], "USOStyleReference": ["MODEL"],
    "FluxKontextMultiReferenceLatentMethod": ["CONDITIONING"], "StyleModelLoader": ["STYLE_MODEL"],
    "StyleModelApply": ["CONDITIONING"], "unCLIPConditioning": ["CONDITIONING"],
    "ControlNetLoader": ["CONTROL_NET"], "ControlNetApplyAdvanced": ["CONDITIONING", "CONDITIONING"],
    "InpaintModelConditioning": ["CONDITIONING", "CONDITIONING", "LATENT"],
    "InstructPixToPixConditioning": ["CONDITIONING", "CONDITIONING", "LATENT"], "FluxKontextImageScale": ["IMAGE"],
    "ImageInvert": ["IMAGE"], "ImageStitch": ["IMAGE"], "ImagePadForOutpaint": ["IMAGE", "MASK"],
  ]

  init(_ nodes: [ExportedNode]) {
    self.nodes = nodes
    var columns: [Int] = []
    for node in nodes {
      let before = node.inputs.compactMap { Exporter.source(of: $0.value)?.node }.map { columns[$0 - 1] }
      columns.append((before.max() ?? -1) + 1)
    }
    self.columns = columns
  }

  var document: JSONValue {
    var links: [JSONValue] = []
    /// By node and slot, the numbers of the links that begin there.
    var begun: [[Int]: [JSONValue]] = [:]
    var inputs: [[JSONValue]] = []
    for (index, node) in nodes.enumerated() {
      inputs.append([])
      for field in node.inputs {
        guard let source = Exporter.source(of: field.value) else { continue }
        let types = Self.outputs[nodes[source.node - 1].type] ?? []
        let type = types.indices.contains(source.slot) ? types[source.slot] : "*"
        let number = JSONValue.plain("\(links.count + 1)")
        links.append(
          .list([
            number, .plain("\(source.node)"), .plain("\(source.slot)"), .plain("\(index + 1)"),
            .plain("\(inputs[index].count)"), .text(type),
          ]))
        begun[[source.node, source.slot], default: []].append(number)
        var slot = [JSONField("name", .text(field.key)), JSONField("type", .text(type)), JSONField("link", number)]
        if ComfyClass.widgets(of: node.type)?.contains(where: { $0.name == field.key }) == true {
          slot.append(JSONField("widget", .object([JSONField("name", .text(field.key))])))
        }
        inputs[index].append(.object(slot))
      }
    }
    /// By column, where there is space below its nodes.
    var free: [Int: Int] = [:]
    let written = nodes.indices.map { index -> JSONValue in
      let (top, height) = (free[columns[index], default: 0], Self.height(of: nodes[index], inputs: inputs[index].count))
      free[columns[index]] = top + height + Self.distance
      return node(index, inputs: inputs[index], begun: begun, top: top, height: height)
    }
    return .object([
      JSONField("last_node_id", .plain("\(nodes.count)")), JSONField("last_link_id", .plain("\(links.count)")),
      JSONField("nodes", .list(written)), JSONField("links", .list(links)), JSONField("groups", .list([])),
      JSONField("config", .object([])), JSONField("extra", .object([])), JSONField("version", .plain("0.4")),
    ])
  }

  /// Between the lower side of a node and the upper side of the next one, which its title lies above.
  private static let distance = 70
  private static let width = 360

  /// At least as much as the page needs for what a node shows: a line for each slot and value, fields for texts, and a picture.
  private static func height(of node: ExportedNode, inputs: Int) -> Int {
    let widgets = ComfyClass.widgets(of: node.type) ?? []
    let fields = widgets.count { texts.contains($0.name) }
    let values = widgets.count + widgets.count(where: \.hasControl) - fields
    let picture = node.type == "LoadImage" || node.type == "SaveImage" ? 240 : 0
    return 20 + 20 * max(inputs, outputs[node.type]?.count ?? 0) + 26 * values + 110 * fields + picture
  }

  /// Values that are fields of several lines.
  private static let texts: Set = ["text", "text_l", "text_g", "clip_l", "t5xxl"]

  private func node(_ index: Int, inputs: [JSONValue], begun: [[Int]: [JSONValue]], top: Int, height: Int) -> JSONValue
  {
    let node = nodes[index]
    let outputs = (Self.outputs[node.type] ?? []).enumerated().map { slot, type in
      JSONValue.object([
        JSONField("name", .text(type)), JSONField("type", .text(type)),
        JSONField("links", .list(begun[[index + 1, slot]] ?? [])), JSONField("slot_index", .plain("\(slot)")),
      ])
    }
    var values: [JSONValue] = []
    for widget in ComfyClass.widgets(of: node.type) ?? [] {
      let value = node.inputs.first { $0.key == widget.name }?.value
      values.append(value.flatMap { Exporter.source(of: $0) == nil ? $0 : nil } ?? Self.standard(widget.name))
      if widget.hasControl { values.append(.text("fixed")) }
    }
    return .object([
      JSONField("id", .plain("\(index + 1)")), JSONField("type", .text(node.type)),
      JSONField("pos", .list([.plain("\(columns[index] * (Self.width + 60))"), .plain("\(top)")])),
      JSONField("size", .list([.plain("\(Self.width)"), .plain("\(height)")])), JSONField("flags", .object([])),
      JSONField("order", .plain("\(index)")), JSONField("mode", .plain("0")), JSONField("inputs", .list(inputs)),
      JSONField("outputs", .list(outputs)), JSONField("title", .text(node.title)),
      JSONField("properties", .object([JSONField("Node name for S&R", .text(node.type))])),
      JSONField("widgets_values", .list(values)),
    ])
  }

  /// What a value is that nothing sets.
  private static func standard(_ name: String) -> JSONValue {
    switch name {
    case "upload": .text("image")
    case "device": .text("default")
    default: .plain("1")
    }
  }
}
