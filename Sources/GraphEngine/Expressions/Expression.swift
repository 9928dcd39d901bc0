import Diagnostics

/// What stands inside `$(...)`, as it is written.
indirect enum Expression {
  case name(Located<String>)
  case int(Located<Int128>)
  case float(Located<Double>)
  /// The place is where the operation begins: its first operand, its sign or its name.
  case operation(Operation, [Expression], at: SourceLocation)

  var location: SourceLocation {
    switch self {
    case .name(let name): name.location
    case .int(let number): number.location
    case .float(let number): number.location
    case .operation(_, _, let location): location
    }
  }

  /// Every name, in the order they are written.
  var names: [Located<String>] {
    switch self {
    case .name(let name): [name]
    case .int, .float: []
    case .operation(_, let operands, _): operands.flatMap(\.names)
    }
  }

  /// As it would be written, without needless blanks and brackets.
  var text: String { text(above: .comparison) }

  /// - Parameter rank: how tightly what stands around holds; in brackets where that is tighter.
  private func text(above rank: Operation.Rank) -> String {
    switch self {
    case .name(let name): return name.value
    case .int(let number): return String(number.value)
    case .float(let number): return String(number.value)
    case .operation(let operation, let operands, _):
      let text: String
      switch operation.notation {
      case .between(let own):
        // a-(b-c) keeps its brackets, (a-b)-c needs none, and of comparisons none follows another.
        let left = own == .comparison ? own.next : own
        text = operands[0].text(above: left) + operation.rawValue + operands[1].text(above: own.next)
        return own < rank ? "(\(text))" : text
      case .before: return "-" + operands[0].text(above: .sign)
      case .index: return operands[0].text(above: .operand) + "[\(operands[1].text)]"
      case .function: return "\(operation.rawValue)(\(operands.map(\.text).joined(separator: ", ")))"
      }
    }
  }
}

/// What an expression does with its operands.
enum Operation: String, CaseIterable {
  case plus = "+"
  case minus = "-"
  case times = "*"
  case over = "/"
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case equal = "=="
  case unequal = "!="
  /// Its sign is that of `minus`.
  case negated = "-x"
  case item = "[]"
  case choice = "if"
  case minimum = "min"
  case maximum = "max"
  case floor, ceil, round, abs, sqrt, cos, lerp
  case count = "len"
}

extension Operation {
  /// How tightly an operation holds its operands.
  enum Rank: Int, Comparable {
    case comparison, sum, product, sign, operand

    var next: Rank { Rank(rawValue: rawValue + 1) ?? .operand }

    static func < (a: Rank, b: Rank) -> Bool { a.rawValue < b.rawValue }
  }

  enum Notation {
    case between(Rank)
    case before, index, function
  }

  var notation: Notation {
    switch self {
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .unequal: .between(.comparison)
    case .plus, .minus: .between(.sum)
    case .times, .over: .between(.product)
    case .negated: .before
    case .item: .index
    default: .function
    }
  }

  /// Those that are written between two operands, by rank; `<=`, which begins with `<`, before it.
  static let signs: [Rank: [Operation]] = {
    var signs: [Rank: [Operation]] = [:]
    for operation in allCases.sorted(by: { $0.rawValue.utf8.count > $1.rawValue.utf8.count }) {
      if case .between(let rank) = operation.notation { signs[rank, default: []].append(operation) }
    }
    return signs
  }()

  static let functions = allCases.filter { if case .function = $0.notation { true } else { false } }

  /// What a function takes, as in `lerp(a, b, t)`.
  var usage: (count: ClosedRange<Int>, text: String) {
    switch self {
    case .choice: (3...3, "a condition and two values, as in 'if(i < 5, a, b)'")
    case .minimum, .maximum: (2...100, "two numbers or more, as in '\(rawValue)(a, b)'")
    case .lerp: (3...3, "two numbers and the part of the way between them, as in 'lerp(a, b, t)'")
    case .count: (1...1, "a list, as in 'len(list)'")
    default: (1...1, "one number, as in '\(rawValue)(a)'")
    }
  }
}
