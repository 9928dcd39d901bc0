import Diagnostics
import Foundation
import YAMLTree

/// A text of a workflow file in which `$(...)` stands for a value.
struct Literal {
  enum Piece {
    case text(String)
    case value(Interpolation)
  }

  var id: DocumentID
  var scalar: YAMLScalar
  var location: SourceLocation
  /// Neighbouring texts are joined; empty for an empty text.
  var pieces: [Piece]

  /// The expression, when it is the whole text and so keeps its type.
  var wholeExpression: Expression? {
    if pieces.count == 1, case .value(let value) = pieces[0], value.format == nil { value.expression } else { nil }
  }
}

extension Literal {
  /// A comment right after the text that does not look like one: no blank follows its `#`.
  var commentAfter: Located<String>? {
    let lines = location.file.lines
    guard lines.indices.contains(location.line - 1) else { return nil }
    let line = lines[location.line - 1].unicodeScalars.dropFirst(location.column - 1)
    guard line.starts(with: scalar.text.unicodeScalars) else { return nil }
    let rest = line.dropFirst(scalar.text.unicodeScalars.count)
    let comment = rest.drop { $0 == " " || $0 == "\t" }
    guard comment.count < rest.count || scalar.text.isEmpty, comment.first == "#", let next = comment.dropFirst().first,
      next != " ", next != "#", next != "\t"
    else { return nil }
    let column = location.column + line.count - comment.count
    let text = String(String.UnicodeScalarView(comment)).split(separator: " #")[0].trimmingCharacters(in: .whitespaces)
    return Located(text, at: SourceLocation(file: location.file, line: location.line, column: column))
  }
}

/// One `$(...)`.
struct Interpolation {
  var expression: Expression
  var format: ValueFormat?
  /// Where `$(` is written.
  var location: SourceLocation

  /// As it would be written.
  var text: String { "$(\(expression.text)\(format.map { ":" + $0.text } ?? ""))" }
}

extension Literal {
  /// As it would be written.
  var text: String {
    pieces.map { piece in
      switch piece {
      case .text(let text): Literal.escaped(text)
      case .value(let value): value.text
      }
    }.joined()
  }

  /// `text` as a literal that reads as itself.
  static func escaped(_ text: String) -> String { text.replacing("$(", with: "$$(") }

  /// Every name inside its `$(...)`, in the order they are written.
  var names: [Located<String>] {
    pieces.flatMap { piece in
      if case .value(let value) = piece { value.expression.names } else { [] as [Located<String>] }
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
  /// The column of the first scalar, less one.
  private let shift: Int
  /// How many scalars stand in the file as they are in the text.
  private let verbatimCount: Int
  private var position = 0

  init(_ scalar: YAMLScalar, at location: SourceLocation) {
    scalars = Array(scalar.text.unicodeScalars)
    self.location = location
    shift = location.column - 1 + (scalar.isPlain ? 0 : 1)
    let lines = location.file.lines
    let line = lines.indices.contains(location.line - 1) ? lines[location.line - 1] : ""
    verbatimCount = zip(scalars, line.unicodeScalars.dropFirst(shift)).prefix { $0 == $1 }.count
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
        var parser = ExpressionParser(scalars, from: position, place: place)
        pieces.append(.value(try parser.interpolation()))
        position = parser.position
      } else {
        text.append(scalars[position])
        position += 1
      }
    }
    if !text.isEmpty { pieces.append(.text(String(text))) }
    return pieces
  }

  private func starts(with text: String) -> Bool {
    scalars[position...].starts(with: text.unicodeScalars)
  }

  /// Where the scalar at `offset` is written, if the text stands in the file as it is; else where the text starts.
  private func place(_ offset: Int) -> SourceLocation {
    guard offset < verbatimCount || offset == scalars.count && offset == verbatimCount else { return location }
    return SourceLocation(file: location.file, line: location.line, column: shift + offset + 1)
  }
}

extension Unicode.Scalar {
  /// Letters and `_`, with which names begin.
  var isNameStart: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) || self == "_" }
  /// Letters, digits and `_`.
  var isNamePart: Bool { isNameStart || ("0"..."9").contains(self) }
}
