import Foundation

/// The tokenizer of Qwen's models from Qwen2 on: text to the token ids of a Qwen3 text encoder.
///
/// Ids equal those of transformers' Qwen2Tokenizer (5.x) for any Unicode text.
package struct Qwen2Tokenizer: TextTokenizer {
  package let paddingID: Int
  /// Whether its files fill texts up in front, which no model here was trained with.
  let padsLeft: Bool
  private let encoding: BytePairEncoding
  private let added: AddedVocabulary

  static let roles = TokenRoles(end: "<|endoftext|>", unknown: "<|endoftext|>", padding: "<|endoftext|>")

  /// Reads the `tokenizer` folder of a model: `tokenizer.json`, or else `vocab.json` and `merges.txt`, and where they exist
  /// `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json`.
  ///
  /// Throws `ModelError` when a file is missing or malformed.
  package init(folder: String) throws {
    let path = "\(folder)/tokenizer.json"
    if FileManager.default.fileExists(atPath: path) {
      let whole = try TokenizerJSON(path: path)
      self.init(
        try BytePairEncoding(whole.bytePairs(), endOfWord: ""),
        try TokenizerFiles(folder: folder, listed: whole.addedTokens, defaults: Self.roles))
    } else {
      let files = try BytePairFiles(vocabularyPath: "\(folder)/vocab.json", mergesPath: "\(folder)/merges.txt")
      self.init(
        try BytePairEncoding(files, endOfWord: ""),
        try TokenizerFiles(folder: folder, listed: [], defaults: Self.roles))
    }
  }

  init(_ encoding: BytePairEncoding, _ files: TokenizerFiles) {
    (self.encoding, padsLeft) = (encoding, files.padsLeft)
    added = AddedVocabulary(files.addedTokens, count: encoding.count, id: encoding.id) {
      CanonicalComposition.compose(Array($0))
    }
    paddingID = files.roles.padding.flatMap { [added] in added.id(of: $0) } ?? 0
  }

  package func contentIDs(_ text: String) -> [Int] {
    added.pieces(of: text).flatMap { piece -> [Int] in
      switch piece {
      case .token(let id): [id]
      case .text(let part): Qwen2TextSplitter.words(part).flatMap { encoding.encode($0, unknown: nil) }
      }
    }
  }

  package func decode(_ ids: some Sequence<Int>) -> String {
    var (text, rest) = ("", Array(ids)[...])
    while !rest.isEmpty {
      let known = rest.prefix { added.names[$0] == nil }
      text += encoding.decode(known)
      rest = rest.dropFirst(known.count)
      if let id = rest.popFirst() { text += added.names[id] ?? "" }
    }
    return text
  }
}
