/// A literal after reading by its declared type.
package enum ParameterValue: Sendable, Hashable {
  case string(String)
  /// Any Int64 or UInt64.
  case int(Int128)
  case float(Double)
  case bool(Bool)
  /// A path as the process can open it: absolute, or relative to the working directory.
  case path(String)
  case list([ParameterValue])
  /// An optional parameter that was left out.
  case absent

  /// The value as a workflow file would write it; floats in their shortest form, so that 7.0 is `7`.
  package var text: String {
    switch self {
    case .string(let text), .path(let text): text
    case .int(let number): String(number)
    case .float(let number):
      number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
    case .bool(let flag): String(flag)
    case .list(let items): "[\(items.map(\.text).joined(separator: ", "))]"
    case .absent: ""
    }
  }
}

/// Whether a path parameter names a file to read or one to write.
package enum PathRole: String, Sendable, Hashable { case read, write }

/// The type of a parameter, of a node or of a workflow file.
package indirect enum ParameterType: Sendable, Hashable {
  case string, int, float, bool
  case path(PathRole)
  case choice([String])
  /// Of strings, ints, floats, bools or choices; nodes alone have such parameters, params do not.
  case list(ParameterType)

  /// The name that workflow files and help texts use.
  package var name: String {
    switch self {
    case .string: "string"
    case .int: "int"
    case .float: "float"
    case .bool: "bool"
    case .path: "path"
    case .choice: "choice"
    case .list(let item): "list of \(item.name)"
    }
  }

  /// What a choice, or each item of a list of choices, is one of.
  package var options: [String]? {
    switch self {
    case .choice(let options): options
    case .list(let item): item.options
    default: nil
    }
  }

  /// The type with a choice in place of its string, for a parameter that has `options`.
  func limited(to options: [String]?) -> ParameterType {
    guard let options else { return self }
    if case .list(let item) = self { return .list(item.limited(to: options)) }
    return .choice(options)
  }
}

/// What a node says of one parameter.
package struct ParameterDeclaration: Sendable {
  package let name: String
  package let help: String
  package let type: ParameterType
  /// Nil: must be given, unless `isOptional`.
  package let defaultValue: ParameterValue?
  package let isOptional: Bool
  /// Inclusive bounds for numbers, those in a list too.
  package let min: Double?
  package let max: Double?
  /// The ints that the node can hold.
  package let integerRange: ClosedRange<Int128>?
  /// The outputs whose values depend on it; nil for all of them.
  package let reaches: Set<String>?
}

/// Swift types that a `Parameter` can have.
package protocol ParameterConvertible: Sendable {
  static var parameterType: ParameterType { get }
  /// The ints that the type can hold; nil for other types.
  static var integerRange: ClosedRange<Int128>? { get }
  var parameterValue: ParameterValue { get }
  /// Nil when the value is of another type or does not fit.
  init?(_ value: ParameterValue)
}

extension ParameterConvertible {
  package static var integerRange: ClosedRange<Int128>? { nil }
}

extension String: ParameterConvertible {
  package static var parameterType: ParameterType { .string }
  package var parameterValue: ParameterValue { .string(self) }
  package init?(_ value: ParameterValue) {
    switch value {
    case .string(let text), .path(let text): self = text
    default: return nil
    }
  }
}

extension Int: ParameterConvertible {
  package static var parameterType: ParameterType { .int }
  package static var integerRange: ClosedRange<Int128>? { Int128(Int.min)...Int128(Int.max) }
  package var parameterValue: ParameterValue { .int(Int128(self)) }
  package init?(_ value: ParameterValue) {
    guard case .int(let number) = value, let narrow = Int(exactly: number) else { return nil }
    self = narrow
  }
}

extension UInt64: ParameterConvertible {
  package static var parameterType: ParameterType { .int }
  package static var integerRange: ClosedRange<Int128>? { 0...Int128(UInt64.max) }
  package var parameterValue: ParameterValue { .int(Int128(self)) }
  package init?(_ value: ParameterValue) {
    guard case .int(let number) = value, let narrow = UInt64(exactly: number) else { return nil }
    self = narrow
  }
}

extension Double: ParameterConvertible {
  package static var parameterType: ParameterType { .float }
  package var parameterValue: ParameterValue { .float(self) }
  package init?(_ value: ParameterValue) {
    guard case .float(let number) = value else { return nil }
    self = number
  }
}

extension Bool: ParameterConvertible {
  package static var parameterType: ParameterType { .bool }
  package var parameterValue: ParameterValue { .bool(self) }
  package init?(_ value: ParameterValue) {
    guard case .bool(let flag) = value else { return nil }
    self = flag
  }
}

extension Array: ParameterConvertible where Element: ParameterConvertible {
  package static var parameterType: ParameterType { .list(Element.parameterType) }
  package static var integerRange: ClosedRange<Int128>? { Element.integerRange }
  package var parameterValue: ParameterValue { .list(map(\.parameterValue)) }
  package init?(_ value: ParameterValue) {
    guard case .list(let values) = value else { return nil }
    let items = values.compactMap { Element($0) }
    guard items.count == values.count else { return nil }
    self = items
  }
}
