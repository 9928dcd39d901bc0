/// A value to be written as JSON.
package indirect enum JSONValue: Sendable, Hashable {
  case text(String)
  /// Written as it is: numbers, `true`, `false`, `null`.
  case plain(String)
  case list([JSONValue])
  case object([JSONField])

  /// The value on one line.
  package var line: String {
    switch self {
    case .text(let text): Self.quoted(text)
    case .plain(let text): text
    case .list(let items): "[\(items.map(\.line).joined(separator: ", "))]"
    case .object(let fields): "{\(fields.map { "\(Self.quoted($0.key)): \($0.value.line)" }.joined(separator: ", "))}"
    }
  }

  /// The value as a document that ends with a newline, with a line for each entry of its objects down to `depth`.
  package func document(depth: Int) -> String { pretty(depth: depth, indent: 0) + "\n" }

  private func pretty(depth: Int, indent: Int) -> String {
    guard depth > 0, case .object(let fields) = self, !fields.isEmpty else { return line }
    let margin = String(repeating: " ", count: indent + 2)
    let lines = fields.map {
      "\(margin)\(Self.quoted($0.key)): \($0.value.pretty(depth: depth - 1, indent: indent + 2))"
    }
    return "{\n\(lines.joined(separator: ",\n"))\n\(String(repeating: " ", count: indent))}"
  }

  /// With escapes for all that is not ASCII, as text chunks of PNG files hold no more than Latin-1.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for unit in text.utf16 {
      switch unit {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x0A: result += "\\n"
      case 0x0D: result += "\\r"
      case 0x09: result += "\\t"
      case 0x20..<0x7F: result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
      default:
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return result + "\""
  }
}

/// A key and its value.
package struct JSONField: Sendable, Hashable {
  package let key: String
  package let value: JSONValue

  package init(_ key: String, _ value: JSONValue) { (self.key, self.value) = (key, value) }
}
