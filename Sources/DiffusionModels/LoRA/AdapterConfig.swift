import Foundation
import Safetensors

/// What PEFT writes of the scale of a LoRA beside its tensors: in `adapter_config.json`, or in the file's metadata as
/// diffusers saves it.
///
/// Source: `LoraConfig` of PEFT; `save_lora_adapter` and `_pack_dict_with_prefix` of diffusers.
struct AdapterConfig: Sendable {
  /// By the part that a module's name begins with, `unet` and so on; under "" for all parts.
  private var values: [String: [String: JSONValue]] = [:]
  /// The file's text, in which patterns stand in an order that counts.
  private var text = ""

  private static let parts = ["unet", "transformer", "text_encoder", "text_encoder_2"]
  private static let metadataKey = "lora_adapter_metadata"

  /// The file that PEFT puts beside `adapter_model.safetensors`; nil for other names, and where there is none.
  static func path(beside path: String) -> String? {
    guard (path as NSString).lastPathComponent == "adapter_model.safetensors" else { return nil }
    let config = ((path as NSString).deletingLastPathComponent as NSString).appendingPathComponent(
      "adapter_config.json")
    return FileManager.default.fileExists(atPath: config) ? config : nil
  }

  /// Reads what is known of the scales of `file`.
  ///
  /// Throws `ModelError` when it is malformed.
  init(of file: SafetensorsReader) throws {
    if let path = Self.path(beside: file.source) {
      values[""] = try ConfigFile(path: path).values
      text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    } else if let text = file.metadata[Self.metadataKey] {
      guard case .object(let all)? = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else {
        throw ModelError("\(file.source): '\(Self.metadataKey)' in the metadata is no JSON object")
      }
      self.text = text
      for (key, value) in all {
        let part = Self.parts.first { key.hasPrefix($0 + ".") } ?? ""
        values[part, default: [:]][part.isEmpty ? key : String(key.dropFirst(part.count + 1))] = value
      }
    }
  }

  /// The scale of a module of `rank`; nil where nothing is known of it.
  func scale(of module: String, rank: Int) -> Double? {
    let part = Self.parts.first { module.hasPrefix($0 + ".") } ?? ""
    guard let own = values[part] ?? values[""] else { return nil }
    var alpha = own["lora_alpha"]
    if case .object(let patterns)? = own["alpha_pattern"] {
      let name = Self.name(of: module)
      alpha =
        patterns.filter { Self.matches($0.key, name) }.min { place(of: $0.key) < place(of: $1.key) }?.value ?? alpha
    }
    let number: Double
    switch alpha {
    case .int(let value)?: number = Double(value)
    case .float(let value)?: number = value
    default: return nil
    }
    let rank = Double(max(rank, 1))
    return number / (own["use_rslora"] == .bool(true) ? rank.squareRoot() : rank)
  }

  // MARK: - Patterns

  /// The name of a module as the model has it, to which patterns are compared.
  private static func name(of module: String) -> Substring {
    var name = module[...]
    for beginning in ["base_model.model."] + parts.map({ "\($0)." }) where name.hasPrefix(beginning) {
      name = name.dropFirst(beginning.count)
    }
    return name
  }

  /// Whether a pattern is the end of a module's name, from a dot on, a regular expression or not.
  ///
  /// Source: `get_pattern_key` of PEFT.
  private static func matches(_ pattern: String, _ name: Substring) -> Bool {
    if name == pattern || name.hasSuffix(".\(pattern)") { return true }
    guard pattern.contains(where: { !$0.isLetter && !$0.isNumber && $0 != "_" }),
      let expression = try? Regex("(?:.*\\.)?(?:\(pattern))")
    else { return false }
    return (try? expression.wholeMatch(in: name)) ?? nil != nil
  }

  /// Where the file has a pattern: of several that match the first one counts.
  private func place(of pattern: String) -> String.Index {
    let written = pattern.replacing("\\", with: "\\\\")
    let start = text.firstRange(of: "alpha_pattern\"")?.upperBound ?? text.startIndex
    return text[start...].firstRange(of: "\"\(written)\"")?.lowerBound ?? text.endIndex
  }
}
