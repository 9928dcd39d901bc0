import Safetensors

/// What is found at a path: family, parts and sizes, and what is missing or left over.
package struct ModelDescription: Sendable, Encodable {
  package struct Part: Sendable, Encodable {
    package let part: String
    /// What tells it from others of its kind.
    package let sizes: String
    package let parameters: Int
    /// Number formats of its tensors, the one of most numbers first.
    package let formats: [String]
    /// What is wrong with its weights; nil where every one fits.
    package let problem: String?
  }

  package let path: String
  package let family: String?
  package let variant: String?
  package let parts: [Part]
  /// Parts of a whole model that are not there.
  package let missing: [String]
  package let prediction: String?
  package let zeroSNR: Bool?
  /// How many tensors are known and not read, by what they are.
  package let leftovers: [String: Int]

  /// Looks at all of a model, every weight of it.
  ///
  /// Throws `ModelError` or `WeightFileError` for what cannot be opened at all.
  package init(path: String) throws {
    let model = try Model(path: path)
    self.path = path
    family = model.family?.rawValue
    variant = model.denoiserConfig?.variant
    var parts: [Part] = []
    let source = model.source
    if let config = source.denoiserConfig {
      parts.append(
        Part(config.partName, config.summary, try source.denoiserWeights()) {
          try config.build($0, pixelsPerLatent: model.pixelsPerLatent)
        })
    }
    for (index, config) in source.textConfigs.enumerated() {
      parts.append(
        Part(
          index == 0 ? "text_encoder" : "text_encoder_\(index + 1)", config.summary, try source.textWeights(index)
        ) { try config.build($0, model.textRecipe) })
    }
    if let config = source.vaeConfig {
      parts.append(Part("vae", config.summary, try source.vaeWeights()) { try config.build($0) })
    }
    self.parts = parts
    missing = [source.denoiserConfig?.partName ?? "unet", "text_encoder", "vae"].filter { name in
      !parts.contains { $0.part == name }
    }
    let scheduler = model.denoiserConfig == nil ? nil : try model.schedulerConfig()
    prediction = scheduler?.predictionType.rawValue
    zeroSNR = scheduler?.rescalesToZeroSNR
    leftovers = (source as? ModelFile)?.leftovers.mapValues(\.count) ?? [:]
  }
}

extension ModelDescription.Part {
  /// Builds the part without reading its weights, which accounts for each.
  fileprivate init<Module>(
    _ part: String, _ sizes: String, _ store: WeightStore, _ build: (WeightScope) throws -> Module
  ) {
    (self.part, self.sizes) = (part, sizes)
    (parameters, formats) = (store.parameterCount, store.formatNames)
    do {
      try store.survey(build)
      problem = nil
    } catch {
      problem = "\(error)"
    }
  }
}

extension DenoiserConfig {
  /// What diffusers calls the part.
  fileprivate var partName: String { unet == nil ? "transformer" : "unet" }

  fileprivate var summary: String {
    switch self {
    case .unet(let config): config.summary
    case .flux(let config):
      "\(config.layerCount) double and \(config.singleLayerCount) single blocks, \(config.headCount) heads of "
        + "\(config.headWidth), context \(config.conditioningSize), pooled \(config.pooledSize), "
        + "\(config.latentChannels) latent channels"
        + (config.concatChannels == 0 ? "" : " and \(config.concatChannels) beside them")
    case .flux2(let config):
      "\(config.layerCount) double and \(config.singleLayerCount) single blocks, \(config.headCount) heads of "
        + "\(config.headWidth), context \(config.conditioningSize), \(config.inputChannels) latent channels"
    case .zImage(let config):
      "\(config.layerCount) layers and \(config.refinerCount) refiners, \(config.headCount) heads of "
        + "\(config.headWidth), context \(config.conditioningSize), \(config.latentChannels) latent channels"
    }
  }
}

extension UNetConfig {
  fileprivate var summary: String {
    let channels = levels.map { "\($0.channels)" }.joined(separator: " ")
    let depths = levels.map { $0.downHasAttention || $0.upHasAttention ? "\($0.transformerLayerCount)" : "0" }
    return "channels \(channels), transformer blocks \(depths.joined(separator: " ")), context \(conditioningSize), "
      + "\(inputChannels) to \(outputChannels) latent channels"
  }
}

extension TextEncoderConfig {
  fileprivate var summary: String {
    switch self {
    case .clip(let config): config.summary
    case .t5(let config):
      "T5, width \(config.hiddenSize), \(config.layerCount) layers, \(config.headCount) heads of \(config.headWidth), "
        + "\(config.vocabSize) tokens"
    case .qwen3(let config):
      "Qwen3, width \(config.hiddenSize), \(config.layerCount) layers, \(config.headCount) heads of \(config.headWidth), "
        + "\(config.keyHeadCount) of keys, \(config.vocabSize) tokens"
    }
  }
}

extension CLIPTextConfig {
  fileprivate var summary: String {
    "width \(hiddenSize), \(layerCount) layers, \(headCount) heads, \(vocabSize) tokens"
      + (projectionSize.map { ", pooled \($0)" } ?? "")
  }
}

extension AutoencoderConfig {
  fileprivate var summary: String {
    switch self {
    case .kl(let config): config.summary
    case .tiny(let config): config.summary
    }
  }
}

extension AutoencoderTinyConfig {
  fileprivate var summary: String {
    let halves = [encoderBlocks == nil ? nil : "encoder", decoderBlocks == nil ? nil : "decoder"].compactMap { $0 }
    return "TAESD, \(channels) channels, \(latentChannels) latent channels, \(halves.joined(separator: " and "))"
  }
}

extension AutoencoderKLConfig {
  fileprivate var summary: String {
    let channels = levelChannels.map { "\($0)" }.joined(separator: " ")
    let scale =
      patchEps != nil
      ? "standardised"
      : "scaling factor \(scalingFactor)" + (shiftFactor == 0 ? "" : ", shift \(shiftFactor)")
    return "channels \(channels), \(modelChannels) latent channels, \(scale)"
  }
}
