import Foundation
import Safetensors
import Synchronization
import Tensors

/// A Stable Diffusion model as it is published: a folder in the diffusers layout.
///
/// Opening it reads the configs and no weights; each part is loaded when it is first asked for, and kept.
package final class ModelFolder: Sendable {
  /// What a workflow can wire apart.
  package enum Part: String, Sendable, CaseIterable { case unet, clip, vae }

  package let path: String
  /// What its parts compute in.
  package let precision: Precision
  /// Told once what is odd about a part's weights, when they are loaded.
  private let warn: @Sendable (String) -> Void
  /// Nil where the model has no such part.
  package let unetConfig: UNetConfig?
  package let textConfig: CLIPTextConfig?
  package let vaeConfig: AutoencoderKLConfig?
  private let index: ModelIndex
  private let loadedUNet = Loaded<UNet2DConditionModel>()
  private let loadedTextEncoder = Loaded<CLIPTextModel>()
  private let loadedVAE = Loaded<AutoencoderKL>()
  private let loadedTokenizer = Loaded<CLIPTokenizer>()

  /// Opens the folder at `path`.
  ///
  /// Throws `ModelError` when it is no model folder, has a part of a class that is not supported, lacks a config, or
  /// has parts whose sizes do not fit each other; and where this machine has nothing to multiply matrices with.
  package init(
    path: String, precision: Precision = .f32, warn: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    guard Numerics.canMultiply else {
      throw ModelError(
        "models need OpenBLAS on this processor, and libopenblas.so.0 cannot be loaded; Debian has it in libopenblas0")
    }
    (self.path, self.precision, self.warn) = (path, precision, warn)
    index = try ModelIndex(folder: path)
    unetConfig = try index.has("unet") ? UNetConfig(path: "\(path)/unet/config.json") : nil
    textConfig = try index.has("text_encoder") ? CLIPTextConfig(path: "\(path)/text_encoder/config.json") : nil
    vaeConfig = try index.has("vae") ? AutoencoderKLConfig(path: "\(path)/vae/config.json") : nil
    try checkFit()
  }

  /// Paths of the files that decide what a part computes, none for a part that the model lacks.
  ///
  /// Throws `ModelError` or `SafetensorsError` when one is missing.
  package func files(of part: Part) throws -> [String] {
    switch part {
    case .unet:
      try filesOfModel("unet", ModelIndex.unetWeights)
        + (index.has("scheduler") ? [existing("scheduler/scheduler_config.json")] : [])
    case .clip:
      try filesOfModel("text_encoder", ModelIndex.textWeights) + tokenizerFiles()
    case .vae:
      try filesOfModel("vae", ModelIndex.vaeWeights)
    }
  }

  // MARK: - Parts

  /// The noise the UNet was trained with.
  ///
  /// Throws `ModelError` when the model has no scheduler config, or a malformed one.
  package func schedulerConfig() throws -> SchedulerConfig {
    guard index.has("scheduler") else { throw ModelError("\(path): the model has no 'scheduler'") }
    return try SchedulerConfig(path: "\(path)/scheduler/scheduler_config.json")
  }

  /// Throws `ModelError` when the model has no UNet, `SafetensorsError` when its weights do not fit its config.
  package func unet() throws -> UNet2DConditionModel {
    let config = try present(unetConfig, "unet")
    return try loadedUNet.value {
      try load("unet", ModelIndex.unetWeights, { $0 }) { try UNet2DConditionModel($0, config) }
    }
  }

  /// Throws `ModelError` when the model has no text encoder, `SafetensorsError` when its weights do not fit its config.
  package func textEncoder() throws -> CLIPTextModel {
    let config = try present(textConfig, "text_encoder")
    return try loadedTextEncoder.value {
      try load("text_encoder", ModelIndex.textWeights, CLIPTextModel.canonicalName) { try CLIPTextModel($0, config) }
    }
  }

  /// Throws `ModelError` when the model has no tokenizer, or its files are malformed.
  package func tokenizer() throws -> CLIPTokenizer {
    guard index.has("tokenizer") else { throw ModelError("\(path): the model has no 'tokenizer'") }
    return try loadedTokenizer.value { try CLIPTokenizer(folder: "\(path)/tokenizer") }
  }

  /// Throws `ModelError` when the model has no VAE, `SafetensorsError` when its weights do not fit its config.
  package func vae() throws -> AutoencoderKL {
    let config = try present(vaeConfig, "vae")
    return try loadedVAE.value {
      try load("vae", ModelIndex.vaeWeights, AutoencoderKL.canonicalName) { try AutoencoderKL($0, config) }
    }
  }

  private func load<Model>(
    _ part: String, _ stem: String, _ canonicalName: (String) -> String?, _ build: (WeightScope) throws -> Model
  ) throws -> Model {
    try WeightStore(WeightFiles(in: "\(path)/\(part)", stem: stem), canonicalName: canonicalName)
      .load(precision: precision, warn: warn, build)
  }

  private func present<Config>(_ config: Config?, _ part: String) throws -> Config {
    guard let config else { throw ModelError("\(path): the model has no '\(part)'") }
    return config
  }

  // MARK: - Files

  private func filesOfModel(_ part: String, _ stem: String) throws -> [String] {
    guard index.has(part) else { return [] }
    return try [existing("\(part)/config.json")] + WeightFiles(in: "\(path)/\(part)", stem: stem).paths
  }

  private func tokenizerFiles() throws -> [String] {
    guard index.has("tokenizer") else { return [] }
    return try CLIPTokenizer.files(of: "\(path)/tokenizer").map(requireExisting)
  }

  private func existing(_ name: String) throws -> String { try requireExisting("\(path)/\(name)") }

  private func requireExisting(_ file: String) throws -> String {
    guard FileManager.default.fileExists(atPath: file) else { throw ModelError("\(file): is missing from the model") }
    return file
  }

  /// Refuses parts that could not work on each other's tensors.
  private func checkFit() throws {
    if let unetConfig, let textConfig, unetConfig.conditioningSize != textConfig.hiddenSize {
      throw ModelError(
        "\(path): the UNet's 'cross_attention_dim' is \(unetConfig.conditioningSize) and the text encoder's "
          + "'hidden_size' is \(textConfig.hiddenSize); the same number was expected")
    }
    guard let unetConfig, let vaeConfig else { return }
    for (key, channels) in [("in_channels", unetConfig.inputChannels), ("out_channels", unetConfig.outputChannels)]
    where channels != vaeConfig.latentChannels {
      throw ModelError(
        "\(path): the UNet's '\(key)' is \(channels) and the VAE's 'latent_channels' is \(vaeConfig.latentChannels); "
          + "the same number was expected")
    }
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
