/// JSON as bytes, written front to back: one value has one spelling, so texts can be hashed and compared.
struct JSONText {
  private(set) var bytes: [UInt8] = []

  var string: String { String(decoding: bytes, as: UTF8.self) }

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// Punctuation, or a fragment that was made earlier.
  mutating func append(raw fragment: [UInt8]) { bytes.append(contentsOf: fragment) }
  mutating func append(raw fragment: String) { bytes.append(contentsOf: fragment.utf8) }

  mutating func append(_ digest: ContentDigest) {
    bytes.append(UInt8(ascii: "\""))
    digest.appendHex(to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func append(_ number: Int128) {
    // Int writes its digits in a fraction of the time.
    let digits = Int(exactly: number).map(\.description) ?? number.description
    bytes.append(contentsOf: digits.utf8)
  }

  /// The shortest spelling that reads back as the same number; what JSON has no number for is a string.
  mutating func append(_ number: Double) {
    if number.isFinite {
      bytes.append(contentsOf: number.description.utf8)
    } else {
      append(number.description)
    }
  }

  mutating func append(_ flag: Bool) { append(raw: flag ? "true" : "false") }

  mutating func append(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case UInt8(ascii: "\n"): append(raw: "\\n")
      case UInt8(ascii: "\r"): append(raw: "\\r")
      case UInt8(ascii: "\t"): append(raw: "\\t")
      case 0..<0x20, 0x7f:
        let digits = String(byte, radix: 16)
        append(raw: "\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func append(_ value: ParameterValue) {
    switch value {
    case .string(let string), .path(let string): append(string)
    case .int(let number): append(number)
    case .float(let number): append(number)
    case .bool(let flag): append(flag)
    case .list(let items):
      append(raw: "[")
      for (number, item) in items.enumerated() {
        if number > 0 { append(raw: ",") }
        append(item)
      }
      append(raw: "]")
    case .absent: append(raw: "null")
    }
  }
}

extension ParameterValue {
  /// The value as descriptors spell it.
  var json: String {
    var text = JSONText()
    text.append(self)
    return text.string
  }
}
