/// The tokens beside a vocabulary's pieces, at which a text is cut before anything else.
///
/// Source: AddedVocabulary of huggingface/tokenizers.
struct AddedVocabulary: Sendable {
  enum Piece {
    case token(Int)
    /// Text between tokens, normalised.
    case text([Unicode.Scalar])
  }

  private let ids: [String: Int]
  /// Names of ids that the vocabulary lacks.
  let names: [Int: String]
  /// Tokens to find in the text as it stands, and in the normalised text.
  private let rawTokens, normalizedTokens: AddedTokenFinder
  private let normalize: @Sendable (Substring.UnicodeScalarView) -> [Unicode.Scalar]

  /// `count` is that of the vocabulary, whose `id` a token has if it is a piece too; tokens without an id get the next ones.
  init(
    _ tokens: [AddedToken], count: Int, id: (String) -> Int?,
    normalize: @escaping @Sendable (Substring.UnicodeScalarView) -> [Unicode.Scalar]
  ) {
    var ids: [String: Int] = [:]
    var names: [Int: String] = [:]
    var last: [String: AddedToken] = [:]
    var nextID = max(count, (tokens.compactMap(\.id).max() ?? 0) + 1)
    for token in tokens {
      last[token.content] = token
      if ids[token.content] != nil { continue }
      if let id = id(token.content) {
        ids[token.content] = id
      } else {
        let id = token.id ?? nextID
        if token.id == nil { nextID += 1 }
        ids[token.content] = id
        names[id] = token.content
      }
    }
    (self.ids, self.names, self.normalize) = (ids, names, normalize)
    rawTokens = AddedTokenFinder(last.values.filter { !$0.isNormalized }, ids: ids) { $0 }
    normalizedTokens = AddedTokenFinder(last.values.filter(\.isNormalized), ids: ids) {
      normalize(Substring(String(String.UnicodeScalarView($0))).unicodeScalars)
    }
  }

  /// The id of an added token; nil for what is none.
  func id(of content: String) -> Int? { ids[content] }

  /// A text cut at the tokens in it.
  func pieces(of text: String) -> [Piece] {
    rawTokens.pieces(of: Array(text.unicodeScalars)).flatMap { piece -> [Piece] in
      switch piece {
      case .token(let id): return [.token(id)]
      case .text(let part):
        let normalized = normalize(Substring(String(String.UnicodeScalarView(part))).unicodeScalars)
        return normalizedTokens.pieces(of: normalized).map { piece in
          switch piece {
          case .token(let id): .token(id)
          case .text(let part): .text(Array(part))
          }
        }
      }
    }
  }
}
