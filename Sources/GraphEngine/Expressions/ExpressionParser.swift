import Diagnostics
import Foundation
import YAMLTree

/// Reads one `$(...)`: an expression and perhaps a format.
///
/// ```
/// inside     = comparison [':' format] ')'
/// comparison = sum [('<' | '<=' | '>' | '>=' | '==' | '!=') sum]
/// sum        = product {('+' | '-') product}
/// product    = signed {('*' | '/') signed}
/// signed     = '-' signed | operand {'[' comparison ']'}
/// operand    = number | name | function '(' comparison {',' comparison} ')' | '(' comparison ')'
/// ```
struct ExpressionParser {
  private let scalars: [Unicode.Scalar]
  /// Where a scalar of the text is written.
  private let place: (Int) -> SourceLocation
  private(set) var position: Int
  /// Names and numbers so far.
  private var size = 0
  private var depth = 0

  /// Bounds what one expression may grow to, and how deep brackets, signs and functions stand in each other.
  private static let maximumSize = 100

  /// - Parameter start: where `$(` stands.
  init(_ scalars: [Unicode.Scalar], from start: Int, place: @escaping (Int) -> SourceLocation) {
    self.scalars = scalars
    self.place = place
    position = start + 2
  }

  /// Parses up to the closing bracket, after which `position` stands.
  mutating func interpolation() throws(Diagnostic) -> Interpolation {
    let start = place(position - 2)
    guard scalars[position...].contains(")") else {
      throw Diagnostic(
        "'$(' is not closed", at: start,
        notes: [
          "a ')' must follow; '$$(' stands for the two characters '$('",
          scalars[position...].contains("(") ? "in braces a comma ends a text without quotes" : nil,
        ].compactMap { $0 })
    }
    let value = try comparison()
    var format: ValueFormat?
    if take(":") { format = try self.format() }
    guard take(")") else { throw unexpected() }
    return Interpolation(expression: value, format: format, location: start)
  }

  private mutating func format() throws(Diagnostic) -> ValueFormat {
    let start = position
    while position < scalars.count, scalars[position] != ")" { position += 1 }
    let text = text(from: start).trimmingCharacters(in: .whitespaces)
    guard let format = ValueFormat(text) else {
      throw Diagnostic(
        "'\(text)' is no format", at: place(start),
        notes: ["'$(i:03)' pads with zeros to 3 places, '$(x:.2)' gives 2 digits after the point; at most 30 each"])
    }
    return format
  }

  private mutating func comparison() throws(Diagnostic) -> Expression {
    let left = try sum()
    guard let sign = sign(.comparison) else { return left }
    return .operation(sign, [left, try sum()], at: left.location)
  }

  private mutating func sum() throws(Diagnostic) -> Expression {
    var value = try product()
    while let sign = sign(.sum) { value = .operation(sign, [value, try product()], at: value.location) }
    return value
  }

  private mutating func product() throws(Diagnostic) -> Expression {
    var value = try signed()
    while let sign = sign(.product) { value = .operation(sign, [value, try signed()], at: value.location) }
    return value
  }

  private mutating func signed() throws(Diagnostic) -> Expression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumSize else {
      throw Diagnostic("'$(...)' is nested more than \(Self.maximumSize) deep", at: place(position))
    }
    skipBlanks()
    let start = position
    if take("-") { return .operation(.negated, [try signed()], at: place(start)) }
    var value = try operand()
    while take("[") {
      let index = try comparison()
      guard take("]") else { throw unexpected() }
      skipBlanks()
      value = .operation(.item, [value, index], at: value.location)
    }
    return value
  }

  private mutating func operand() throws(Diagnostic) -> Expression {
    let start = position
    if take("(") {
      let value = try comparison()
      guard take(")") else { throw unexpected() }
      skipBlanks()
      return value
    }
    guard position < scalars.count, scalars[position].isNamePart || scalars[position] == "." else { throw unexpected() }
    size += 1
    guard size <= Self.maximumSize else {
      throw Diagnostic("'$(...)' has more than \(Self.maximumSize) names and numbers", at: place(start))
    }
    if !scalars[position].isNameStart { return try number() }
    skip { $0.isNamePart }
    let word = text(from: start)
    skipBlanks()
    // A param may be called `min`.
    guard position < scalars.count, scalars[position] == "(" else { return .name(Located(word, at: place(start))) }
    return try call(word, at: start)
  }

  private mutating func call(_ word: String, at start: Int) throws(Diagnostic) -> Expression {
    guard let function = Operation.functions.first(where: { $0.rawValue == word }) else {
      let names = Operation.functions.map(\.rawValue)
      throw Diagnostic(
        "there is no function '\(word)'", at: place(start),
        notes: [nearestNameNote(to: word, among: names) ?? "functions are \(names.joined(separator: ", "))"],
        fix: Fix(replacing: word, by: nearestName(to: word, among: names), at: place(start)))
    }
    position += 1
    var operands = [try comparison()]
    while take(",") { operands.append(try comparison()) }
    guard take(")") else { throw unexpected() }
    skipBlanks()
    guard function.usage.count.contains(operands.count) else {
      throw Diagnostic("'\(word)' takes \(function.usage.text)", at: place(start))
    }
    return .operation(function, operands, at: place(start))
  }

  private mutating func number() throws(Diagnostic) -> Expression {
    let start = position
    func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
    skip(isDigit)
    if take(".") { skip(isDigit) }
    if position < scalars.count, "eE".unicodeScalars.contains(scalars[position]) {
      let mark = position
      position += 1
      if position < scalars.count, "+-".unicodeScalars.contains(scalars[position]) { position += 1 }
      if position < scalars.count, isDigit(scalars[position]) { skip(isDigit) } else { position = mark }
    }
    skip { $0.isNamePart }
    let word = text(from: start)
    let location = place(start)
    skipBlanks()
    switch (ValueType.int.read(word), ValueType.float.read(word)) {
    case (.success(.int(let number)), _): return .int(Located(number, at: location))
    case (_, .success(.float(let number))) where !word.utf8.allSatisfy({ (48...57).contains($0) }):
      return .float(Located(number, at: location))
    case (_, .success): throw Diagnostic("\(word) is out of the range of an int", at: location)
    default: throw Diagnostic("'\(word)' is neither a name nor a number", at: location)
    }
  }

  // MARK: Characters

  private mutating func sign(_ rank: Operation.Rank) -> Operation? {
    guard
      let sign = Operation.signs[rank]?.first(where: { sign in
        scalars[position...].starts(with: sign.rawValue.unicodeScalars)
      })
    else { return nil }
    position += sign.rawValue.utf8.count
    return sign
  }

  private mutating func take(_ wanted: Unicode.Scalar) -> Bool {
    guard position < scalars.count, scalars[position] == wanted else { return false }
    position += 1
    return true
  }

  private mutating func skip(_ condition: (Unicode.Scalar) -> Bool) {
    while position < scalars.count, condition(scalars[position]) { position += 1 }
  }

  private mutating func skipBlanks() { skip { $0 == " " } }

  private func text(from start: Int) -> String { String(String.UnicodeScalarView(scalars[start..<position])) }

  private func unexpected() -> Diagnostic {
    let found = position < scalars.count ? "'\(scalars[position])'" : "the end"
    return Diagnostic(
      "expected a name or a number in '$(...)', not \(found)", at: place(position),
      notes: [
        position < scalars.count ? Self.otherWays[scalars[position]] : nil,
        "'$(...)' takes params, loop indices and numbers, with '+', '-', '*', '/', brackets, comparisons and "
          + Operation.functions.map(\.rawValue).joined(separator: ", "),
      ].compactMap(\.self))
  }

  /// How to say what other languages have a sign for.
  private static let otherWays: [Unicode.Scalar: String] = [
    "%": "what is left of a division is 'a - b*floor(a/b)'", "^": "a power is a product: 'a*a'",
    "*": "a power is a product: 'a*a'", "?": "a choice is 'if(c, a, b)'", "=": "'==' tells whether two are equal",
    "&": "both of two conditions: 'if(a, b, a)'", "|": "one of two conditions: 'if(a, a, b)'",
    "!": "'!=' tells whether two differ", "'": "a text cannot be written here, but named: it is a param",
    "\"": "a text cannot be written here, but named: it is a param",
    "$": "names stand here without a sign of their own",
  ]
}
