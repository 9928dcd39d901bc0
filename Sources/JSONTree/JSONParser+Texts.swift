import Diagnostics

/// Texts and their escapes.
extension JSONParser {
  /// Reads a text, whose opening quote is next.
  mutating func parseString() throws(Diagnostic) -> String {
    advance()
    let start = position
    while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { advance() }
    var text = Array(bytes[start..<position])
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        advance()
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): text += try parseEscape()
      case 0..<0x20:
        throw problem(
          "a text holds a control character",
          notes: [byte == 0x0A || byte == 0x0D ? "a line end in a text is written \\n" : "a tab is written \\t"])
      default:
        text.append(byte)
        advance()
      }
    }
    throw problem("the file ends within a text")
  }

  private mutating func parseEscape() throws(Diagnostic) -> [UInt8] {
    let letter = position + 1 < bytes.count ? bytes[position + 1] : 0
    if letter == UInt8(ascii: "u") { return Array(String(try parseScalar()).utf8) }
    guard let meant = Self.escapes[letter] else {
      throw problem("there is no such escape", notes: ["a backslash in a text is written twice"])
    }
    advance(2)
    return [meant]
  }

  /// `\u` and four digits, or the two of a character beyond U+FFFF.
  private mutating func parseScalar() throws(Diagnostic) -> Unicode.Scalar {
    guard let high = codeUnit(at: position) else { throw problem("'\\u' takes four hexadecimal digits") }
    if let scalar = Unicode.Scalar(high) {
      advance(6)
      return scalar
    }
    guard high < 0xDC00, let low = codeUnit(at: position + 6), 0xDC00..<0xE000 ~= low,
      let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    else {
      throw problem("half of a pair of escapes, such as \\ud83d\\ude00, stands alone")
    }
    advance(12)
    return scalar
  }

  /// The number of the escape `\uXXXX` at a place; nil where there is none.
  private func codeUnit(at place: Int) -> UInt32? {
    guard place + 6 <= bytes.count, bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u") else {
      return nil
    }
    return bytes[place + 2..<place + 6].reduce(UInt32?(0)) { value, byte in
      guard let value, let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
      return value << 4 | UInt32(digit)
    }
  }

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 0x08,
    UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
  ]
}
