/// Unicode normalisation form C as the reference tokenizer has it: with the data of Unicode 9.
///
/// Characters of later versions neither combine nor are reordered there. Swift's own normalisation is of a later version
/// and differs between toolchains, so it would give other token ids for some texts.
/// Source: Unicode Standard Annex 15; the Rust crate unicode-normalization-alignments.
enum CanonicalComposition {
  static func compose(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    // Every text of characters before the first combining mark, U+0300, is composed.
    if text.allSatisfy({ $0.value < 0x300 }) { return text }
    var decomposed: [Unicode.Scalar] = []
    for scalar in text { appendDecomposition(of: scalar, to: &decomposed) }
    sortMarks(&decomposed)
    return composed(decomposed)
  }

  private static func appendDecomposition(of scalar: Unicode.Scalar, to result: inout [Unicode.Scalar]) {
    if let syllable = Hangul.decompose(scalar) {
      result += syllable
    } else if let parts = data.decompositions[scalar] {
      for part in parts { appendDecomposition(of: part, to: &result) }
    } else {
      result.append(scalar)
    }
  }

  /// Puts every run of marks in the order of their combining classes, keeping the order within a class.
  private static func sortMarks(_ text: inout [Unicode.Scalar]) {
    var start = 0
    while start < text.count {
      guard combiningClass(text[start]) != 0 else {
        start += 1
        continue
      }
      let end = text[start...].firstIndex { combiningClass($0) == 0 } ?? text.count
      let sorted = text[start..<end].enumerated().sorted {
        (combiningClass($0.element), $0.offset) < (combiningClass($1.element), $1.offset)
      }
      text.replaceSubrange(start..<end, with: sorted.map(\.element))
      start = end
    }
  }

  private static func composed(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var starter: Int?
    var lastClass: UInt8 = 0
    for scalar in text {
      let combining = combiningClass(scalar)
      // A mark of the same or a higher class in between blocks; so does a starter.
      if let starter, lastClass < combining || starter == result.count - 1,
        let whole = Hangul.compose(result[starter], scalar) ?? data.compositions[[result[starter], scalar]]
      {
        result[starter] = whole
        continue
      }
      result.append(scalar)
      lastClass = combining
      if combining == 0 { starter = result.count - 1 }
    }
    return result
  }

  private static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
    if scalar.value < 0x300 { return 0 }
    let properties = scalar.properties
    let known = properties.age.map { $0.major <= 9 } ?? false
    return known ? properties.canonicalCombiningClass.rawValue : 0
  }

  private struct Data {
    var decompositions: [Unicode.Scalar: [Unicode.Scalar]] = [:]
    var compositions: [[Unicode.Scalar]: Unicode.Scalar] = [:]

    init() {
      for scalars in Self.entries(canonicalPairs) {
        decompositions[scalars[0]] = [scalars[1], scalars[2]]
        compositions[[scalars[1], scalars[2]]] = scalars[0]
      }
      for scalars in Self.entries(canonicalReplacements) { decompositions[scalars[0]] = Array(scalars.dropFirst()) }
    }

    /// Entries are separated by spaces, a character from its parts and these from each other by dots.
    private static func entries(_ text: String) -> [[Unicode.Scalar]] {
      text.split(whereSeparator: \.isWhitespace).map { entry in
        entry.split(separator: ".").compactMap { UInt32($0, radix: 16).flatMap(Unicode.Scalar.init) }
      }
    }
  }

  private static let data = Data()
}

/// Korean syllables, which combine by arithmetic (Unicode Standard, 3.12).
private enum Hangul {
  private static let (firstSyllable, firstLead, firstVowel, firstTail): (UInt32, UInt32, UInt32, UInt32) =
    (0xAC00, 0x1100, 0x1161, 0x11A7)
  private static let (leads, vowels, tails): (UInt32, UInt32, UInt32) = (19, 21, 28)

  static func decompose(_ syllable: Unicode.Scalar) -> [Unicode.Scalar]? {
    guard syllable.value >= firstSyllable, syllable.value < firstSyllable + leads * vowels * tails else { return nil }
    let index = syllable.value - firstSyllable
    let parts = [firstLead + index / (vowels * tails), firstVowel + index / tails % vowels, firstTail + index % tails]
    return (index % tails == 0 ? parts.dropLast() : parts).compactMap(Unicode.Scalar.init)
  }

  static func compose(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    let (a, b) = (first.value, second.value)
    if a >= firstLead, a < firstLead + leads, b >= firstVowel, b < firstVowel + vowels {
      return Unicode.Scalar(firstSyllable + ((a - firstLead) * vowels + b - firstVowel) * tails)
    }
    if a >= firstSyllable, a < firstSyllable + leads * vowels * tails, (a - firstSyllable) % tails == 0,
      b > firstTail, b < firstTail + tails
    {
      return Unicode.Scalar(a + b - firstTail)
    }
    return nil
  }
}
