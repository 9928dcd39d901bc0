/// A value to be written as YAML.
package indirect enum YAMLValue: Sendable, Hashable {
  /// Written in quotes where a YAML reader could take it for something else.
  case text(String)
  /// Written as it is: numbers, `true`, `false`.
  case plain(String)
  case list([YAMLValue])
  case mapping([YAMLField])

  /// A mapping of the fields that have a value.
  package static func mapping(_ fields: (String, YAMLValue?)...) -> YAMLValue {
    .mapping(fields.compactMap { key, value in value.map { YAMLField(key, $0) } })
  }
}

/// A key and its value.
package struct YAMLField: Sendable, Hashable {
  package let key: String
  package let value: YAMLValue

  package init(_ key: String, _ value: YAMLValue) {
    self.key = key
    self.value = value
  }
}

extension YAMLValue {
  /// The value as a YAML document that ends with a newline.
  ///
  /// Mappings that fit on a line are written in braces.
  package var document: String {
    switch self {
    case .mapping(let fields) where !fields.isEmpty: YAMLValue.block(fields, indent: 0)
    default: inline + "\n"
    }
  }

  private static let width = 120

  private static func block(_ fields: [YAMLField], indent: Int) -> String {
    var text = ""
    write(fields, indent: indent, into: &text)
    return text
  }

  private static func write(_ fields: [YAMLField], indent: Int, into text: inout String) {
    let margin = String(repeating: " ", count: indent)
    for field in fields {
      let key = margin + quoted(field.key) + ":"
      text += key
      if case .mapping(let inner) = field.value, !inner.isEmpty {
        let inline = field.value.holdsOnlyMappings ? nil : field.value.inline
        if let inline, length(key) + 1 + length(inline) <= width {
          text += " \(inline)\n"
        } else {
          text += "\n"
          write(inner, indent: indent + 2, into: &text)
        }
      } else {
        text += " "
        field.value.writeInline(into: &text)
        text += "\n"
      }
    }
  }

  /// In characters.
  private static func length(_ text: String) -> Int {
    text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.count
  }

  /// A mapping of mappings, such as `nodes`, is easier to read with an entry to a line.
  private var holdsOnlyMappings: Bool {
    guard case .mapping(let fields) = self else { return false }
    return fields.allSatisfy { if case .mapping = $0.value { true } else { false } }
  }

  private var inline: String {
    var text = ""
    writeInline(into: &text)
    return text
  }

  private func writeInline(into text: inout String) {
    switch self {
    case .plain(let plain): text += plain
    case .text(let content): text += YAMLValue.quoted(content)
    case .list(let items):
      text += "["
      for (index, item) in items.enumerated() {
        if index > 0 { text += ", " }
        item.writeInline(into: &text)
      }
      text += "]"
    case .mapping(let fields):
      text += "{"
      for (index, field) in fields.enumerated() {
        if index > 0 { text += ", " }
        text += YAMLValue.quoted(field.key)
        text += ": "
        field.value.writeInline(into: &text)
      }
      text += "}"
    }
  }

  // MARK: Texts

  private static func quoted(_ text: String) -> String {
    if isSafe(text) { return text }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      default: result += mustBeEscaped(scalar) ? escape(scalar) : String(scalar)
      }
    }
    return result + "\""
  }

  /// Whether every reader of YAML 1.1 or 1.2 takes `text` for itself without quotes, in braces too.
  private static func isSafe(_ text: String) -> Bool {
    guard let first = text.utf8.first,
      isLetter(first) || first == UInt8(ascii: "_") || first == UInt8(ascii: "$")
        || first == UInt8(ascii: "/"), text.utf8.last != UInt8(ascii: " "),
      text.utf8.count > 5 || !words.contains(text.lowercased())
    else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: " "), UInt8(ascii: "$"),
        UInt8(ascii: "(")...UInt8(ascii: "+"), UInt8(ascii: "-")...UInt8(ascii: "/"):
        true
      default: isLetter(byte)
      }
    }
  }

  /// Texts that some readers take for truth values or for nothing.
  private static let words: Set = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }

  /// Whether a character may stand in a file as it is, in a comment too.
  package static func canStand(_ scalar: Unicode.Scalar) -> Bool { scalar == "\t" || !mustBeEscaped(scalar) }

  private static func mustBeEscaped(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x00...0x1F, 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: true
    default: false
    }
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    let count = scalar.value <= 0xFF ? 2 : 4
    return (count == 2 ? "\\x" : "\\u") + String(repeating: "0", count: count - digits.count) + digits
  }
}
