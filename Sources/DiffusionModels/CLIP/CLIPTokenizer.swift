/// CLIP's tokenizer: text to the token ids of a text encoder.
///
/// Ids equal those of transformers' CLIPTokenizer (5.x) for any Unicode text, with padding to the longest length and
/// truncation, as diffusers' Stable Diffusion pipelines call it.
package struct CLIPTokenizer: Sendable {
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
  /// Special tokens to find in the text as it stands, and in the normalised text; longest first.
  private let rawTokens: [Literal]
  private let normalizedTokens: [Literal]
  /// Ids that the vocabulary lacks.
  private let addedNames: [Int: String]

  private struct Literal: Sendable {
    let scalars: [Unicode.Scalar]
    let id: Int
  }

  private enum Piece {
    case text(ArraySlice<Unicode.Scalar>)
    case token(Int)
  }

  /// Reads the `tokenizer` folder of a model: `vocab.json` and `merges.txt`, and where they exist
  /// `tokenizer_config.json` and `special_tokens_map.json`.
  ///
  /// Throws `ModelError` when a file is missing or malformed.
  package init(folder: String) throws {
    let files = try TokenizerFiles(folder: folder)
    encoding = try BytePairEncoding(
      vocabularyPath: "\(folder)/vocab.json", mergesPath: "\(folder)/merges.txt")
    var ids: [String: Int] = [:]
    var added: [Int: String] = [:]
    var isNormalized: [String: Bool] = [:]
    var nextID = encoding.count
    for token in files.specialTokens {
      isNormalized[token.content] = token.isNormalized
      if ids[token.content] != nil { continue }
      if let id = encoding.id(of: token.content) {
        ids[token.content] = id
      } else {
        ids[token.content] = nextID
        added[nextID] = token.content
        nextID += 1
      }
    }
    addedNames = added
    // Every role is among the special tokens.
    let role = { [ids] (content: String) in ids[content] ?? 0 }
    startID = role(files.start)
    endID = role(files.end)
    unknownID = role(files.unknown)
    paddingID = role(files.padding)
    length = files.maxLength ?? 77
    let literals = { [ids] (normalized: Bool) in
      ids.filter { isNormalized[$0.key] == normalized }.map { content, id in
        let scalars = Array(content.unicodeScalars)
        return Literal(scalars: normalized ? CLIPTextSplitter.normalize(scalars) : scalars, id: id)
      }
      .filter { !$0.scalars.isEmpty }.sorted { ($0.scalars.count, $1.id) > ($1.scalars.count, $0.id) }
    }
    rawTokens = literals(false)
    normalizedTokens = literals(true)
  }

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
    let scalars = Array(text.unicodeScalars)
    return pieces(of: scalars[...], rawTokens).flatMap { piece -> [[Int]] in
      switch piece {
      case .token(let id): return [[id]]
      case .text(let part):
        return pieces(of: CLIPTextSplitter.normalize(part)[...], normalizedTokens).flatMap { piece -> [[Int]] in
          switch piece {
          case .token(let id): return [[id]]
          case .text(let part):
            return CLIPTextSplitter.words(Array(part)).map { encoding.encode($0, unknown: unknownID) }
          }
        }
      }
    }
  }

  /// The id of a word that is one token; nil where the vocabulary lacks it.
  package func id(ofWord word: String) -> Int? { encoding.id(of: word + BytePairEncoding.endOfWord) }

  private func decode(_ ids: ArraySlice<Int>) -> String {
    ids.split { addedNames[$0] != nil }.map(encoding.decode).joined(separator: " ")
  }

  /// Cuts text at the literals in it, the leftmost first and the longest of those that begin together.
  private func pieces(of text: ArraySlice<Unicode.Scalar>, _ literals: [Literal]) -> [Piece] {
    if literals.isEmpty { return [.text(text)] }
    var pieces: [Piece] = []
    var start = text.startIndex
    var position = start
    while position < text.endIndex {
      guard let literal = literals.first(where: { text[position...].starts(with: $0.scalars) }) else {
        position += 1
        continue
      }
      if start < position { pieces.append(.text(text[start..<position])) }
      pieces.append(.token(literal.id))
      position += literal.scalars.count
      start = position
    }
    if start < position { pieces.append(.text(text[start..<position])) }
    return pieces
  }
}
