import Diagnostics
import YAMLTree

/// A text of a workflow file in which `$(...)` stands for a value.
struct Literal {
  enum Piece {
    case text(String)
    case expression(Expression, SourceLocation)
  }

  var id: DocumentID
  var scalar: YAMLScalar
  var location: SourceLocation
  /// Neighbouring texts are joined; empty for an empty text.
  var pieces: [Piece]

  /// The expression, when it is the whole text and so keeps its type.
  var wholeExpression: Expression? {
    if pieces.count == 1, case .expression(let expression, _) = pieces[0] { expression } else { nil }
  }
}

extension Literal {
  /// Every name inside its `$(...)`, in the order they are written.
  var names: [Located<String>] {
    pieces.flatMap { piece in
      if case .expression(let expression, _) = piece { expression.names } else { [] as [Located<String>] }
    }
  }
}

/// What stands inside `$(...)`: a name, or integers joined by `+`, `-`, `*`, `min(a, b)` and `max(a, b)`.
indirect enum Expression {
  case name(Located<String>)
  case number(Int128)
  case operation(Operator, Expression, Expression)

  var names: [Located<String>] {
    switch self {
    case .name(let name): [name]
    case .number: []
    case .operation(_, let left, let right): left.names + right.names
    }
  }

  enum Operator: String {
    case plus = "+"
    case minus = "-"
    case times = "*"
    case minimum = "min"
    case maximum = "max"

    /// Written before its operands, in brackets, instead of between them.
    var isFunction: Bool { self == .minimum || self == .maximum }

    /// Nil on overflow.
    func apply(_ left: Int128, _ right: Int128) -> Int128? {
      let (value, overflow) =
        switch self {
        case .plus: left.addingReportingOverflow(right)
        case .minus: left.subtractingReportingOverflow(right)
        case .times: left.multipliedReportingOverflow(by: right)
        case .minimum: (min(left, right), false)
        case .maximum: (max(left, right), false)
        }
      return overflow ? nil : value
    }
  }
}

extension Literal {
  /// Splits the text at its `$(...)`; problems are collected, and nil returned.
  init?(_ scalar: YAMLScalar, at location: SourceLocation, id: DocumentID, into collector: DiagnosticCollector) {
    var parser = LiteralParser(scalar, at: location)
    do throws(Diagnostic) {
      self.init(id: id, scalar: scalar, location: location, pieces: try parser.pieces())
    } catch {
      collector.add(error)
      return nil
    }
  }
}

private struct LiteralParser {
  private let scalars: [Unicode.Scalar]
  private let location: SourceLocation
  private let isPlain: Bool
  private var position = 0
  /// Names, numbers and functions of the expression now being parsed.
  private var factorCount = 0

  /// Bounds what one expression may grow to, and with it how deep functions stand in each other.
  private static let maximumFactors = 100

  init(_ scalar: YAMLScalar, at location: SourceLocation) {
    self.scalars = Array(scalar.text.unicodeScalars)
    self.location = location
    self.isPlain = scalar.isPlain
  }

  mutating func pieces() throws(Diagnostic) -> [Literal.Piece] {
    var pieces: [Literal.Piece] = []
    var text = String.UnicodeScalarView()
    while position < scalars.count {
      if starts(with: "$$(") {
        text.append(contentsOf: "$(".unicodeScalars)
        position += 3
      } else if starts(with: "$(") {
        if !text.isEmpty { pieces.append(.text(String(text))) }
        text = String.UnicodeScalarView()
        let start = place(position)
        position += 2
        pieces.append(.expression(try expression(from: start), start))
      } else {
        text.append(scalars[position])
        position += 1
      }
    }
    if !text.isEmpty { pieces.append(.text(String(text))) }
    return pieces
  }

  /// Parses `term (('+' | '-') term)* ')'`.
  private mutating func expression(from start: SourceLocation) throws(Diagnostic) -> Expression {
    guard scalars[position...].contains(")") else {
      throw Diagnostic(
        "'$(' is not closed", at: start,
        notes: [
          "a ')' must follow; '$$(' stands for the two characters '$('",
          scalars[position...].contains("(") ? "in braces a comma ends a text without quotes" : nil,
        ].compactMap { $0 })
    }
    factorCount = 0
    let value = try sum()
    guard take(")") else { throw unexpected() }
    return value
  }

  private mutating func sum() throws(Diagnostic) -> Expression {
    var value = try term()
    while let sign = symbol(.plus, .minus) { value = .operation(sign, value, try term()) }
    return value
  }

  private mutating func term() throws(Diagnostic) -> Expression {
    var value = try factor()
    while let sign = symbol(.times) { value = .operation(sign, value, try factor()) }
    return value
  }

  private mutating func factor() throws(Diagnostic) -> Expression {
    skipBlanks()
    let start = position
    while position < scalars.count, scalars[position].isNamePart { position += 1 }
    let word = String(String.UnicodeScalarView(scalars[start..<position]))
    guard let first = word.unicodeScalars.first else { throw unexpected() }
    factorCount += 1
    guard factorCount <= Self.maximumFactors else {
      throw Diagnostic(
        "'$(...)' has more than \(Self.maximumFactors) names and numbers", at: place(start))
    }
    if first.isNameStart {
      skipBlanks()
      // A param may be called `min`.
      if let function = Expression.Operator(rawValue: word), take("(") { return try call(of: function, at: start) }
      return .name(Located(word, at: place(start)))
    }
    guard case .success(.int(let number)) = ScalarType.int.read(word) else {
      throw Diagnostic("'\(word)' is neither a name nor an int", at: place(start))
    }
    skipBlanks()
    return .number(number)
  }

  /// Parses what follows `min(`.
  private mutating func call(of function: Expression.Operator, at start: Int) throws(Diagnostic) -> Expression {
    let first = try sum()
    guard take(",") else { throw wrongCount(function, at: start) }
    let second = try sum()
    if position < scalars.count, scalars[position] == "," { throw wrongCount(function, at: start) }
    guard take(")") else { throw unexpected() }
    skipBlanks()
    return .operation(function, first, second)
  }

  private func wrongCount(_ function: Expression.Operator, at start: Int) -> Diagnostic {
    Diagnostic("'\(function.rawValue)' takes two ints, as in '\(function.rawValue)(a, b)'", at: place(start))
  }

  private mutating func symbol(_ accepted: Expression.Operator...) -> Expression.Operator? {
    guard position < scalars.count, let symbol = Expression.Operator(rawValue: String(scalars[position])),
      accepted.contains(symbol)
    else { return nil }
    position += 1
    return symbol
  }

  private mutating func take(_ wanted: Unicode.Scalar) -> Bool {
    guard position < scalars.count, scalars[position] == wanted else { return false }
    position += 1
    return true
  }

  private func unexpected() -> Diagnostic {
    let found = position < scalars.count ? "'\(scalars[position])'" : "the end"
    return Diagnostic(
      "expected a name or a number in '$(...)', not \(found)", at: place(position),
      notes: ["'$(...)' takes a param or loop index, and for ints '+', '-', '*', 'min(a, b)' and 'max(a, b)'"])
  }

  private mutating func skipBlanks() {
    while position < scalars.count, scalars[position] == " " { position += 1 }
  }

  private func starts(with text: String) -> Bool {
    scalars[position...].starts(with: text.unicodeScalars)
  }

  /// Where the scalar at `offset` is written, if the text stands in the file as it is; else where the text starts.
  private func place(_ offset: Int) -> SourceLocation {
    guard location.file.lines.indices.contains(location.line - 1) else { return location }
    let line = location.file.lines[location.line - 1].unicodeScalars
    let shift = location.column - 1 + (isPlain ? 0 : 1)
    guard line.dropFirst(shift).starts(with: scalars[..<min(offset + 1, scalars.count)]) else { return location }
    return SourceLocation(file: location.file, line: location.line, column: shift + offset + 1)
  }
}

extension Unicode.Scalar {
  /// Letters and `_`, with which names begin.
  var isNameStart: Bool { isASCII && properties.isAlphabetic || self == "_" }
  /// Letters, digits and `_`.
  var isNamePart: Bool { isNameStart || ("0"..."9").contains(self) }
}
