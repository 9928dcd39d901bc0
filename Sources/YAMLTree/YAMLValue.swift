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
    let margin = String(repeating: " ", count: indent)
    var text = ""
    for field in fields {
      let key = margin + quoted(field.key) + ":"
      let inline = field.value.inline
      if case .mapping(let inner) = field.value, !inner.isEmpty,
        field.value.holdsOnlyMappings || key.count + 1 + inline.count > width
      {
        text += "\(key)\n\(block(inner, indent: indent + 2))"
      } else {
        text += "\(key) \(inline)\n"
      }
    }
    return text
  }

  /// A mapping of mappings, such as `nodes`, is easier to read with an entry to a line.
  private var holdsOnlyMappings: Bool {
    guard case .mapping(let fields) = self else { return false }
    return fields.allSatisfy { if case .mapping = $0.value { true } else { false } }
  }

  private var inline: String {
    switch self {
    case .plain(let text): text
    case .text(let text): YAMLValue.quoted(text)
    case .list(let items): "[" + items.map(\.inline).joined(separator: ", ") + "]"
    case .mapping(let fields):
      "{" + fields.map { "\(YAMLValue.quoted($0.key)): \($0.value.inline)" }.joined(separator: ", ") + "}"
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
    guard let first = text.unicodeScalars.first, isLetter(first) || "_$/".unicodeScalars.contains(first),
      text.unicodeScalars.last != " ", !words.contains(text.lowercased())
    else { return false }
    return text.unicodeScalars.allSatisfy { scalar in
      isLetter(scalar) || ("0"..."9").contains(scalar) || "_-./$()*+ ".unicodeScalars.contains(scalar)
    }
  }

  /// Texts that some readers take for truth values or for nothing.
  private static let words: Set = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
  }

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
