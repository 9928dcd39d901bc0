/// A pull parser for JSON that is large or not to be trusted, such as a safetensors header.
///
/// Strict (RFC 8259), never recursive, and it shows duplicate keys to its caller instead of dropping one.
package struct JSONScanner {
  package struct Failure: Error { package let message: String }

  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Reads an object, calling `member` with each key; `member` must read the value.
  package mutating func object(_ member: (inout JSONScanner, String) throws -> Void) throws {
    try expect("{", "an object")
    if take("}") { return }
    repeat {
      let key = try string("a key in quotes")
      try expect(":", "':' after the key '\(key)'")
      try member(&self, key)
    } while take(",")
    try expect("}", "',' or '}'")
  }

  /// Reads an array, calling `element` before each value; `element` must read it.
  package mutating func array(_ element: (inout JSONScanner) throws -> Void) throws {
    try expect("[", "an array")
    if take("]") { return }
    repeat { try element(&self) } while take(",")
    try expect("]", "',' or ']'")
  }

  /// Reads an integer from 0 to Int.max.
  package mutating func count() throws -> Int {
    skipSpace()
    let start = position
    var value = 0
    while let byte = peek(), UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte {
      let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tenfold.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      if overflow || carry { throw failure("a number too large", at: start) }
      value = sum
      position += 1
    }
    let digits = position - start
    if digits == 0 || (digits > 1 && bytes[start] == UInt8(ascii: "0")) {
      throw failure("expected a whole number of 0 or more", at: start)
    }
    if let byte = peek(), [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(byte) {
      throw failure("expected a whole number of 0 or more", at: start)
    }
    return value
  }

  /// Reads a string, its escapes resolved.
  package mutating func string(_ expected: String = "a string") throws -> String {
    skipSpace()
    let start = position
    try expect("\"", expected)
    var text: [UInt8] = []
    while let byte = peek() {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw failure("a string that is not UTF-8", at: start)
        }
        return string
      case UInt8(ascii: "\\"): text.append(contentsOf: String(try escape()).utf8)
      case 0..<0x20: throw failure("a control character in a string", at: position - 1)
      default: text.append(byte)
      }
    }
    throw failure("a string without an end", at: start)
  }

  /// Whether a string comes next.
  package var isAtString: Bool {
    mutating get {
      skipSpace()
      return peek() == UInt8(ascii: "\"")
    }
  }

  /// Whether an array comes next.
  package var isAtArray: Bool {
    mutating get {
      skipSpace()
      return peek() == UInt8(ascii: "[")
    }
  }

  /// Reads a number.
  package mutating func number() throws -> Double {
    skipSpace()
    let start = position
    try skipWord()
    guard let number = Double(String(decoding: bytes[start..<position], as: UTF8.self)),
      bytes[start] != UInt8(ascii: "+")
    else { throw failure("expected a number", at: start) }
    return number
  }

  /// Passes over `null`, where that comes next.
  package mutating func takeNull() -> Bool { take(word: "null") }

  /// Reads `true` or `false`; nil where another value comes next.
  package mutating func takeFlag() -> Bool? { take(word: "true") ? true : take(word: "false") ? false : nil }

  private mutating func take(word: String) -> Bool {
    skipSpace()
    let rest = bytes[position...]
    guard rest.starts(with: word.utf8), !rest.dropFirst(word.utf8.count).prefix(1).contains(where: isWordByte) else {
      return false
    }
    position += word.utf8.count
    return true
  }

  /// Passes over one value of any kind, checking no more than its strings and brackets.
  package mutating func skipValue() throws {
    var open: [UInt8] = []
    repeat {
      skipSpace()
      guard let byte = peek() else { throw failure("expected a value", at: position) }
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        open.append(byte)
        position += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        // '{' and '}' differ by 2, as do '[' and ']'.
        guard let opener = open.popLast(), byte == opener + 2 else {
          throw failure("an unexpected bracket", at: position)
        }
        position += 1
      case UInt8(ascii: "\""): _ = try string()
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        if open.isEmpty { throw failure("expected a value", at: position) }
        position += 1
      default: try skipWord()
      }
    } while !open.isEmpty
  }

  /// Throws unless only white space is left.
  package mutating func end() throws {
    skipSpace()
    if position < bytes.count { throw failure("unexpected text after the value", at: position) }
  }

  package func failure(_ message: String) -> Failure { failure(message, at: position) }

  // MARK: - Characters

  private func failure(_ message: String, at offset: Int) -> Failure {
    Failure(message: "\(message) (byte \(offset) of the JSON)")
  }

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = peek(), [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar, _ expected: String) throws {
    if !take(character) { throw failure("expected \(expected)", at: position) }
  }

  /// A number, `true`, `false` or `null`.
  private mutating func skipWord() throws {
    let start = position
    while let byte = peek(), isWordByte(byte) { position += 1 }
    if position == start { throw failure("an unexpected character", at: position) }
  }

  private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  private mutating func escape() throws -> Unicode.Scalar {
    let start = position - 1
    guard let byte = peek() else { throw failure("a string without an end", at: start) }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: throw failure("an unknown escape in a string", at: start)
    }
    var value = try hexQuad(start)
    if 0xD800..<0xDC00 ~= value {
      guard peek() == UInt8(ascii: "\\"), position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "u") else {
        throw failure("half a surrogate pair in a string", at: start)
      }
      position += 2
      let low = try hexQuad(start)
      guard 0xDC00..<0xE000 ~= low else { throw failure("half a surrogate pair in a string", at: start) }
      value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(value) else { throw failure("half a surrogate pair in a string", at: start) }
    return scalar
  }

  private mutating func hexQuad(_ start: Int) throws -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw failure("expected four hexadecimal digits after \\u", at: start)
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
