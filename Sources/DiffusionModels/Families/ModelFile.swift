import Foundation
import Safetensors

/// A model, or a part of one, in a single file, safetensors or GGUF, in the original layout or a part's own.
///
/// What is in the file is found from names and shapes; what no file says, as all published models of the family have it.
struct ModelFile: ModelSource {
  let path: String
  let denoiserConfig: DenoiserConfig?
  let textConfigs: [CLIPTextConfig]
  let vaeConfig: AutoencoderKLConfig?
  let hasPooledText: Bool
  let zeroesAbsentText: Bool
  /// Tensors that are known and not read, by what they are.
  let leftovers: [String: [String]]

  private let leftoverNames: Set<String>
  private let reader: any TensorFile
  private let denoiserNames: NameTable?
  private let textNames: [NameTable]
  private let vaeNames: NameTable?

  /// Opens the file at `path`.
  ///
  /// Throws `SafetensorsError` when it is no such file, and `ModelError` when it is no model that is known here, or
  /// has tensors that belong to no part of it.
  init(path: String) throws {
    self.path = path
    try Self.refuseOtherFormats(path)
    let reader = try openTensorFile(path: path)
    self.reader = reader
    let contents = FileContents(reader)
    (denoiserNames, textNames) = (contents.denoiser?.names, contents.texts.map(\.names))
    vaeNames = contents.vae?.names

    let textConfigs = try contents.texts.map { text in
      try CLIPTextConfig(
        WeightShapes(reader, text.names), layers: text.layers, activation: text.activation,
        hasProjection: text.hasProjection)
    }
    let pooledSize = textConfigs.last?.projectionSize
    let denoiserConfig = try contents.denoiser.map { denoiser in
      try DenoiserConfig(
        WeightShapes(reader, denoiser.names), denoiser.kind, pooledSize: pooledSize)
    }
    vaeConfig = try contents.vae.map { vae in
      try AutoencoderKLConfig(
        WeightShapes(reader, vae.names), levels: vae.levels, layers: vae.layers,
        family: denoiserConfig?.family)
    }
    (self.textConfigs, self.denoiserConfig) = (textConfigs, denoiserConfig)
    hasPooledText = pooledSize != nil
    zeroesAbsentText = contents.texts.count == 2

    guard denoiserNames != nil || !textNames.isEmpty || vaeNames != nil else {
      throw contents.unknownFamily()
    }
    leftovers = try contents.leftovers()
    leftoverNames = Set(leftovers.values.joined())
  }

  /// Where files of a model come in other formats, or a folder is meant, the message says what to do.
  private static func refuseOtherFormats(_ path: String) throws {
    let pickled = [".ckpt", ".pt", ".pth", ".bin"]
    if let ending = pickled.first(where: path.lowercased().hasSuffix) {
      throw ModelError(
        "\(path): a \(ending) file can run code when it is read, and is not opened; convert it to safetensors, or "
          + "download the model in that format")
    }
  }

  // MARK: - Parts

  /// The one file is all there is.
  func files(of part: Model.Part) throws -> [String] {
    switch part {
    case .unet: denoiserNames == nil ? [] : [path]
    case .clip: textNames.isEmpty ? [] : [path]
    case .vae: vaeNames == nil ? [] : [path]
    }
  }

  func schedulerConfig() throws -> SchedulerConfig {
    guard let denoiserConfig else { throw ModelError("\(path): the model has no 'unet'") }
    return try SchedulerConfig(path: path, denoiser: denoiserConfig, hints: TrainingHints(reader))
  }

  func tokenizer(_ index: Int) throws -> CLIPTokenizer {
    // What the model calls its part decides: SD 2 and SDXL's second encoder were trained with another padding.
    try CLIPTokenizer.clip(padsWithEnd: textConfigs[index].activation == .quickGELU)
  }

  func denoiserWeights() throws -> WeightStore { try store(denoiserNames) }
  func textWeights(_ index: Int) throws -> WeightStore { try store(textNames[index]) }
  func vaeWeights() throws -> WeightStore { try store(vaeNames) }

  private func store(_ names: NameTable?) throws -> WeightStore {
    guard let names else { throw ModelError("\(path): has no such part") }
    return try WeightStore(reader, nameOfSlot: names.name(ofSlot:)) { name in
      leftoverNames.contains(name) ? [] : names.slots(of: name)
    }
  }
}
