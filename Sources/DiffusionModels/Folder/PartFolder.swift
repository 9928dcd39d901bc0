import Foundation
import Safetensors

/// One part of a model in the diffusers layout: a folder with `config.json` and weights, such as `model/vae`.
///
/// What belongs to the part and lies beside it in its model, the scheduler or the tokenizer, is found there; without them a
/// denoiser has the noise of its family, and a text encoder its family's own tokenizer.
struct PartFolder: ModelSource {
  let path: String
  let denoiserConfig: DenoiserConfig?
  let textConfigs: [TextEncoderConfig]
  let vaeConfig: AutoencoderConfig?

  /// Nil for a folder that is none of a part.
  init?(path: String) throws {
    let configPath = "\(path)/config.json"
    guard FileManager.default.fileExists(atPath: configPath) else { return nil }
    let file = try ConfigFile(path: configPath)
    var name: String?
    if case .string(let className) = file.values["_class_name"] { name = className }
    if case .array(let classes) = file.values["architectures"], case .string(let className) = classes.first {
      name = className
    }
    self.path = path
    if let name, let config = try AutoencoderConfig(file, className: name) {
      (denoiserConfig, textConfigs, vaeConfig) = (nil, [], config)
    } else if let name, let config = try DenoiserConfig(file, className: name) {
      (denoiserConfig, textConfigs, vaeConfig) = (config, [], nil)
    } else if let name, let config = try TextEncoderConfig(file, className: name) {
      (denoiserConfig, textConfigs, vaeConfig) = (nil, [config], nil)
    } else {
      let expected = DenoiserConfig.classNames + AutoencoderConfig.classNames + TextEncoderConfig.classNames
      throw ModelError(
        "\(configPath): is of \(name.map { "class \($0), which is not supported" } ?? "no class"); "
          + expected.dropLast().joined(separator: ", ") + " or \(expected[expected.count - 1]) was expected")
    }
  }

  var statedRecipe: TextRecipe? { ModelIndex.recipe(folder: "\(path)/..") }
  var zeroesAbsentText: Bool { false }

  func files(of part: Model.Part) throws -> [String] {
    switch part {
    case .unet:
      denoiserConfig == nil
        ? [] : try weightFiles(ModelIndex.denoiserWeights) + [scheduler].compactMap { $0 }
    case .clip:
      textConfigs.isEmpty
        ? []
        : try weightFiles(ModelIndex.textWeights)
          + (tokenizerFolder.map { textConfigs[0].tokenizerFiles(of: $0) } ?? [])
          + (statedRecipe == nil ? [] : ["\(path)/../model_index.json"])
    case .vae: vaeConfig == nil ? [] : try weightFiles(ModelIndex.vaeWeights)
    }
  }

  func schedulerConfig() throws -> SchedulerConfig {
    if let scheduler { return try SchedulerConfig(path: scheduler) }
    guard let denoiserConfig else { throw ModelError("\(path): the part has no 'scheduler'") }
    return try SchedulerConfig(path: path, denoiser: denoiserConfig, hints: TrainingHints())
  }

  func tokenizer(_ index: Int) throws -> TokenizerSource { tokenizerFolder.map { .folder($0) } ?? .builtIn }

  func denoiserWeights() throws -> WeightStore {
    try store(ModelIndex.denoiserWeights, denoiserConfig?.names ?? .diffusersUNet())
  }
  func textWeights(_ index: Int) throws -> WeightStore { try store(ModelIndex.textWeights, textConfigs[index].names) }
  func vaeWeights() throws -> WeightStore { try store(ModelIndex.vaeWeights, vaeConfig?.names ?? .diffusersVAE()) }

  private func store(_ stem: String, _ table: NameTable) throws -> WeightStore {
    try WeightStore(WeightFiles(in: path, stem: stem)) { name in
      WeightLeftovers.isCounted(name) ? [] : table.slots(of: name)
    }
  }

  private func weightFiles(_ stem: String) throws -> [String] {
    try ["\(path)/config.json"] + WeightFiles(in: path, stem: stem).paths
  }

  // MARK: - Beside the part

  private var scheduler: String? {
    let file = "\(path)/../scheduler/scheduler_config.json"
    return FileManager.default.fileExists(atPath: file) ? file : nil
  }

  /// `tokenizer_2` for `text_encoder_2`.
  private var tokenizerFolder: String? {
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    let folder = "\(path)/../\(name.replacing("text_encoder", with: "tokenizer"))"
    return name.hasPrefix("text_encoder") && FileManager.default.fileExists(atPath: folder) ? folder : nil
  }
}
