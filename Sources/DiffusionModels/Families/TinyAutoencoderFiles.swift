import Foundation
import Safetensors
import Weights

/// A small autoencoder (TAESD) in files: one with both halves in diffusers' names, or one for each half in the authors', of
/// which the other is found beside the one that is given, by its name: `taesd_decoder` and `taesd_encoder`.
struct TinyAutoencoderFiles: ModelSource {
  let path: String
  let vaeConfig: AutoencoderConfig?
  private let files: [(file: any TensorFile, path: String, names: NameTable)]

  /// Nil for a file that is none of a small autoencoder.
  init?(_ file: any TensorFile, path: String) throws {
    guard let layout = Layout(file) else { return nil }
    var files = [(file, path, layout.names)]
    if let other = layout.other, let otherPath = Self.companion(of: path, layout),
      let found = try? openTensorFile(path: otherPath),
      Layout(found) == other
    {
      files.append((found, otherPath, other.names))
    }
    self.path = path
    self.files = files
    vaeConfig = .tiny(try AutoencoderTinyConfig(WeightShapes(files.map { ($0.0, $0.2) }, path: path)))
  }

  private enum Layout {
    case both, encoder, decoder

    init?(_ file: any TensorFile) {
      func has(_ name: String) -> Bool { file.info(name) != nil }
      if has("decoder.layers.0.weight") || has("encoder.layers.0.weight") {
        self = .both
      } else if has("0.weight"), has("1.conv.0.weight") {
        self = .encoder
      } else if has("1.weight"), has("3.conv.0.weight") {
        self = .decoder
      } else {
        return nil
      }
    }

    /// In the authors' decoder the function that bends latents is layer 0.
    var names: NameTable {
      switch self {
      case .both: NameTable([NameTable.Rule("", "")])
      case .encoder: NameTable((0..<128).map { NameTable.Rule("\($0)", "encoder.layers.\($0)") })
      case .decoder: NameTable((1..<128).map { NameTable.Rule("\($0)", "decoder.layers.\($0 - 1)") })
      }
    }

    var other: Layout? {
      switch self {
      case .both: nil
      case .encoder: .decoder
      case .decoder: .encoder
      }
    }
  }

  /// Where the other half would be; nil where the name does not tell it.
  private static func companion(of path: String, _ layout: Layout) -> String? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard let name = parts.last else { return nil }
    let (own, other) = layout == .decoder ? ("decoder", "encoder") : ("encoder", "decoder")
    let replaced = name.replacing(own, with: other)
    return replaced == name ? nil : (parts.dropLast() + [replaced[...]]).joined(separator: "/")
  }

  var denoiserConfig: DenoiserConfig? { nil }
  var textConfigs: [TextEncoderConfig] { [] }
  var zeroesAbsentText: Bool { false }

  func files(of part: Model.Part) throws -> [String] { part == .vae ? files.map(\.path) : [] }

  func vaeWeights() throws -> WeightStore {
    try WeightStore(files.map { ($0.file, $0.names.slots(of:)) }, location: path) { slot in
      files.lazy.compactMap { $0.names.name(ofSlot: slot) }.first
    }
  }

  func schedulerConfig() throws -> SchedulerConfig { throw absent("unet") }
  func denoiserWeights() throws -> WeightStore { throw absent("unet") }
  func textWeights(_ index: Int) throws -> WeightStore { throw absent("text_encoder") }
  func tokenizer(_ index: Int) throws -> TokenizerSource { throw absent("text_encoder") }

  private func absent(_ part: String) -> ModelError { ModelError("\(path): the model has no '\(part)'") }
}
