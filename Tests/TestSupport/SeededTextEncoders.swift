import Foundation
import Safetensors
import Tensors

/// The tiny text encoders of a family in `Tests/Fixtures/text-encoders`, made anew from their tensors' names, and what
/// diffusers' pipeline gives with them.
package struct SeededTextEncoders {
  package let prompts: [String]
  package let long: String
  private let index: Any
  private let parts: [String: (config: Any, tensors: [(name: String, tensor: Tensor)])]
  private let reference: SafetensorsReader

  private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  private static let fixtures = tests.appending(path: "Fixtures")
  private static let tables = tests.deletingLastPathComponent().appending(path: "Sources/CTokenizers")

  private struct Malformed: Error { let family: String }

  package init(_ family: String) throws {
    let data = try Data(contentsOf: Self.fixtures.appending(path: "text-encoders/\(family).json"))
    guard let json = try JSONSerialization.jsonObject(with: data) as? [String: Any],
      let prompts = json["prompts"] as? [String], let long = json["long"] as? String, let index = json["index"],
      let parts = json["parts"] as? [String: [String: Any]]
    else { throw Malformed(family: family) }
    (self.prompts, self.long, self.index) = (prompts, long, index)
    self.parts = try parts.mapValues { part in
      guard let config = part["config"], let entries = part["tensors"] as? [[Any]] else {
        throw Malformed(family: family)
      }
      return (config, try entries.map { try Self.tensor($0) ?? { throw Malformed(family: family) }() })
    }
    reference = try SafetensorsReader(path: Self.fixtures.appending(path: "text-encoders/\(family).safetensors").path)
  }

  /// From a name that begins with the part, a shape, a scale and an offset.
  private static func tensor(_ entry: [Any]) throws -> (name: String, tensor: Tensor)? {
    guard entry.count == 4, let name = entry[0] as? String, let shape = entry[1] as? [Int],
      let scale = entry[2] as? Double, let offset = entry[3] as? Double
    else { return nil }
    let tensor = SeededTensor(name, shape, scale: scale, offset: offset).tensor
    return (String(name.drop { $0 != "." }.dropFirst()), tensor)
  }

  package func expected(_ name: String) throws -> Tensor { try reference.tensor(name) }

  /// The tensors of one encoder by their names.
  package func tensors(of part: String) -> [(name: String, tensor: Tensor)] { parts[part]?.tensors ?? [] }

  /// The bytes of one encoder's file, its names changed.
  package func file(_ part: String, as type: DType = .f16, renaming: (String) -> String? = { $0 }) -> Data {
    var writer = SafetensorsWriter()
    for (name, tensor) in tensors(of: part) {
      if let name = renaming(name) { writer.add(name, tensor, as: type) }
    }
    return Data(writer.bytes())
  }

  /// Writes a model folder with the text encoders, and tokenizers as they are published.
  package func writeFolder(to path: URL) throws {
    let files = FileManager.default
    for (part, contents) in parts {
      let folder = path.appending(path: part)
      try files.createDirectory(at: folder, withIntermediateDirectories: true)
      try JSONSerialization.data(withJSONObject: contents.config).write(to: folder.appending(path: "config.json"))
      try file(part).write(to: folder.appending(path: "model.safetensors"))
      let tokenizer = path.appending(path: part.replacing("text_encoder", with: "tokenizer"))
      try Self.writeTokenizer((contents.config as? [String: Any])?["model_type"] as? String ?? "", to: tokenizer)
    }
    try JSONSerialization.data(withJSONObject: index).write(to: path.appending(path: "model_index.json"))
  }

  private static func writeTokenizer(_ kind: String, to path: URL) throws {
    let files = FileManager.default
    func link(_ name: String, to target: URL) throws {
      try files.createSymbolicLink(at: path.appending(path: name), withDestinationURL: target)
    }
    if kind.hasPrefix("clip") {
      try files.copyItem(at: fixtures.appending(path: "tokenizer/clip"), to: path)
      return
    }
    try files.createDirectory(at: path, withIntermediateDirectories: true)
    if kind == "t5" { return try link("spiece.model", to: tables.appending(path: "t5.model")) }
    let merges = tables.appending(path: "qwen-merges.txt")
    try link("merges.txt", to: merges)
    // All bytes as characters, then what merges make.
    let plain = [33...126, 161...172, 174...255].joined().map { UnicodeScalar(UInt8($0)) }
    let others = (0..<256 - plain.count).compactMap { UnicodeScalar(256 + $0) }
    let lines = try String(contentsOf: merges, encoding: .utf8).split(separator: "\n")
    let symbols: [String] = (plain + others).map { String($0) }
    let tokens: [String] = symbols + lines.map { String($0.filter { $0 != " " }) }
    var vocabulary = "{"
    for (id, token) in tokens.enumerated() {
      let escaped = token.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      vocabulary += "\(id == 0 ? "" : ",")\"\(escaped)\":\(id)"
    }
    try (vocabulary + "}").write(to: path.appending(path: "vocab.json"), atomically: false, encoding: .utf8)
    let added = [
      "<|endoftext|>": 151_643, "<|im_start|>": 151_644, "<|im_end|>": 151_645, "<think>": 151_667, "</think>": 151_668,
    ]
    try JSONSerialization.data(withJSONObject: added).write(to: path.appending(path: "added_tokens.json"))
  }
}
