import Safetensors
import Tensors

/// The vectors that a textual inversion puts in the place of a word's tokens.
///
/// Source: Gal et al. 2022. Layouts: one tensor, [n, width] or [width], whatever its name (`emb_params`, diffusers' `<token>`); for SDXL one tensor
/// for each text encoder, `clip_l` and `clip_g`.
package enum TextualInversion {
  /// A text encoder as files name it.
  package enum Encoder: String, Sendable {
    case clipL = "clip_l"
    case clipG = "clip_g"

    /// That of SDXL's two which has a projection, or else the one that all families have.
    init(_ config: CLIPTextConfig) { self = config.projectionSize == nil ? .clipL : .clipG }

    fileprivate var names: [String] { [rawValue, self == .clipL ? "text_encoders_0" : "text_encoders_1"] }
  }

  /// The vectors for a text encoder of `width`, each [width].
  ///
  /// Throws `ModelError` or `WeightFileError` for a file that is none, or was made for another width.
  package static func vectors(_ path: String, for encoder: Encoder, width: Int) throws -> [Tensor] {
    try vectors(SafetensorsReader(path: path), for: encoder, width: width)
  }

  package static func vectors(_ file: SafetensorsReader, for encoder: Encoder, width: Int) throws -> [Tensor] {
    let tensor = try file.tensor(tensorName(in: file, for: encoder))
    let found = tensor.shape.last ?? 0
    guard found == width else {
      throw ModelError(
        "\(file.source): has vectors of \(found) numbers\(family(found)), and the text encoder takes \(width)\(family(width))"
      )
    }
    let rows = tensor.reshaped([tensor.count / width, width])
    return (0..<rows.shape[0]).map { rows.sample($0).reshaped([width]) }
  }

  /// Throws `ModelError` or `WeightFileError` for a file that holds no textual inversion, whatever the width.
  package static func check(_ path: String) throws {
    let file = try SafetensorsReader(path: path)
    for encoder in [Encoder.clipL, .clipG] { _ = try tensorName(in: file, for: encoder) }
  }

  private static func tensorName(in file: SafetensorsReader, for encoder: Encoder) throws -> String {
    let names = file.names
    let ofEncoder = names.first(where: encoder.names.contains)
    guard let name = ofEncoder ?? (names.count == 1 ? names[0] : nil) else {
      let shown = names.prefix(4).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 4 ? ", ..." : "")
      throw ModelError(
        "\(file.source): is no textual inversion: one tensor, or 'clip_l' and 'clip_g', was expected; it has "
          + (names.isEmpty ? "none" : shown))
    }
    guard let info = file.info(name), info.format != nil, [1, 2].contains(info.shape.count), info.count > 0 else {
      let found = file.info(name).map { "\($0.formatName) \($0.shape)" } ?? "none"
      throw ModelError(
        "\(file.source): is no textual inversion: '\(name)' is \(found), floats [vectors, width] were expected")
    }
    return name
  }

  private static func family(_ width: Int) -> String {
    switch width {
    case 768: " (Stable Diffusion 1.x)"
    case 1024: " (Stable Diffusion 2.x)"
    case 1280: " (SDXL)"
    default: ""
    }
  }
}
