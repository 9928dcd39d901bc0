import Foundation

/// The expressions of ComfyMathExpression: Python's arithmetic on numbers, with the functions that have one meaning for them.
struct MathExpression {
  private let characters: [Character]
  private let names: [String: Double]
  private var position = 0
  private var depth = 0

  private static let depthLimit = 64

  /// The number that a text stands for; nil for one that is no such expression, or has no value.
  static func value(of text: String, names: [String: Double]) -> Double? {
    var expression = MathExpression(characters: Array(text), names: names)
    guard text.count <= 1000, let value = expression.sum() else { return nil }
    expression.skipBlanks()
    return expression.position == expression.characters.count ? value : nil
  }

  private mutating func skipBlanks() {
    while position < characters.count, characters[position].isWhitespace { position += 1 }
  }

  private mutating func take(_ text: String) -> Bool {
    skipBlanks()
    guard characters[position...].starts(with: text) else { return false }
    position += text.count
    return true
  }

  private mutating func sum() -> Double? {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit, var value = product() else { return nil }
    while true {
      if take("+") {
        guard let other = product() else { return nil }
        value += other
      } else if take("-") {
        guard let other = product() else { return nil }
        value -= other
      } else {
        return value
      }
    }
  }

  private mutating func product() -> Double? {
    guard var value = signed() else { return nil }
    while true {
      if take("//") {
        guard let other = signed(), other != 0 else { return nil }
        value = (value / other).rounded(.down)
      } else if take("/") {
        guard let other = signed(), other != 0 else { return nil }
        value /= other
      } else if take("%") {
        guard let other = signed(), other != 0 else { return nil }
        value -= (value / other).rounded(.down) * other
      } else if !characters[position...].starts(with: "**"), take("*") {
        guard let other = signed() else { return nil }
        value *= other
      } else {
        return value
      }
    }
  }

  private mutating func signed() -> Double? {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { return nil }
    if take("-") { return signed().map { -$0 } }
    if take("+") { return signed() }
    guard let base = atom() else { return nil }
    skipBlanks()
    guard take("**") else { return base }
    return signed().map { pow(base, $0) }
  }

  private mutating func atom() -> Double? {
    if take("(") {
      guard let value = sum(), take(")") else { return nil }
      return value
    }
    skipBlanks()
    let start = position
    while position < characters.count, characters[position].isNumber || characters[position] == "." { position += 1 }
    if position > start { return Double(String(characters[start..<position])) }
    while position < characters.count,
      characters[position].isLetter || characters[position].isNumber || characters[position] == "_"
    {
      position += 1
    }
    let name = String(characters[start..<position])
    if take("(") { return call(name) }
    return names[name]
  }

  private mutating func call(_ name: String) -> Double? {
    var arguments: [Double] = []
    repeat {
      guard let value = sum() else { return nil }
      arguments.append(value)
    } while take(",")
    guard take(")") else { return nil }
    switch (name, arguments.count) {
    case ("min", 2...): return arguments.min()
    case ("max", 2...): return arguments.max()
    case ("abs", 1): return abs(arguments[0])
    case ("round", 1): return arguments[0].rounded(.toNearestOrEven)
    case ("floor", 1): return arguments[0].rounded(.down)
    case ("ceil", 1): return arguments[0].rounded(.up)
    case ("int", 1): return arguments[0].rounded(.towardZero)
    case ("float", 1): return arguments[0]
    case ("sqrt", 1): return arguments[0] < 0 ? nil : arguments[0].squareRoot()
    case ("pow", 2): return pow(arguments[0], arguments[1])
    default: return nil
    }
  }
}
