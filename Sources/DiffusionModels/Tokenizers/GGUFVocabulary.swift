import GGUF
import Weights

/// The tokenizer in the metadata of a GGUF file, as llama.cpp's converter writes it.
///
/// Keys: `tokenizer.ggml.model`, `.tokens`, `.scores`, `.merges`, `.token_type`, `.precompiled_charsmap` and the ids of tokens
/// that have a part to play.
package struct GGUFVocabulary: Sendable {
  /// What a token is; others are pieces.
  private enum Kind: Int { case unknown = 2, control, userDefined, unused }

  private let file: GGUFReader

  /// Nil for a file that brings no tokenizer.
  package init?(_ file: GGUFReader) {
    guard file.has("tokenizer.ggml.tokens") else { return nil }
    self.file = file
  }

  /// The pieces of a unigram model, llama.cpp's `t5`, and the tokens beside them.
  ///
  /// Throws `ModelError` or `WeightFileError` where the file is of another model or malformed.
  func unigram() throws -> (UnigramFiles, TokenizerFiles) {
    let tokens = try tokens(ofModel: "t5")
    let scores = try array("scores", count: tokens.count) { try file.floats($0) }
    let kinds = try kinds(count: tokens.count)
    let pieces = tokens.indices.map { index in
      UnigramFiles.Piece(text: tokens[index], score: Double(scores[index]), isUsed: kinds?[index] != .unused)
    }
    let map = try file.integers(Self.key("precompiled_charsmap")).map { bytes in
      try CharacterMap(bytes.map { UInt8(truncatingIfNeeded: $0) }, source: file.source)
    }
    let model = try UnigramFiles(
      pieces: pieces, unknownID: try file.integer(Self.key("unknown_token_id")) ?? 2, fallsBackToBytes: false,
      characters: map, source: file.source)
    return (model, try others(tokens, kinds, defaults: T5Tokenizer.roles))
  }

  /// The vocabulary of byte-pair encoding, llama.cpp's `gpt2`, and the tokens beside it.
  ///
  /// Throws `ModelError` or `WeightFileError` where the file is of another model or malformed.
  func bytePairs() throws -> (BytePairFiles, TokenizerFiles) {
    let tokens = try tokens(ofModel: "gpt2")
    if let cut = try file.string(Self.key("pre")), cut != "qwen2" {
      throw ModelError("\(file.source): the tokenizer cuts text as '\(cut)' does; 'qwen2' was expected")
    }
    guard let lines = try file.strings(Self.key("merges")) else { throw missing("merges") }
    let merges = try lines.enumerated().map { index, line in
      let symbols = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      guard symbols.count == 2, !symbols[0].isEmpty else {
        throw ModelError("\(file.source): merge \(index + 1): two symbols with a space between them were expected")
      }
      return BytePairFiles.Merge(first: symbols[0], second: symbols[1], number: index + 1)
    }
    let vocabulary = tokens.enumerated().map { (token: $1, id: $0) }
    return (
      BytePairFiles(vocabulary: vocabulary, merges: merges, path: file.source),
      try others(tokens, kinds(count: tokens.count), defaults: Qwen2Tokenizer.roles)
    )
  }

  private static func key(_ name: String) -> String { "tokenizer.ggml.\(name)" }

  private func missing(_ name: String) -> ModelError {
    ModelError("\(file.source): has no '\(Self.key(name))', which its tokenizer needs")
  }

  private func tokens(ofModel expected: String) throws -> [String] {
    let model = try file.string(Self.key("model"))
    guard model == expected else {
      throw ModelError(
        "\(file.source): the tokenizer is \(model.map { "'\($0)'" } ?? "of no kind"); '\(expected)' was expected")
    }
    guard let tokens = try file.strings(Self.key("tokens")) else { throw missing("tokens") }
    return tokens
  }

  private func array<Element>(
    _ name: String, count: Int, _ read: (String) throws -> [Element]?
  ) throws -> [Element] {
    guard let elements = try read(Self.key(name)) else { throw missing(name) }
    guard elements.count == count else {
      throw ModelError("\(file.source): '\(Self.key(name))' has \(elements.count) entries for \(count) tokens")
    }
    return elements
  }

  /// Nil where the file does not tell.
  private func kinds(count: Int) throws -> [Kind?]? {
    guard file.has(Self.key("token_type")) else { return nil }
    return try array("token_type", count: count) { try file.integers($0) }.map(Kind.init)
  }

  /// The tokens that are found in a text before anything else, and those with a role.
  private func others(_ tokens: [String], _ kinds: [Kind?]?, defaults: TokenRoles) throws -> TokenizerFiles {
    func role(_ name: String, default fallback: String?) throws -> String? {
      guard let id = try file.integer(Self.key("\(name)_token_id")) else { return fallback }
      guard tokens.indices.contains(id) else {
        throw ModelError(
          "\(file.source): '\(Self.key("\(name)_token_id"))' is \(id); an id below \(tokens.count) was expected")
      }
      return tokens[id]
    }
    let roles = TokenRoles(
      end: try role("eos", default: defaults.end), unknown: try role("unknown", default: defaults.unknown),
      padding: try role("padding", default: defaults.padding))
    let found = (kinds ?? []).enumerated().compactMap { id, kind in
      kind == nil || kind == .unused || tokens[id].isEmpty ? nil : AddedToken(tokens[id], id: id)
    }
    return TokenizerFiles(roles: roles, others: found)
  }
}
