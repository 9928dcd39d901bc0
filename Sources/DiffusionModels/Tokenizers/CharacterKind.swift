/// What the regular expressions of byte-level tokenizers tell apart: `\s`, `\p{L}`, `\p{N}` and the rest.
///
/// Those of huggingface/tokenizers know the characters of Unicode 16: later ones are neither letters nor numbers there.
enum CharacterKind {
  case space, letter, numeral, other

  init(_ scalar: Unicode.Scalar) {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      self = Self.isKnown(properties) ? .letter : .other
    case .decimalNumber, .letterNumber, .otherNumber:
      self = Self.isKnown(properties) ? .numeral : .other
    default:
      self = properties.isWhitespace ? .space : .other
    }
  }

  private static func isKnown(_ properties: Unicode.Scalar.Properties) -> Bool {
    properties.age.map { $0.major <= 16 } ?? false
  }
}

extension Sequence<Unicode.Scalar> {
  var utf8Bytes: [UInt8] { flatMap { Array(UTF8.encode($0) ?? UTF8.encodedReplacementCharacter) } }
}
