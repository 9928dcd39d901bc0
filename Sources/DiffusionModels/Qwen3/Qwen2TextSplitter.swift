/// How Qwen's tokenizers cut text into words before byte-pair encoding.
///
/// Source: the regular expression of transformers' Qwen2Tokenizer, whose alternatives stand here in their order.
enum Qwen2TextSplitter {
  /// The words of composed text, as UTF-8; together they are all of it.
  static func words(_ text: [Unicode.Scalar]) -> [[UInt8]] {
    let kinds = text.map { CharacterKind($0) }
    var (words, position) = ([[UInt8]](), 0)
    while position < text.count {
      let end = endOfWord(text, kinds, from: position)
      words.append(text[position..<end].utf8Bytes)
      position = end
    }
    return words
  }

  private static func endOfWord(_ text: [Unicode.Scalar], _ kinds: [CharacterKind], from start: Int) -> Int {
    func end(of kind: CharacterKind, from start: Int) -> Int {
      kinds[start...].firstIndex { $0 != kind } ?? text.count
    }
    if let count = contraction(text[start...]) { return start + count }
    let isLineEnd = { (position: Int) in text[position] == "\r" || text[position] == "\n" }
    // Letters, with one sign or space before them.
    if kinds[start] == .letter { return end(of: .letter, from: start) }
    if kinds[start] != .numeral, !isLineEnd(start), start + 1 < text.count, kinds[start + 1] == .letter {
      return end(of: .letter, from: start + 1)
    }
    if kinds[start] == .numeral { return start + 1 }
    // Signs, with one space before them and line ends behind.
    let sign = text[start] == " " ? start + 1 : start
    if sign < text.count, kinds[sign] == .other {
      return (end(of: .other, from: sign)..<text.count).first { !isLineEnd($0) } ?? text.count
    }
    // White space up to its last line end; else all but the last of it, unless the text ends.
    let spaces = start..<end(of: .space, from: start)
    if let last = spaces.last(where: isLineEnd) { return last + 1 }
    return spaces.upperBound == text.count || spaces.count == 1 ? spaces.upperBound : spaces.upperBound - 1
  }

  private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.unicodeScalars) }

  /// How long the contraction is that the text begins with, in any case.
  private static func contraction(_ text: ArraySlice<Unicode.Scalar>) -> Int? {
    guard text.first == "'" else { return nil }
    let folded = text.prefix(3).map { scalar -> Unicode.Scalar in
      // The long s is an s in another case.
      if scalar == "\u{17F}" { return "s" }
      return "A"..."Z" ~= scalar ? Unicode.Scalar(UInt8(scalar.value) + 0x20) : scalar
    }
    return contractions.first { folded.starts(with: $0) }?.count
  }
}
