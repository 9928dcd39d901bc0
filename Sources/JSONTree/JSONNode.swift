import Diagnostics

/// A value of a JSON document, and where it is written.
package struct JSONNode: Sendable {
  package enum Content: Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONNode])
    case object(JSONObject)
  }

  package let content: Content
  package let location: SourceLocation

  package init(_ content: Content, at location: SourceLocation) {
    self.content = content
    self.location = location
  }

  package var isNull: Bool { if case .null = content { true } else { false } }

  package var bool: Bool? { if case .bool(let flag) = content { flag } else { nil } }

  package var number: JSONNumber? { if case .number(let number) = content { number } else { nil } }

  package var string: String? { if case .string(let string) = content { string } else { nil } }

  package var array: [JSONNode]? { if case .array(let items) = content { items } else { nil } }

  package var object: JSONObject? { if case .object(let object) = content { object } else { nil } }

  /// The value of a key; nil where there is none, and where the value is no object.
  package subscript(key: String) -> JSONNode? { object?[key] }

  /// What the value is, for messages: "a number".
  package var kind: String {
    switch content {
    case .null: "null"
    case .bool: "true or false"
    case .number: "a number"
    case .string: "a text"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

/// Keys and values in the order they are written; every key once.
package struct JSONObject: Sendable {
  package let entries: [JSONEntry]
  private let places: [String: Int]

  init(_ entries: [JSONEntry]) {
    self.entries = entries
    places = Dictionary(entries.enumerated().map { ($1.key.value, $0) }, uniquingKeysWith: { first, _ in first })
  }

  package subscript(key: String) -> JSONNode? { places[key].map { entries[$0].value } }
}

package struct JSONEntry: Sendable {
  package let key: Located<String>
  package let value: JSONNode
}

/// A number as it is written, so that none of its digits is lost.
///
/// `NaN`, `Infinity` and `-Infinity` are numbers too: JSON has none of them, but Python's `json` writes them.
package struct JSONNumber: Sendable, Hashable {
  package let text: String

  package init(text: String) { self.text = text }

  /// The value of a whole number of 64 bits, signed or not, which may be written as 20, 20.0 or 2e1; nil for any other.
  package var integer: Int128? {
    if let whole = Int128(text) {
      return Self.range.contains(whole) ? whole : nil
    }
    guard let double, double == double.rounded(), double.magnitude < 0x1p53 else { return nil }
    return Int128(double)
  }

  /// The nearest double; nil for what is no finite number.
  package var double: Double? {
    guard let number = Double(text), number.isFinite else { return nil }
    return number
  }

  private static let range = Int128(Int64.min)...Int128(UInt64.max)
}

/// Bounds that keep a hostile file from using up memory or time.
package struct JSONLimits: Sendable {
  package var bytes = 8 << 20
  package var depth = 64
  /// Keys not counted.
  package var values = 200_000

  package init() {}
}
