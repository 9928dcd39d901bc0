import Diagnostics
import Foundation

/// Looking up the names inside `$(...)`.
extension Binder {
  enum BindingResult<Bound> {
    case value(ParameterValue)
    /// Changes with a loop index.
    case varying(Bound)
    /// Reported.
    case broken

    func map<Other>(_ transform: (Bound) -> Other) -> BindingResult<Other> {
      switch self {
      case .value(let value): .value(value)
      case .varying(let bound): .varying(transform(bound))
      case .broken: .broken
      }
    }
  }

  /// Reads `literal` as `target` takes it, as far as that can be before loops are unrolled.
  func bind(_ literal: Literal, to target: ValueTarget, values: [String: NamedValue]) -> BindingResult<BoundLiteral> {
    let result = value(of: literal, for: target, values: values)
    annotate(literal, for: target, result, values: values)
    return result
  }

  private func value(
    of literal: Literal, for target: ValueTarget, values: [String: NamedValue]
  ) -> BindingResult<BoundLiteral> {
    if target.type == .string { warnOfComment(after: literal) }
    guard let bound = lookUp(literal, for: target, values: values) else { return .broken }
    if let role = target.role { note(role, of: bound.origin.literal, at: literal.location) }
    guard bound.isConstant else {
      if target.role == .read, case .value = literal.pieces.first { noteUnknownPath() }
      return .varying(bound)
    }
    guard let value = evaluate(bound, hint: nameHint(literal, values: values)) else { return .broken }
    if target.role == .read, bound.isAbsolutePath { noteAbsolutePath(bound.origin.literal) }
    return .value(value)
  }

  /// Reads a literal that is evaluated when loops are unrolled, whether an index changes it or not; nil after a problem.
  func bindLiteral(_ literal: Literal, to target: ValueTarget, values: [String: NamedValue]) -> BoundLiteral? {
    switch bind(literal, to: target, values: values) {
    case .value(let value):
      BoundLiteral(
        id: literal.id, location: literal.location, target: target,
        pieces: [.value(.constant(value), nil, literal.location)], wholeType: target.type,
        origin: origin(of: literal, values: values), valueLocation: nil)
    case .varying(let literal): literal
    case .broken: nil
    }
  }

  /// Reads what is written under a name, one literal or a list, as `target` takes it.
  func bind(
    _ value: LiteralBinding.Value, to target: ValueTarget, values: [String: NamedValue]
  ) -> BindingResult<BoundValue> {
    switch (value, target.type) {
    case (.one(let literal), .list(let item)):
      guard let expression = literal.wholeExpression, let whole = bind(expression, values: values) else {
        if literal.wholeExpression == nil { refuse(literal, asListOf: item, of: target, values: values) }
        return .broken
      }
      guard case .list = whole.type else {
        refuse(literal, asListOf: item, of: target, values: [:])
        return .broken
      }
      return bind(literal, to: target, values: values).map { .one($0) }
    case (.one(let literal), _): return bind(literal, to: target, values: values).map { .one($0) }
    case (.list(let items, _), .list): return bind(items, to: target.item, values: values).map { .list($0) }
    case (.list(let items, let location), _):
      collector.error("'\(target.name)' takes a text or a number, not a list", at: location)
      for item in items { checkNames(in: item, values: values) }
      return .broken
    }
  }

  /// Warns of a text without quotes that goes on, as it seems, behind a ` #`.
  private func warnOfComment(after literal: Literal) {
    guard literal.scalar.isPlain, let comment = literal.commentAfter else { return }
    let gap = literal.scalar.text.isEmpty ? "" : " "
    let written = comment.location.column - literal.location.column - literal.scalar.text.unicodeScalars.count
    collector.warning(
      "what follows ' #' is a comment, and not part of the text", at: comment.location,
      notes: ["quote the text if it is: \"\(literal.scalar.text)\(gap)\(comment.value)\""],
      fix: Fix(
        .replace(
          old: literal.scalar.text + String(repeating: " ", count: max(0, written)) + comment.value,
          new: "\"\(literal.scalar.text)\(gap)\(comment.value)\""), at: literal.location))
  }

  /// - Parameter values: empty when the literal's names have been looked up.
  private func refuse(
    _ literal: Literal, asListOf item: ValueType, of target: ValueTarget, values: [String: NamedValue]
  ) {
    collector.error(
      "'\(target.name)' takes a list of \(item.plural), not a text", at: literal.location,
      notes: ["a list of one is written [\(literal.scalar.text)]"])
    if !values.isEmpty { checkNames(in: literal, values: values) }
  }

  /// Reads the items of a list as `target` takes each.
  private func bind(
    _ items: [Literal], to target: ValueTarget, values: [String: NamedValue]
  ) -> BindingResult<[BoundLiteral]> {
    let bound = items.map { lookUp($0, for: target, values: values) }
    for item in items { annotations?.expect(.literal(target, values: values), at: item.location) }
    // All items are looked at, so that each problem is told.
    let known = bound.map { item in item.flatMap { $0.isConstant ? evaluate($0) : nil } }
    let isBroken = zip(bound, known).contains { bound, known in known == nil && bound?.isConstant != false }
    if isBroken { return .broken }
    let constants = known.compactMap { $0 }
    return constants.count == items.count ? .value(.list(constants)) : .varying(bound.compactMap { $0 })
  }

  /// How a name is written that stands in the text as other tools write it: `$steps`, `${steps}` or `{{steps}}`.
  private func nameHint(_ literal: Literal, values: [String: NamedValue]) -> String? {
    let text = literal.scalar.text
    guard text.hasPrefix("$") || text.hasPrefix("{{") else { return nil }
    let name = text.trimmingCharacters(in: CharacterSet(charactersIn: "${} "))
    return values[name] == nil ? nil : "the value of '\(name)' is written $(\(name))"
  }

  private func evaluate(_ literal: BoundLiteral, hint: @autoclosure () -> String? = nil) -> ParameterValue? {
    switch literal.evaluate([]) {
    case .success(let value): return value
    case .failure(var problem):
      if let hint = hint() { problem.notes.append(hint) }
      report(problem, of: literal)
      return nil
    }
  }

  /// Reports names that do not exist, when nothing is known of the binding's target.
  func checkNames(in binding: LiteralBinding, values: [String: NamedValue]) {
    for literal in binding.value?.literals ?? [] { checkNames(in: literal, values: values) }
  }

  func checkNames(in literal: Literal, values: [String: NamedValue]) {
    for case .value(let value) in literal.pieces { _ = bind(value.expression, values: values) }
  }

  func report(_ problem: ValueProblem, of literal: BoundLiteral, in address: String? = nil) {
    let source = literal.valueLocation.map { "the value is written at \($0)" }
    let place = address.map { "in \($0)" }
    collector.error(
      problem.message, at: problem.location ?? literal.location,
      notes: problem.notes + [source, place].compactMap { $0 },
      fix: problem.replacement.flatMap { Fix(replacing: $0.old, by: $0.new, at: problem.location ?? literal.location) })
  }

  func lookUp(
    _ literal: Literal, for target: ValueTarget, values: [String: NamedValue]
  ) -> BoundLiteral? {
    var pieces: [BoundLiteral.Piece] = []
    var types: [ValueType] = []
    var isBroken = false
    for piece in literal.pieces {
      switch piece {
      case .text(let text): pieces.append(.text(text))
      case .value(let value):
        guard let bound = bind(value.expression, values: values), fits(bound.type, value) else {
          isBroken = true
          continue
        }
        types.append(bound.type)
        pieces.append(.value(bound.expression, value.format, value.location))
      }
    }
    if isBroken { return nil }

    var wholeType: ValueType?
    var valueLocation: SourceLocation?
    if let expression = literal.wholeExpression, let type = types.first {
      if case .name(let name) = expression { valueLocation = values[name.value]?.location }
      guard target.accepts(type) else {
        let isRoundable = type == .float && target.type == .int && expression.isCalculated
        collector.error(
          "'\(target.name)' takes \(target.type.description), but '\(expression.text)' is \(type.nounPhrase)",
          at: literal.location,
          notes: [isRoundable ? "'floor(...)', 'ceil(...)' and 'round(...)' make an int of it" : nil])
        return nil
      }
      wholeType = type
    }
    return BoundLiteral(
      id: literal.id, location: literal.location, target: target, pieces: pieces, wholeType: wholeType,
      origin: origin(of: literal, values: values), valueLocation: valueLocation)
  }

  /// A path that begins with a path param stays relative to where that is written; any other is written here.
  func origin(of literal: Literal, values: [String: NamedValue]) -> PathOrigin {
    if case .value(let value) = literal.pieces.first, case .name(let name) = value.expression,
      let origin = values[name.value]?.origin
    {
      return origin
    }
    return PathOrigin(place: .folder(literal.location.file.folder), literal: literal.id)
  }

  /// Reports a format of anything but a number.
  private func fits(_ type: ValueType, _ value: Interpolation) -> Bool {
    guard let format = value.format, !type.isNumeric else { return true }
    collector.error(
      "'\(value.expression.text)' is \(type.nounPhrase); only numbers have a format such as ':\(format.text)'",
      at: value.location)
    return false
  }
}

extension Expression {
  fileprivate var isCalculated: Bool { if case .operation = self { true } else { false } }
}
