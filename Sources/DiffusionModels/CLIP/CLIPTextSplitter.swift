/// What CLIP's tokenizer does to text before byte-pair encoding: normalisation, then cutting into words.
///
/// Source: the normalizer and pre-tokenizer of transformers' CLIPTokenizer. Its regular expressions know the characters
/// of Unicode 16: later ones are neither letters nor numbers there.
enum CLIPTextSplitter {
  /// Composed (NFC), every run of white space one space, in lower case character by character.
  static func normalize(_ text: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    for scalar in CanonicalComposition.compose(Array(text)) {
      if kind(scalar) == .space {
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
        words += [utf8(name.prefix(2)), utf8(name.dropFirst(2).dropLast(2)), utf8(name.suffix(2))]
        position += name.count
        continue
      } else {
        switch kind(text[position]) {
        case .space:
          position += 1
          continue
        case .letter: count = rest.prefix { kind($0) == .letter }.count
        case .numeral: count = 1
        case .other: count = rest.prefix { kind($0) == .other }.count
        }
      }
      words.append(utf8(rest.prefix(count)))
      position += count
    }
    return words
  }

  private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.unicodeScalars) }
  private static let quotedNames = ["<|startoftext|>", "<|endoftext|>"].map { Array($0.unicodeScalars) }

  private static func utf8(_ scalars: some Sequence<Unicode.Scalar>) -> [UInt8] {
    scalars.flatMap { Array(UTF8.encode($0) ?? UTF8.encodedReplacementCharacter) }
  }

  private enum Kind { case space, letter, numeral, other }

  private static func kind(_ scalar: Unicode.Scalar) -> Kind {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      return isKnown(properties) ? .letter : .other
    case .decimalNumber, .letterNumber, .otherNumber:
      return isKnown(properties) ? .numeral : .other
    default:
      return properties.isWhitespace ? .space : .other
    }
  }

  private static func isKnown(_ properties: Unicode.Scalar.Properties) -> Bool {
    properties.age.map { $0.major <= 16 } ?? false
  }
}
