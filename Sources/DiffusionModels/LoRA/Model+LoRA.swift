import Safetensors

extension Model {
  /// The weights of the UNet, changed by the model's patches as they are read.
  func changedUNetWeights(_ config: UNetConfig) throws -> WeightStore {
    let weights = try source.unetWeights()
    guard !patches.isEmpty else { return weights }
    let part = (weights, LoRANames(unet: weights.slots, UNetStructure(config)))
    for patch in patches {
      try patch.apply(to: [part], model: ModelFamily(config).rawValue) { !LoRANames.isOfText($0) }
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
  /// Throws `ModelError` or `SafetensorsError`.
  package func checkPatches(of part: Part) throws {
    try requirePart(part)
    switch part {
    case .unet: if let unetConfig { _ = try changedUNetWeights(unetConfig) }
    case .clip: _ = try changedTextWeights()
    case .vae: break
    }
  }
}
