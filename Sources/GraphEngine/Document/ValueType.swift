import Diagnostics
import Foundation

/// The type of a param, of a node's parameter or of an expression.
package indirect enum ValueType: Hashable, Sendable {
  case string, int, float, bool, path
  case choice([String])
  /// Of anything but paths and lists.
  case list(ValueType)

  init(_ type: ParameterType) {
    switch type {
    case .string: self = .string
    case .int: self = .int
    case .float: self = .float
    case .bool: self = .bool
    case .path: self = .path
    case .choice(let options): self = .choice(options)
    case .list(let item): self = .list(ValueType(item))
    }
  }

  package static let names = ["string", "int", "float", "bool", "path", "choice"]

  package var name: String {
    switch self {
    case .string: "string"
    case .int: "int"
    case .float: "float"
    case .bool: "bool"
    case .path: "path"
    case .choice: "choice"
    case .list(let item): "list of \(item.plural)"
    }
  }

  /// What the items of a list are; the type itself for any other.
  var item: ValueType { if case .list(let item) = self { item } else { self } }

  /// For messages: "takes an int".
  var description: String {
    switch self {
    case .string: "a string"
    case .int: "an int"
    case .float: "a number"
    case .bool: "true or false"
    case .path: "a path"
    case .choice(let options): "one of \(options.joined(separator: ", "))"
    case .list(let item): "a list of \(item.plural)"
    }
  }
}

extension ValueType {
  /// For messages: "a list of ints".
  var plural: String {
    switch self {
    case .string, .choice: "texts"
    case .int: "ints"
    case .float: "numbers"
    case .bool: "booleans"
    case .path: "paths"
    case .list: "lists"
    }
  }
}

/// Why a value does not fit: the part of a sentence after "takes", and notes.
struct TypeProblem: Error {
  var expectation: String
  var notes: [String] = []
  /// The right word that is nearest to the text.
  var nearest: String?
}

extension ValueType {
  /// Every int that a workflow can hold: any Int64 or UInt64.
  static let intRange = Int128(Int64.min)...Int128(UInt64.max)

  /// Reads `text` as this type, never guessing another one; paths and choices stay strings.
  ///
  /// The items of a list are separated by commas, those of a list of strings, which may hold commas, by `|`.
  func read(_ text: String) -> Result<ParameterValue, TypeProblem> {
    let shown = text.isEmpty ? "an empty text" : "'\(text)'"
    switch self {
    case .string, .path:
      return .success(.string(text))
    case .int:
      guard ValueType.isInteger(text) else {
        return .failure(TypeProblem(expectation: "\(description), not \(shown)"))
      }
      guard let number = Int128(text), ValueType.intRange.contains(number) else {
        return .failure(TypeProblem(expectation: "an int of 64 bits, not \(text)"))
      }
      return .success(.int(number))
    case .float:
      guard ValueType.isDecimal(text), let number = Double(text) else {
        return .failure(TypeProblem(expectation: "\(description), not \(shown)"))
      }
      guard number.isFinite else {
        return .failure(TypeProblem(expectation: "a number of at most 1.8e308, not \(shown)"))
      }
      return .success(.float(number == 0 ? 0 : number))
    case .bool:
      switch text {
      case "true": return .success(.bool(true))
      case "false": return .success(.bool(false))
      default: return .failure(TypeProblem(expectation: "\(description), not \(shown)"))
      }
    case .choice(let options):
      guard options.contains(text) else {
        let near = nearestName(to: text, among: options)
        return .failure(
          TypeProblem(
            expectation: "\(description), not \(shown)", notes: near.map { ["did you mean '\($0)'?"] } ?? [],
            nearest: near))
      }
      return .success(.string(text))
    case .list(let item):
      do throws(TypeProblem) {
        var values: [ParameterValue] = []
        for text in item.split(text) { values.append(try item.read(text).get()) }
        return .success(.list(values))
      } catch {
        return .failure(error)
      }
    }
  }

  /// The texts of several values of this type that stand in one; brackets around them are let pass.
  func split(_ text: String) -> [String] {
    var text = text.trimmingCharacters(in: .whitespaces)
    if separator == ",", text.hasPrefix("["), text.hasSuffix("]") {
      text = String(text.dropFirst().dropLast()).trimmingCharacters(in: .whitespaces)
      if text.isEmpty { return [] }
    }
    return text.split(separator: separator, omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// What stands between several values: texts and lists may hold commas.
  var separator: Character {
    switch self {
    case .string, .path, .list: "|"
    case .int, .float, .bool, .choice: ","
    }
  }

  /// An optional sign and digits.
  private static func isInteger(_ text: String) -> Bool {
    let digits = text.utf8.drop { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
    return text.utf8.count - digits.count <= 1 && !digits.isEmpty && digits.allSatisfy(isDigit)
  }

  /// Decimal notation, which leaves out `inf`, `nan` and hexadecimal.
  private static func isDecimal(_ text: String) -> Bool {
    text.utf8.contains(where: isDigit) && text.utf8.allSatisfy { isDigit($0) || "+-.eE".utf8.contains($0) }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
