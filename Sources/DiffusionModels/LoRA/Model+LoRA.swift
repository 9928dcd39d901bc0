import Safetensors

extension Model {
  /// The weights of the denoiser, changed by the model's patches as they are read.
  func changedDenoiserWeights(_ config: DenoiserConfig) throws -> WeightStore {
    let weights = try source.denoiserWeights()
    guard !patches.isEmpty else { return weights }
    LoRAWidening.apply(config, to: weights)
    let part = (weights, LoRANames(denoiser: weights.slots, config))
    for patch in patches {
      try patch.apply(to: [part], model: config.family.rawValue) { !LoRANames.isOfText($0) }
    }
    return weights
  }

  /// The weights of the text encoders, changed by the model's patches as they are read.
  func changedTextWeights() throws -> [WeightStore] {
    let weights = try textConfigs.indices.map { try source.textWeights($0) }
    guard !patches.isEmpty else { return weights }
    let parts = weights.enumerated().map { index, weights in
      (weights, LoRANames(text: weights.slots, index: index))
    }
    let model = family?.rawValue ?? "of which there is a text encoder alone"
    for patch in patches { try patch.apply(to: parts, model: model, isOfParts: LoRANames.isOfText) }
    return weights
  }

  /// Refuses patches that do not fit a part, before it is loaded.
  ///
  /// Throws `ModelError` or `WeightFileError`.
  package func checkPatches(of part: Part) throws {
    try requirePart(part)
    switch part {
    case .unet: if let denoiserConfig { _ = try changedDenoiserWeights(denoiserConfig) }
    case .clip: _ = try changedTextWeights()
    case .vae: break
    }
  }
}
