import Foundation

/// An expression with its names looked up and its types checked.
indirect enum BoundExpression {
  case constant(ParameterValue)
  case register(Int)
  /// An int where a float is expected.
  case widened(BoundExpression)
  case operation(Operation, [BoundExpression])

  var isConstant: Bool {
    switch self {
    case .constant: true
    case .register: false
    case .widened(let operand): operand.isConstant
    case .operation(_, let operands): operands.allSatisfy(\.isConstant)
    }
  }

  /// The value; `registers` holds the loop indices, and what depends on them.
  ///
  /// Ints are exact, floats are doubles. Throws for a division by zero, an item that a list does not have, an int out of
  /// range and a float that is no number; of `if`, only the value that is chosen is looked at.
  func evaluate(_ registers: [ParameterValue]) throws(ValueProblem) -> ParameterValue {
    switch self {
    case .constant(let value): return value
    case .register(let index): return registers[index]
    case .widened(let operand):
      let value = try operand.evaluate(registers)
      guard case .int(let number) = value else { return value }
      return .float(number.nearestDouble)
    case .operation(let operation, let operands): return try operation.apply(operands, registers)
    }
  }
}

extension Operation {
  fileprivate func apply(
    _ operands: [BoundExpression], _ registers: [ParameterValue]
  ) throws(ValueProblem) -> ParameterValue {
    let first = try isRounding ? quotient(operands[0], registers) : operands[0].evaluate(registers)
    switch self {
    case .choice:
      guard case .bool(true) = first else { return try operands[2].evaluate(registers) }
      return try operands[1].evaluate(registers)
    case .minimum, .maximum:
      var best = first
      for operand in operands.dropFirst() {
        let next = try operand.evaluate(registers)
        if Number(next).isLess(than: Number(best)) == (self == .minimum) { best = next }
      }
      return best
    case .count: return .int(Int128(first.items.count))
    case .item: return try item(of: first.items, at: try operands[1].evaluate(registers))
    case .lerp:
      let (end, part) = (try operands[1].evaluate(registers), try operands[2].evaluate(registers))
      let value = lerp(Number(first).double, Number(end).double, Number(part).double)
      return try finite(value) { "lerp(\(first.text), \(end.text), \(part.text))" }
    case .negated: return try negated(first)
    case .floor, .ceil, .round: return try rounded(first)
    case .abs: return Number(first).isNegative ? try negated(first) : first
    case .sqrt: return try finite(Number(first).double.squareRoot()) { "sqrt(\(first.text))" }
    case .cos: return .float(Foundation.cos(Number(first).double))
    case .plus, .minus, .times, .over: return try calculated(first, try operands[1].evaluate(registers))
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .unequal:
      return .bool(holds(first, try operands[1].evaluate(registers)))
    }
  }

  private var isRounding: Bool { self == .floor || self == .ceil || self == .round }

  // MARK: Numbers

  private func calculated(_ first: ParameterValue, _ second: ParameterValue) throws(ValueProblem) -> ParameterValue {
    if self == .over, Number(second).double == 0 {
      throw ValueProblem("\(first.text) / \(second.text) is a division by zero")
    }
    if case .int(let a) = first, case .int(let b) = second, self != .over {
      let (value, overflow) =
        switch self {
        case .plus: a.addingReportingOverflow(b)
        case .minus: a.subtractingReportingOverflow(b)
        default: a.multipliedReportingOverflow(by: b)
        }
      guard !overflow, ValueType.intRange.contains(value) else {
        throw outOfRange("\(a) \(rawValue) \(b)")
      }
      return .int(value)
    }
    let (a, b) = (Number(first).double, Number(second).double)
    let value =
      switch self {
      case .plus: a + b
      case .minus: a - b
      case .times: a * b
      default: a / b
      }
    return try finite(value) { "\(first.text) \(rawValue) \(second.text)" }
  }

  private func negated(_ value: ParameterValue) throws(ValueProblem) -> ParameterValue {
    guard case .int(let number) = value else { return try finite(-Number(value).double) { "-\(value.text)" } }
    guard ValueType.intRange.contains(-number) else { throw outOfRange("-\(number)") }
    return .int(-number)
  }

  /// The quotient of two ints stays one until it is rounded, so that large ones come out exact.
  private func quotient(
    _ operand: BoundExpression, _ registers: [ParameterValue]
  ) throws(ValueProblem) -> ParameterValue {
    guard case .operation(.over, let parts) = operand else { return try operand.evaluate(registers) }
    let (first, second) = (try parts[0].evaluate(registers), try parts[1].evaluate(registers))
    guard case .int(let a) = first, case .int(let b) = second, b != 0 else {
      return try Operation.over.calculated(first, second)
    }
    let (whole, rest) = a.quotientAndRemainder(dividingBy: b)
    let isBelow = (rest < 0) != (b < 0)
    let step: Int128 =
      switch self {
      case _ where rest == 0: 0
      case .floor: isBelow ? -1 : 0
      case .ceil: isBelow ? 0 : 1
      default: 2 * rest.magnitude >= b.magnitude ? (isBelow ? -1 : 1) : 0
      }
    return .int(whole + step)
  }

  private func rounded(_ value: ParameterValue) throws(ValueProblem) -> ParameterValue {
    guard case .float(let number) = value else { return value }
    let whole =
      switch self {
      case .floor: number.rounded(.down)
      case .ceil: number.rounded(.up)
      default: number.rounded(.toNearestOrAwayFromZero)
      }
    guard let exact = Int128(exactly: whole), ValueType.intRange.contains(exact) else {
      throw outOfRange("\(rawValue)(\(value.text))")
    }
    return .int(exact)
  }

  /// Exact at both ends, and on the way never beyond them (P0811R3, `std::lerp`).
  private func lerp(_ a: Double, _ b: Double, _ t: Double) -> Double {
    if a <= 0 && b >= 0 || a >= 0 && b <= 0 { return t * b + (1 - t) * a }
    if t == 1 { return b }
    let x = a + t * (b - a)
    return (t > 1) == (b > a) ? max(b, x) : min(b, x)
  }

  private func finite(_ value: Double, _ text: () -> String) throws(ValueProblem) -> ParameterValue {
    guard value.isFinite else {
      throw ValueProblem("\(text()) is \(value.isNaN ? "no number" : "out of the range of a float")")
    }
    return .float(value == 0 ? 0 : value)
  }

  private func outOfRange(_ text: String) -> ValueProblem { ValueProblem("\(text) is out of the range of an int") }

  // MARK: Other values

  private func holds(_ first: ParameterValue, _ second: ParameterValue) -> Bool {
    guard first.isNumber, second.isNumber else { return (first.text == second.text) == (self == .equal) }
    let (a, b) = (Number(first), Number(second))
    return switch self {
    case .less: a.isLess(than: b)
    case .lessOrEqual: !b.isLess(than: a)
    case .greater: b.isLess(than: a)
    case .greaterOrEqual: !a.isLess(than: b)
    case .equal: !a.isLess(than: b) && !b.isLess(than: a)
    default: a.isLess(than: b) || b.isLess(than: a)
    }
  }

  private func item(of items: [ParameterValue], at index: ParameterValue) throws(ValueProblem) -> ParameterValue {
    guard case .int(let number) = index else { return .absent }
    let place = number < 0 ? number + Int128(items.count) : number
    guard let place = Int(exactly: place), items.indices.contains(place) else {
      throw ValueProblem(
        "the list has no item \(number)",
        notes: [
          items.isEmpty
            ? "it is empty"
            : "it has \(items.count) items, 0 to \(items.count - 1); -1 is the last one"
        ])
    }
    return items[place]
  }
}

extension Int128 {
  /// For an int of a workflow, which has 64 bits; `Double(self)` goes digit by digit and takes many times as long.
  var nearestDouble: Double {
    let bits = UInt64(truncatingIfNeeded: self)
    return self < 0 ? Double(Int64(bitPattern: bits)) : Double(bits)
  }
}

/// A value that is known to be an int or a float.
private struct Number {
  let value: ParameterValue

  init(_ value: ParameterValue) { self.value = value }

  var double: Double {
    switch value {
    case .int(let number): number.nearestDouble
    case .float(let number): number
    default: .nan
    }
  }

  var isNegative: Bool {
    if case .int(let number) = value { number < 0 } else { double < 0 }
  }

  func isLess(than other: Number) -> Bool {
    if case .int(let a) = value, case .int(let b) = other.value { return a < b }
    return double < other.double
  }
}

extension ParameterValue {
  fileprivate var items: [ParameterValue] { if case .list(let items) = self { items } else { [] } }

  var isNumber: Bool {
    switch self {
    case .int, .float: true
    default: false
    }
  }
}
