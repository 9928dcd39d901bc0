import Foundation

/// T5's tokenizer: text to the token ids of a T5 encoder.
///
/// Ids equal those of transformers' T5Tokenizer (5.x) for any Unicode text, whatever a file says of normalising and cutting:
/// characters are replaced by the map of the file, white space separates words, and each begins with "▁".
package struct T5Tokenizer: TextTokenizer {
  package let endID: Int
  package let paddingID: Int
  private let model: UnigramModel
  private let added: AddedVocabulary
  private let texts: [String]

  static let roles = TokenRoles(end: "</s>", unknown: "<unk>", padding: "<pad>")
  private static let wordStart: Unicode.Scalar = "▁"

  /// Reads the `tokenizer_2` folder of a model: `tokenizer.json`, or else `spiece.model`, and where they exist
  /// `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json`.
  ///
  /// Throws `ModelError` when a file is missing or malformed.
  package init(folder: String) throws {
    let path = "\(folder)/tokenizer.json"
    if FileManager.default.fileExists(atPath: path) {
      let whole = try TokenizerJSON(path: path)
      self.init(
        try whole.unigram(),
        try TokenizerFiles(folder: folder, listed: whole.addedTokens, defaults: Self.roles).fillingUpBehind(folder))
    } else {
      let path = "\(folder)/spiece.model"
      guard let bytes = FileManager.default.contents(atPath: path) else { throw ModelError("\(path): cannot be read") }
      var model = try UnigramFiles(sentencePiece: bytes, source: path)
      let others = Self.appendExtraTokens(to: &model)
      self.init(model, try TokenizerFiles(folder: folder, listed: others, defaults: Self.roles).fillingUpBehind(folder))
    }
  }

  /// Takes a SentencePiece model, which errors call `source`.
  init(sentencePiece bytes: some RandomAccessCollection<UInt8>, source: String) throws {
    var model = try UnigramFiles(sentencePiece: bytes, source: source)
    let others = Self.appendExtraTokens(to: &model)
    self.init(model, TokenizerFiles(roles: Self.roles, others: others))
  }

  /// Paths of the files in `folder` that `init(folder:)` reads; that of the vocabulary whether it exists or not.
  package static func files(of folder: String) -> [String] {
    let whole = "\(folder)/tokenizer.json"
    let vocabulary = FileManager.default.fileExists(atPath: whole) ? whole : "\(folder)/spiece.model"
    return [vocabulary]
      + TokenizerFiles.names.map { "\(folder)/\($0)" }.filter(FileManager.default.fileExists(atPath:))
  }

  init(_ model: UnigramFiles, _ files: TokenizerFiles) {
    let characters = model.characters
    let ids = Dictionary(model.pieces.enumerated().map { ($1.text, $0) }, uniquingKeysWith: { $1 })
    (self.model, texts) = (UnigramModel(model), model.pieces.map(\.text))
    added = AddedVocabulary(files.addedTokens, count: model.pieces.count, id: { ids[$0] }) { text in
      characters?.normalize(text) ?? Array(text)
    }
    // Every role is among the special tokens.
    let role = { [added] (content: String?) in content.flatMap { added.id(of: $0) } ?? 0 }
    (endID, paddingID) = (role(files.roles.end), role(files.roles.padding))
  }

  /// The hundred tokens behind the pieces that stand for gaps in a text, the last one first.
  private static func appendExtraTokens(to model: inout UnigramFiles) -> [AddedToken] {
    (0..<100).reversed().map { number in
      model.pieces.append(.init(text: "<extra_id_\(number)>", score: 0))
      return AddedToken("<extra_id_\(number)>", id: model.pieces.count - 1)
    }
  }

  /// Between no start and the end, padded to `filledLength`, or else to `length`.
  package func frame(length: Int, filledLength: Int? = nil) -> TokenFrame {
    TokenFrame(end: endID, padding: paddingID, length: length, filledLength: filledLength)
  }

  package func contentIDs(_ text: String) -> [Int] {
    added.pieces(of: text).flatMap { piece -> [Int] in
      switch piece {
      case .token(let id): [id]
      case .text(let part): Self.words(part).flatMap { model.encode($0.utf8Bytes) }
      }
    }
  }

  /// What stands between white space, cut before every "▁", with one at its beginning.
  ///
  /// As WhitespaceSplit and Metaspace of huggingface/tokenizers.
  private static func words(_ text: [Unicode.Scalar]) -> [[Unicode.Scalar]] {
    text.split(whereSeparator: \.properties.isWhitespace).flatMap { run -> [[Unicode.Scalar]] in
      var words: [[Unicode.Scalar]] = run.first == wordStart ? [] : [[wordStart]]
      for scalar in run {
        if scalar == wordStart { words.append([]) }
        words[words.count - 1].append(scalar)
      }
      return words
    }
  }

  package func decode(_ ids: some Sequence<Int>) -> String {
    ids.map { texts.indices.contains($0) ? texts[$0] : "" }.joined().replacing(String(Self.wordStart), with: " ")
      .trimmingCharacters(in: .whitespaces)
  }
}
