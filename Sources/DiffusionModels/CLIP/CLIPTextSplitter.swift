/// What CLIP's tokenizer does to text before byte-pair encoding: normalisation, then cutting into words.
///
/// Source: the normalizer and pre-tokenizer of transformers' CLIPTokenizer.
enum CLIPTextSplitter {
  /// Composed (NFC), every run of white space one space, in lower case character by character.
  static func normalize(_ text: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    for scalar in CanonicalComposition.compose(Array(text)) {
      if CharacterKind(scalar) == .space {
        if result.last != " " { result.append(" ") }
      } else if scalar.isASCII {
        result.append("A"..."Z" ~= scalar ? Unicode.Scalar(UInt8(scalar.value) + 0x20) : scalar)
      } else {
        result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
      }
    }
    return result
  }

  /// The words of normalised text, as UTF-8: contractions, runs of letters, single numerals, runs of anything else.
  static func words(_ text: [Unicode.Scalar]) -> [[UInt8]] {
    var words: [[UInt8]] = []
    var position = 0
    while position < text.count {
      let rest = text[position...]
      let count: Int
      if let contraction = contractions.first(where: rest.starts(with:)) {
        count = contraction.count
      } else if let name = quotedNames.first(where: rest.starts(with:)) {
        // "<|name|>" in one piece, then cut again by the same rules.
        words += [name.prefix(2), name.dropFirst(2).dropLast(2), name.suffix(2)].map(\.utf8Bytes)
        position += name.count
        continue
      } else {
        switch CharacterKind(text[position]) {
        case .space:
          position += 1
          continue
        case .letter: count = rest.prefix { CharacterKind($0) == .letter }.count
        case .numeral: count = 1
        case .other: count = rest.prefix { CharacterKind($0) == .other }.count
        }
      }
      words.append(rest.prefix(count).utf8Bytes)
      position += count
    }
    return words
  }

  private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.unicodeScalars) }
  private static let quotedNames = ["<|startoftext|>", "<|endoftext|>"].map { Array($0.unicodeScalars) }
}
