import Safetensors
import Synchronization
import Tensors

/// A diffusion model as it is published, a folder or a single file, or a part of one.
///
/// Opening it reads configs or names and no weights; each part is loaded when it is first asked for, and kept.
package final class Model: Sendable {
  /// What a workflow can wire apart.
  package enum Part: String, Sendable, CaseIterable { case unet, clip, vae }

  package let path: String
  /// What its parts compute in.
  package let precision: Precision
  package let source: any ModelSource
  /// The config of the denoiser with its patches; nil where there is none.
  package let denoiserConfig: DenoiserConfig?
  /// What is done to the weights as they are read, in order.
  let patches: [LoRAPatch]
  private let overrides: ModelOverrides
  /// Told once what is odd about a part's weights, when they are loaded.
  private let warn: @Sendable (String) -> Void
  private let loadedUNet = Loaded<UNet2DConditionModel>()
  private let loadedDenoiser = Loaded<any Denoiser>()
  private let loadedText = Loaded<any TextEncoders>()
  private let loadedVAE = Loaded<any Autoencoder>()

  /// Opens what is at `path`: a folder in the diffusers layout, the folder of one part, or a safetensors file.
  ///
  /// `secondPath` is where the other of two text encoders is. Throws `ModelError` or `WeightFileError` when it is no model,
  /// has a part that is not supported, or has parts whose sizes do not fit each other; and where this machine has nothing to
  /// multiply matrices with.
  package init(
    path: String, secondPath: String? = nil, precision: Precision = .f32, overrides: ModelOverrides = ModelOverrides(),
    warn: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    guard Numerics.canMultiply else {
      throw ModelError(
        "models need OpenBLAS on this processor, and libopenblas.so.0 cannot be loaded; Debian has it in libopenblas0")
    }
    (self.path, self.precision, self.overrides, self.warn, patches) = (path, precision, overrides, warn, [])
    let first = try openModelSource(path: path)
    source = try secondPath.map { try TextEncoderPair(first, openModelSource(path: $0)) } ?? first
    denoiserConfig = source.denoiserConfig
    try source.checkFit()
  }

  private init(_ model: Model, patches: [LoRAPatch]) {
    (path, precision, source, overrides) = (model.path, model.precision, model.source, model.overrides)
    (warn, self.patches) = (model.warn, patches)
    denoiserConfig = patches.reduce(source.denoiserConfig) { config, patch in
      config.map { LoRAWidening.config($0, changedBy: patch.file) }
    }
  }

  /// The same model with its weights changed by one more patch; nothing that was loaded is shared.
  package func patched(with patch: LoRAPatch) -> Model { Model(self, patches: patches + [patch]) }

  package var unetConfig: UNetConfig? { source.unetConfig }
  package var textConfigs: [TextEncoderConfig] { source.textConfigs }
  /// What its text encoders are for; nil where nothing tells.
  package var textRecipe: TextRecipe? {
    TextRecipe(textConfigs, stated: source.statedRecipe ?? overrides.textRecipe)
  }
  package var vaeConfig: AutoencoderConfig? {
    source.vaeConfig?.scaled(by: overrides.scalingFactor, shiftedBy: overrides.shiftFactor)
  }
  /// The family of the denoiser; nil where there is none.
  package var family: ModelFamily? { denoiserConfig?.family }
  /// Pixels along one side of a latent pixel.
  package var pixelsPerLatent: Int { vaeConfig?.pixelsPerLatent ?? (family == .flux2 ? 16 : 8) }
  /// Pixels along one side of the square that an image token stands for.
  package var pixelsPerToken: Int { pixelsPerLatent * (denoiserConfig?.patchSize ?? 2) }

  /// Paths of the files that decide what a part computes, none for a part that the model lacks.
  ///
  /// Throws `ModelError` or `WeightFileError` when one is missing.
  package func files(of part: Part) throws -> [String] { try source.files(of: part) }

  /// Throws `ModelError` where the model lacks a part.
  package func requirePart(_ part: Part) throws {
    switch part {
    case .unet: _ = try present(denoiserConfig, "unet")
    case .clip: _ = try usableTextRecipe()
    case .vae: _ = try present(vaeConfig, "vae")
    }
  }

  /// Accounts for every weight of a part without reading one; a part that is absent is for those to tell who ask for it.
  ///
  /// Throws `WeightFileError` for files that cannot be read, and weights that are missing or misshapen.
  package func survey(_ part: Part) throws {
    switch part {
    case .unet:
      guard let config = source.denoiserConfig else { return }
      try source.denoiserWeights().survey { try config.build($0, pixelsPerLatent: pixelsPerLatent) }
    case .clip:
      for (index, config) in textConfigs.enumerated() {
        try source.textWeights(index).survey { try config.build($0, textRecipe) }
      }
    case .vae:
      guard let config = source.vaeConfig else { return }
      try source.vaeWeights().survey { try config.build($0) }
    }
  }

  // MARK: - Parts

  /// The noise the denoiser was trained with.
  ///
  /// Throws `ModelError` when the model has no scheduler config, or a malformed one.
  package func schedulerConfig() throws -> SchedulerConfig {
    let config = try source.schedulerConfig().overridden(by: overrides)
    return family == .flux2 ? config.bent(by: .flux2) : config
  }

  /// Throws `ModelError` when the model has no UNet, `WeightFileError` when its weights do not fit its config.
  package func unet() throws -> UNet2DConditionModel {
    let config = try present(unetConfig, "unet")
    return try loadedUNet.value {
      try changedDenoiserWeights(.unet(config)).load(precision: precision, warn: warn) {
        try UNet2DConditionModel($0, config)
      }
    }
  }

  /// The denoiser, of whatever family.
  ///
  /// Throws `ModelError` when the model has none, `WeightFileError` when its weights do not fit its config.
  package func denoiser() throws -> any Denoiser {
    let config = try present(denoiserConfig, "unet")
    if config.unet != nil { return UNetDenoiser(try unet(), pixelsPerLatent: pixelsPerLatent) }
    return try loadedDenoiser.value {
      try changedDenoiserWeights(config).load(precision: precision, warn: warn) {
        try config.build($0, pixelsPerLatent: pixelsPerLatent)
      }
    }
  }

  /// The text encoders with their tokenizers.
  ///
  /// Throws `ModelError` when the model has none or not all that its family needs, or a tokenizer's files are malformed,
  /// `WeightFileError` when weights do not fit their config.
  package func textEncoders() throws -> any TextEncoders {
    let recipe = try usableTextRecipe()
    return try loadedText.value {
      let encoders = try zip(textConfigs.indices, changedTextWeights()).map { index, weights in
        let tokenizer = try source.tokenizer(index)
        return try weights.load(precision: precision, warn: warn) {
          try textConfigs[index].build($0, recipe).with(tokenizer)
        }
      }
      return try recipe.combined(encoders, zeroesAbsentText: source.zeroesAbsentText)
    }
  }

  /// Throws `ModelError` where the model has no text encoders, or not those of a family.
  private func usableTextRecipe() throws -> TextRecipe {
    let configs = textConfigs
    _ = try present(configs.first, "text_encoder")
    if let stated = source.statedRecipe, let wanted = overrides.textRecipe, stated != wanted {
      throw ModelError("\(path): the model is of the family \(stated.rawValue), not \(wanted.rawValue)")
    }
    guard let recipe = textRecipe else {
      guard configs.count == 1 else {
        throw ModelError(
          "\(path): the text encoders are \(configs.map(\.kind).joined(separator: " and ")); no family here has these together"
        )
      }
      let families = TextRecipe.sharingQwen3.map(\.rawValue).joined(separator: " or ")
      throw ModelError(
        "\(path): the text encoder is Qwen3, which several families have, and nothing tells for which it is; 'family' "
          + "\(families) was expected")
    }
    if let wanted = overrides.textRecipe, wanted != recipe {
      throw ModelError("\(path): the text encoders are not those of the family \(wanted.rawValue)")
    }
    try recipe.check(configs, path: path)
    return recipe
  }

  /// Throws `ModelError` when the model has no VAE, `WeightFileError` when its weights do not fit its config.
  package func vae() throws -> any Autoencoder {
    let config = try present(vaeConfig, "vae")
    return try loadedVAE.value {
      try source.vaeWeights().load(precision: precision, warn: warn) { try config.build($0) }
    }
  }

  private func present<Config>(_ config: Config?, _ part: String) throws -> Config {
    guard let config else {
      let found =
        [denoiserConfig.map { "a denoiser (\($0.modelName))" }].compactMap(\.self)
        + textConfigs.map { "a text encoder (\($0.kind))" } + (vaeConfig == nil ? [] : ["a VAE"])
      let known = found.isEmpty ? "" : "; it has \(found.joined(separator: ", "))"
      throw ModelError("\(path): the model has no '\(part)'\(known)")
    }
    return config
  }
}

/// What a person knows better of a model than its files say; nil leaves it to them.
package struct ModelOverrides: Sendable, Equatable {
  package var prediction: PredictionType?
  package var zeroSNR: Bool?
  /// What the VAE's latents are multiplied by.
  package var scalingFactor: Double?
  /// What is taken from them before.
  package var shiftFactor: Double?
  /// Whose text encoders they are, where several families have them.
  package var textRecipe: TextRecipe?

  package init(
    prediction: PredictionType? = nil, zeroSNR: Bool? = nil, scalingFactor: Double? = nil,
    shiftFactor: Double? = nil, textRecipe: TextRecipe? = nil
  ) {
    (self.prediction, self.zeroSNR) = (prediction, zeroSNR)
    (self.scalingFactor, self.shiftFactor, self.textRecipe) = (scalingFactor, shiftFactor, textRecipe)
  }
}

/// A value made when it is first asked for.
private final class Loaded<Value: Sendable>: Sendable {
  private let stored = Mutex<Value?>(nil)

  /// Those who ask meanwhile wait; a failure is not kept.
  func value(_ make: () throws -> Value) throws -> Value {
    try stored.withLock { stored in
      if let stored { return stored }
      let value = try make()
      stored = value
      return value
    }
  }
}
