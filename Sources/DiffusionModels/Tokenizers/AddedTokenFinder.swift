/// Finds added tokens in text, the leftmost first and the longest of those that begin together.
///
/// Source: AddedVocabulary of huggingface/tokenizers, whose order of tests this keeps.
struct AddedTokenFinder: Sendable {
  enum Piece {
    case text(ArraySlice<Unicode.Scalar>)
    case token(Int)
  }

  private struct Literal: Sendable {
    let scalars: [Unicode.Scalar]
    let id: Int
    let isSingleWord, takesSpaceBefore, takesSpaceAfter: Bool
  }

  /// By their first characters, the longest first.
  private let literals: [Unicode.Scalar: [Literal]]

  /// Looks for `tokens` as `form` makes them of their contents.
  init(_ tokens: [AddedToken], ids: [String: Int], form: ([Unicode.Scalar]) -> [Unicode.Scalar]) {
    var literals: [Unicode.Scalar: [Literal]] = [:]
    for token in tokens {
      let scalars = form(Array(token.content.unicodeScalars))
      guard let first = scalars.first, let id = ids[token.content] else { continue }
      literals[first, default: []].append(
        Literal(
          scalars: scalars, id: id, isSingleWord: token.isSingleWord, takesSpaceBefore: token.takesSpaceBefore,
          takesSpaceAfter: token.takesSpaceAfter))
    }
    self.literals = literals.mapValues { alike in
      alike.sorted { ($0.scalars.count, $1.id) > ($1.scalars.count, $0.id) }
    }
  }

  /// The text cut at the tokens in it.
  func pieces(of text: some RandomAccessCollection<Unicode.Scalar>) -> [Piece] {
    let text = Array(text)
    if literals.isEmpty { return [.text(text[...])] }
    var pieces: [Piece] = []
    var (start, position) = (0, 0)
    while position < text.count {
      guard let literal = literals[text[position]]?.first(where: { text[position...].starts(with: $0.scalars) }) else {
        position += 1
        continue
      }
      var (low, high) = (position, position + literal.scalars.count)
      position = high
      let touchesWord = (low > 0 && isOfWord(text[low - 1])) || (high < text.count && isOfWord(text[high]))
      if literal.isSingleWord, touchesWord { continue }
      if literal.takesSpaceBefore {
        while low > start, text[low - 1].properties.isWhitespace { low -= 1 }
      }
      if literal.takesSpaceAfter {
        while high < text.count, text[high].properties.isWhitespace { high += 1 }
      }
      if start < low { pieces.append(.text(text[start..<low])) }
      pieces.append(.token(literal.id))
      start = high
    }
    if start < text.count { pieces.append(.text(text[start...])) }
    return pieces
  }

  /// What `\w` of a regular expression stands for (Unicode Technical Standard 18, annex C).
  private func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    if properties.isAlphabetic || properties.isJoinControl { return true }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
    default: return false
    }
  }
}
