import Foundation

/// `model_index.json`: which parts a model folder has, and the class of each.
struct ModelIndex {
  /// What weight files are called, without variant and ending.
  static let denoiserWeights = "diffusion_pytorch_model"
  static let vaeWeights = "diffusion_pytorch_model"
  static let textWeights = "model"

  /// Classes this implementation has, by part.
  private static let supported: [String: Set<String>] = [
    "unet": ["UNet2DConditionModel"],
    "transformer": [
      "FluxTransformer2DModel", "Flux2Transformer2DModel", "ZImageTransformer2DModel",
    ],
    "vae": Set(AutoencoderConfig.classNames),
    "text_encoder": ["CLIPTextModel", "Qwen3ForCausalLM", "Qwen3Model"],
    "text_encoder_2": ["CLIPTextModelWithProjection", "T5EncoderModel"],
    "tokenizer": ["CLIPTokenizer", "CLIPTokenizerFast", "Qwen2Tokenizer", "Qwen2TokenizerFast"],
    "tokenizer_2": ["CLIPTokenizer", "CLIPTokenizerFast", "T5Tokenizer", "T5TokenizerFast"],
  ]

  /// Names of parts that are denoisers; a model has one of them.
  private static let denoisers = ["unet", "transformer"]

  /// Parts that do not change what the others compute.
  private static let ignored: Set<String> = ["safety_checker", "feature_extractor", "image_encoder"]

  /// The class of each part.
  private let parts: [String: String]
  /// Which part the denoiser is, and its class; nil where there is none.
  let denoiser: (part: String, className: String)?
  /// What the pipeline takes of its text encoders, where these do not tell.
  let recipe: TextRecipe?
  /// `force_zeros_for_empty_prompt` of SDXL's pipelines: whether a text that is left out is zeros.
  let zeroesAbsentText: Bool

  /// Reads `folder`'s index.
  ///
  /// Throws `ModelError` when there is none, or it names a part or class that is not supported.
  init(folder: String) throws {
    let path = "\(folder)/model_index.json"
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
      throw ModelError("\(folder): there is no such folder")
    }
    guard isFolder.boolValue else { throw ModelError("\(folder): is a file; a model folder was expected") }
    guard FileManager.default.fileExists(atPath: path) else {
      throw ModelError(
        "\(folder): is no model folder: 'model_index.json' was expected in it, with the folders 'unet', 'vae', "
          + "'text_encoder', 'tokenizer' and 'scheduler' beside it")
    }
    var parts: [String: String] = [:]
    let file = try ConfigFile(path: path)
    zeroesAbsentText = try file.bool("force_zeros_for_empty_prompt", default: true)
    for (name, value) in file.values.sorted(by: { $0.key < $1.key }) {
      // Beside parts, [library, class], there are plain settings of the pipeline.
      guard case .array(let pair) = value, !name.hasPrefix("_") else { continue }
      if pair == [.null, .null] || Self.ignored.contains(name) { continue }
      guard pair.count == 2, case .string(let className) = pair[1] else {
        throw ModelError("\(path): '\(name)' is \(value); a library and a class were expected")
      }
      // What a scheduler's config says holds for every solver, whatever its class.
      guard let classes = name == "scheduler" ? [className] : Self.supported[name] else {
        throw ModelError(
          "\(path): the part '\(name)', of class \(className), is not supported; Stable Diffusion models have "
            + "'unet', 'vae', 'text_encoder', 'tokenizer' and 'scheduler', SDXL 'text_encoder_2' and 'tokenizer_2', and "
            + "FLUX and Z-Image 'transformer' in place of 'unet'")
      }
      guard classes.contains(className) else {
        throw ModelError(
          "\(path): '\(name)' is of class \(className), which is not supported; "
            + classes.sorted().joined(separator: " or ") + " was expected")
      }
      parts[name] = className
    }
    self.parts = parts
    denoiser = Self.denoisers.lazy.compactMap { part in parts[part].map { (part, $0) } }.first
    recipe = Self.recipe(file.values["_class_name"])
  }

  /// Whether the model has the part of this name.
  func has(_ part: String) -> Bool { parts[part] != nil }

  /// The class of the part of this name; nil where there is none.
  func className(of part: String) -> String? { parts[part] }

  /// What the pipeline of the model in `folder` takes of its text encoders, where there is an index and it tells.
  static func recipe(folder: String) -> TextRecipe? {
    (try? ConfigFile(path: "\(folder)/model_index.json")).flatMap { recipe($0.values["_class_name"]) }
  }

  /// Pipelines of a family begin with its name, whatever they make pictures from.
  private static func recipe(_ pipeline: JSONValue?) -> TextRecipe? {
    guard case .string(let name) = pipeline else { return nil }
    return name.hasPrefix("Flux2Klein") ? .flux2Klein : name.hasPrefix("ZImage") ? .zImage : nil
  }
}
