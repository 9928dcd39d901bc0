import Foundation

/// CLIP's tokenizer: text to the token ids of a text encoder.
///
/// Ids equal those of transformers' CLIPTokenizer (5.x) for any Unicode text, with padding to the longest length and
/// truncation, as diffusers' Stable Diffusion pipelines call it.
package struct CLIPTokenizer: TextTokenizer {
  static let endOfWord = "</w>"
  /// What transformers' CLIPTokenizer calls its tokens where files do not say.
  static let roles = TokenRoles(
    start: "<|startoftext|>", end: "<|endoftext|>", unknown: "<|endoftext|>", padding: "<|endoftext|>")

  /// A text as token ids.
  package struct Tokens: Sendable, Equatable {
    /// Start, the text, end and padding: always `length` of the tokenizer.
    package let ids: [Int]
    /// How many of `ids` come before the padding.
    package let count: Int
    /// What did not fit, in lower case as the tokens have it; nil when all did.
    package let cutText: String?
  }

  /// Token ids per text: what the files say, else 77.
  package let length: Int
  package let startID: Int
  package let endID: Int
  package let paddingID: Int
  private let unknownID: Int
  private let encoding: BytePairEncoding
  private let added: AddedVocabulary

  /// Reads the `tokenizer` folder of a model: `tokenizer.json`, or else `vocab.json` and `merges.txt`, and where they exist
  /// `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json`.
  ///
  /// Throws `ModelError` when a file is missing or malformed.
  package init(folder: String) throws {
    if let path = Self.wholeFile(of: folder) {
      let whole = try TokenizerJSON(path: path)
      try self.init(
        BytePairEncoding(whole.bytePairs(), endOfWord: Self.endOfWord),
        TokenizerFiles(folder: folder, listed: whole.addedTokens, defaults: Self.roles).fillingUpBehind(folder))
    } else {
      let files = try BytePairFiles(vocabularyPath: "\(folder)/vocab.json", mergesPath: "\(folder)/merges.txt")
      try self.init(
        BytePairEncoding(files, endOfWord: Self.endOfWord),
        TokenizerFiles(folder: folder, listed: [], defaults: Self.roles).fillingUpBehind(folder))
    }
  }

  /// Paths of the files in `folder` that `init(folder:)` reads; those of the vocabulary whether they exist or not.
  package static func files(of folder: String) -> [String] {
    let vocabulary = wholeFile(of: folder).map { [$0] } ?? ["\(folder)/vocab.json", "\(folder)/merges.txt"]
    return vocabulary + TokenizerFiles.names.map { "\(folder)/\($0)" }.filter(FileManager.default.fileExists(atPath:))
  }

  private static func wholeFile(of folder: String) -> String? {
    let path = "\(folder)/tokenizer.json"
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  init(_ encoding: BytePairEncoding, _ files: TokenizerFiles) {
    self.encoding = encoding
    added = AddedVocabulary(files.addedTokens, count: encoding.count, id: encoding.id) {
      CLIPTextSplitter.normalize($0)
    }
    // Every role is among the special tokens.
    let role = { [added] (content: String?) in content.flatMap { added.id(of: $0) } ?? 0 }
    startID = role(files.roles.start)
    endID = role(files.roles.end)
    unknownID = role(files.roles.unknown)
    paddingID = role(files.roles.padding)
    length = files.maxLength ?? 77
  }

  package var frame: TokenFrame { TokenFrame(start: startID, end: endID, padding: paddingID, length: length) }

  /// The ids of `text`, cut and padded to `length`.
  package func encode(_ text: String) -> Tokens {
    let content = contentIDs(text)
    let kept = content.prefix(length - 2)
    let ids = [startID] + kept + [endID]
    return Tokens(
      ids: ids + Array(repeating: paddingID, count: length - ids.count), count: ids.count,
      cutText: kept.count < content.count ? decode(content[kept.count...]) : nil)
  }

  /// The ids of all of `text`, without start, end and padding.
  package func contentIDs(_ text: String) -> [Int] { Array(contentWords(text).joined()) }

  /// The ids of all of `text`, those of each of its words together: letters, a numeral, marks, or a special token.
  package func contentWords(_ text: String) -> [[Int]] {
    added.pieces(of: text).flatMap { piece -> [[Int]] in
      switch piece {
      case .token(let id): [[id]]
      case .text(let part): CLIPTextSplitter.words(part).map { encoding.encode($0, unknown: unknownID) }
      }
    }
  }

  /// The id of a word that is one token; nil where the vocabulary lacks it.
  package func id(ofWord word: String) -> Int? { encoding.id(of: word + Self.endOfWord) }

  package func decode(_ ids: some Sequence<Int>) -> String {
    var (words, rest) = ([String](), Array(ids)[...])
    while !rest.isEmpty {
      let known = rest.prefix { added.names[$0] == nil }
      if !known.isEmpty { words.append(encoding.decode(known)) }
      rest = rest.dropFirst(known.count)
      if let id = rest.popFirst(), let name = added.names[id] { words.append(name) }
    }
    return words.joined(separator: " ")
  }
}
