import Foundation
import GGUF
import Safetensors

/// A model, or a part of one, in a single file, safetensors or GGUF, in the original layout or a part's own.
///
/// What is in the file is found from names and shapes; what no file says, as all published models of the family have it.
struct ModelFile: ModelSource {
  let path: String
  let denoiserConfig: DenoiserConfig?
  let textConfigs: [TextEncoderConfig]
  let vaeConfig: AutoencoderConfig?
  let zeroesAbsentText: Bool
  /// Tensors that are known and not read, by what they are.
  let leftovers: [String: [String]]

  private let leftoverNames: Set<String>
  private let reader: any TensorFile
  private let denoiserNames: NameTable?
  private let textNames: [NameTable]
  private let vaeNames: NameTable?

  /// Opens the file at `path`: a model of one or several parts or, which may be in two files, a small autoencoder.
  ///
  /// Throws `WeightFileError` when it is no such file, and `ModelError` when it is no model that is known here, or
  /// has tensors that belong to no part of it.
  static func open(path: String) throws -> any ModelSource {
    try refuseOtherFormats(path)
    let reader = try openTensorFile(path: path)
    return try TinyAutoencoderFiles(reader, path: path) ?? ModelFile(reader, path: path)
  }

  private init(_ reader: any TensorFile, path: String) throws {
    self.path = path
    self.reader = reader
    let contents = FileContents(reader)
    (denoiserNames, textNames) = (contents.denoiser?.names, contents.texts.map(\.names))
    vaeNames = contents.vae?.names

    let textConfigs = try contents.texts.map { text in
      try TextEncoderConfig(
        WeightShapes(reader, text.names), text.kind, stated: GGUFArchitecture(reader)?.values ?? [:])
    }
    let pooledSize = textConfigs.last?.clip?.projectionSize
    let denoiserConfig = try contents.denoiser.map { denoiser in
      try DenoiserConfig(
        WeightShapes(reader, denoiser.names), denoiser.kind, pooledSize: pooledSize)
    }
    vaeConfig = try contents.vae.map { vae in
      .kl(
        try AutoencoderKLConfig(
          WeightShapes(reader, vae.names), levels: vae.levels, layers: vae.layers,
          family: denoiserConfig?.family))
    }
    (self.textConfigs, self.denoiserConfig) = (textConfigs, denoiserConfig)
    zeroesAbsentText = textConfigs.count { $0.clip != nil } == 2

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

  /// One that is in the file, as beside some T5 encoders, or else the family's own.
  func tokenizer(_ index: Int) throws -> TokenizerSource {
    if let gguf = reader as? GGUFReader, let vocabulary = GGUFVocabulary(gguf) { return .gguf(vocabulary) }
    guard let name = reader.names.first(where: { $0.hasSuffix("spiece_model") }) else { return .builtIn }
    return try reader.withBytes(name) { .sentencePiece(Array($0), source: "\(path): '\(name)'") }
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
