import Diagnostics

/// Looking up the names of expressions, and finding their types.
extension Binder {
  struct TypedExpression {
    var expression: BoundExpression
    var type: ValueType
  }

  /// `expression` with its type; nil after a reported problem.
  func bind(_ expression: Expression, values: [String: NamedValue]) -> TypedExpression? {
    switch expression {
    case .int(let number): return TypedExpression(expression: .constant(.int(number.value)), type: .int)
    case .float(let number): return TypedExpression(expression: .constant(.float(number.value)), type: .float)
    case .name(let name): return look(up: name, values: values)
    case .operation(let operation, let operands, let location):
      // All operands are looked at, so that each problem is told.
      let bound = operands.map { bind($0, values: values) }
      let typed = bound.compactMap { $0 }
      guard typed.count == operands.count else { return nil }
      return bind(operation, typed, written: operands, at: location)
    }
  }

  private func look(up name: Located<String>, values: [String: NamedValue]) -> TypedExpression? {
    annotate(name, values: values)
    guard let value = values[name.value] else {
      let near = nearestNameNote(to: name.value, among: values.keys)
      let known = values.isEmpty ? nil : "known are \(values.keys.sorted().joined(separator: ", "))"
      collector.error(
        "there is no param or loop index '\(name.value)'", at: name.location, notes: [near ?? known],
        fix: Fix(replacing: name.value, by: nearestName(to: name.value, among: values.keys), at: name.location))
      return nil
    }
    switch value.content {
    case .known(let known): return TypedExpression(expression: .constant(known), type: value.type)
    case .register(let index): return TypedExpression(expression: .register(index), type: value.type)
    case .broken: return nil
    }
  }

  private func bind(
    _ operation: Operation, _ operands: [TypedExpression], written: [Expression], at location: SourceLocation
  ) -> TypedExpression? {
    guard let type = type(of: operation, operands.map(\.type), written: written, at: location) else { return nil }
    var expressions = operands.map(\.expression)
    // What may be an int or a float is a float, so that the type does not depend on the values.
    if type == .float, [.choice, .minimum, .maximum].contains(operation) {
      for index in expressions.indices where operands[index].type == .int {
        expressions[index] = .widened(expressions[index])
      }
    }
    let bound = BoundExpression.operation(operation, expressions)
    // What is constant is computed once. What fails is left, as it may be in the half of an 'if' that is never chosen,
    // and so is a quotient, as rounding looks at its parts.
    if bound.isConstant, operation != .over, let value = try? bound.evaluate([]) {
      return TypedExpression(expression: .constant(value), type: type)
    }
    return TypedExpression(expression: bound, type: type)
  }

  /// The type of what an operation gives; nil after a reported problem.
  private func type(
    of operation: Operation, _ types: [ValueType], written: [Expression], at location: SourceLocation
  ) -> ValueType? {
    func refuse(_ index: Int, _ wanted: String) -> ValueType? {
      collector.error("'\(written[index].text)' is \(types[index].nounPhrase); \(wanted)", at: written[index].location)
      return nil
    }
    switch operation {
    case .item:
      guard case .list(let item) = types[0] else { return refuse(0, "only lists have items") }
      return types[1] == .int ? item : refuse(1, "an item is named by an int")
    case .count:
      guard case .list = types[0] else { return refuse(0, "'len' takes a list") }
      return .int
    case .choice:
      guard types[0] == .bool else { return refuse(0, "a condition is true or false, such as 'i < 5'") }
      return commonType(types[1], types[2], written, at: location)
    case .equal where !types.allSatisfy(\.isNumeric), .unequal where !types.allSatisfy(\.isNumeric):
      guard types[0].isComparable else { return refuse(0, "only numbers, texts and booleans can be compared") }
      if types[0].isText == types[1].isText && types[0].isNumeric == types[1].isNumeric, types[1].isComparable {
        return .bool
      }
      return refuse(1, "'\(written[0].text)' is \(types[0].nounPhrase), with which it cannot be compared")
    default:
      if let other = types.firstIndex(where: { !$0.isNumeric }) {
        return refuse(other, "only numbers can be calculated with")
      }
    }
    switch operation {
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .unequal: return .bool
    case .floor, .ceil, .round: return .int
    case .over, .sqrt, .cos, .lerp: return .float
    default: return types.contains(.float) ? .float : .int
    }
  }

  private func commonType(
    _ first: ValueType, _ second: ValueType, _ written: [Expression], at location: SourceLocation
  ) -> ValueType? {
    if first.isNumeric, second.isNumeric { return first == second ? first : .float }
    if first == .path || second == .path {
      collector.error(
        "a path cannot be chosen with 'if'", at: location, notes: ["it is relative to where it is written"])
      return nil
    }
    if first == second { return first }
    if first.isText, second.isText { return .string }
    collector.error(
      "'if' chooses between \(first.nounPhrase) and \(second.nounPhrase), which no place takes both", at: location)
    return nil
  }
}

extension ValueType {
  /// For messages: "is a float".
  var nounPhrase: String { self == .int ? "an int" : "a \(name)" }

  var isNumeric: Bool { self == .int || self == .float }

  fileprivate var isText: Bool {
    switch self {
    case .string, .choice: true
    default: false
    }
  }

  fileprivate var isComparable: Bool { isNumeric || isText || self == .bool }
}
