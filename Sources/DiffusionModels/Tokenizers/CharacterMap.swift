import Safetensors

/// SentencePiece's map from characters as they are written to those that pieces are made of: a double-array trie of byte
/// strings, and what each is replaced by.
///
/// Bytes from a file: whatever they are, nothing is read outside of them. T5's map is NFKC with a few more replacements.
/// Layout: `precompiled_charsmap` of SentencePiece's normalizer_spec; the trie is darts-clone's.
struct CharacterMap: Sendable {
  private let units: [UInt32]
  /// Replacements, each ended by a zero.
  private let replacements: [UInt8]

  /// Throws `ModelError`, naming `source`, for bytes that are no such map.
  init(_ bytes: some RandomAccessCollection<UInt8>, source: String) throws {
    let bytes = Array(bytes)
    func unit(_ index: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << UInt32(8 * $1) } }
    guard bytes.count >= 4, case let size = Int(unit(0)), size % 4 == 0, size > 0, size <= bytes.count - 4 else {
      throw ModelError("\(source): the character map is malformed")
    }
    units = (1...size / 4).map(unit)
    replacements = Array(bytes[(4 + size)...])
  }

  /// The text with each character replaced by what the map has for it.
  ///
  /// A character of several scalars and fewer than 6 bytes is looked up as a whole first; of it and of each scalar the
  /// shortest beginning that the map knows counts for all of it.
  /// Source: `Precompiled` of huggingface/tokenizers, which transformers' T5Tokenizer uses, and which here differs from
  /// SentencePiece.
  func normalize(_ text: Substring.UnicodeScalarView) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    for character in Substring(text) {
      let scalars = character.unicodeScalars
      if scalars.count > 1, character.utf8.count < 6, let whole = replacement(of: character.utf8) {
        result += whole
        continue
      }
      for scalar in scalars {
        if let own = replacement(of: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter) {
          result += own
        } else {
          result.append(scalar)
        }
      }
    }
    return result
  }

  /// What stands for the shortest beginning of `key` in the trie; nil where none is.
  private func replacement(of key: some Sequence<UInt8>) -> String.UnicodeScalarView? {
    guard var position = units.first.map(Self.offset) else { return nil }
    for byte in key {
      if byte == 0 { return nil }
      position ^= Int(byte)
      guard units.indices.contains(position), units[position] & 0x8000_00FF == UInt32(byte) else { return nil }
      let hasLeaf = units[position] >> 8 & 1 == 1
      position ^= Self.offset(units[position])
      if hasLeaf {
        guard units.indices.contains(position) else { return nil }
        let first = Int(units[position] & 0x7FFF_FFFF)
        guard first <= replacements.count else { return nil }
        let text = replacements[first...].prefix { $0 != 0 }
        return String(decoding: text, as: UTF8.self).unicodeScalars
      }
    }
    return nil
  }

  private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }
}
