import Foundation
import Safetensors

/// A model in the diffusers layout: a folder with `model_index.json` and a folder for each part.
struct ModelFolder: ModelSource {
  let path: String
  let denoiserConfig: DenoiserConfig?
  let textConfigs: [TextEncoderConfig]
  let vaeConfig: AutoencoderConfig?
  private let index: ModelIndex
  /// The folders of the text encoders and their tokenizers.
  private let textParts: [(encoder: String, tokenizer: String)]

  /// Reads the configs of the folder at `path`.
  ///
  /// Throws `ModelError` when it is no model folder, has a part of a class that is not supported or lacks a config.
  init(path: String) throws {
    self.path = path
    let index = try ModelIndex(folder: path)
    denoiserConfig = try index.denoiser.flatMap { part, className in
      try DenoiserConfig(ConfigFile(path: "\(path)/\(part)/config.json"), className: className)
    }
    textParts = [("text_encoder", "tokenizer"), ("text_encoder_2", "tokenizer_2")].filter {
      index.has($0.0)
    }
    textConfigs = try textParts.map { part in
      let file = try ConfigFile(path: "\(path)/\(part.encoder)/config.json")
      guard let config = try TextEncoderConfig(file, className: index.className(of: part.encoder) ?? "") else {
        throw ModelError("\(path): '\(part.encoder)' is of no class that is supported")
      }
      return config
    }
    vaeConfig = try index.className(of: "vae").flatMap {
      try AutoencoderConfig(ConfigFile(path: "\(path)/vae/config.json"), className: $0)
    }
    self.index = index
  }

  var statedRecipe: TextRecipe? { index.recipe }
  var zeroesAbsentText: Bool { isOfSDXL && index.zeroesAbsentText }
  private var isOfSDXL: Bool { textConfigs.last?.clip?.projectionSize != nil }

  func files(of part: Model.Part) throws -> [String] {
    switch part {
    case .unet:
      try filesOfModel(index.denoiser?.part ?? "unet", ModelIndex.denoiserWeights)
        + (index.has("scheduler") ? [existing("scheduler/scheduler_config.json")] : [])
        // What SDXL is told of sizes in pixels depends on the VAE's factor.
        + (unetConfig?.addedEmbedding != nil && vaeConfig != nil ? [existing("vae/config.json")] : [])
    case .clip:
      try zip(textParts, textConfigs).flatMap { part, config in
        try filesOfModel(part.encoder, ModelIndex.textWeights) + tokenizerFiles(part.tokenizer, config)
      } + (isOfSDXL || index.recipe != nil ? [existing("model_index.json")] : [])
    case .vae:
      try filesOfModel("vae", ModelIndex.vaeWeights)
    }
  }

  func schedulerConfig() throws -> SchedulerConfig {
    guard index.has("scheduler") else { throw ModelError("\(path): the model has no 'scheduler'") }
    return try SchedulerConfig(path: "\(path)/scheduler/scheduler_config.json")
  }

  func tokenizer(_ index: Int) throws -> TokenizerSource {
    let name = textParts[index].tokenizer
    guard self.index.has(name) else { throw ModelError("\(path): the model has no '\(name)'") }
    return .folder("\(path)/\(name)")
  }

  func denoiserWeights() throws -> WeightStore {
    try store(
      index.denoiser?.part ?? "unet", ModelIndex.denoiserWeights,
      denoiserConfig?.names ?? .diffusersUNet())
  }
  func textWeights(_ index: Int) throws -> WeightStore {
    try store(textParts[index].encoder, ModelIndex.textWeights, textConfigs[index].names)
  }
  func vaeWeights() throws -> WeightStore {
    try store("vae", ModelIndex.vaeWeights, vaeConfig?.names ?? .diffusersVAE())
  }

  private func store(_ part: String, _ stem: String, _ table: NameTable) throws -> WeightStore {
    try WeightStore(WeightFiles(in: "\(path)/\(part)", stem: stem)) { name in
      WeightLeftovers.isCounted(name) ? [] : table.slots(of: name)
    }
  }

  // MARK: - Files

  private func filesOfModel(_ part: String, _ stem: String) throws -> [String] {
    guard index.has(part) else { return [] }
    return try [existing("\(part)/config.json")] + WeightFiles(in: "\(path)/\(part)", stem: stem).paths
  }

  private func tokenizerFiles(_ part: String, _ config: TextEncoderConfig) throws -> [String] {
    guard index.has(part) else { return [] }
    return try config.tokenizerFiles(of: "\(path)/\(part)").map(requireExisting)
  }

  private func existing(_ name: String) throws -> String { try requireExisting("\(path)/\(name)") }

  private func requireExisting(_ file: String) throws -> String {
    guard FileManager.default.fileExists(atPath: file) else { throw ModelError("\(file): is missing from the model") }
    return file
  }
}
