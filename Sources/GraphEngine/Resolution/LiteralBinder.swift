import Diagnostics

/// Looking up the names inside `$(...)`.
extension Binder {
  enum BindingResult<Bound> {
    case value(ParameterValue)
    /// Changes with a loop index.
    case varying(Bound)
    /// Reported.
    case broken
  }

  /// Reads `literal` as `target` takes it, as far as that can be before loops are unrolled.
  func bind(_ literal: Literal, to target: ValueTarget, values: [String: NamedValue]) -> BindingResult<BoundLiteral> {
    guard let bound = lookUp(literal, for: target, values: values) else { return .broken }
    if let role = target.role { note(role, of: bound.origin.literal, at: literal.location) }
    guard bound.isConstant else { return .varying(bound) }
    guard let value = evaluate(bound) else { return .broken }
    if target.role == .read, bound.isAbsolutePath { noteAbsolutePath(bound.origin.literal) }
    return .value(value)
  }

  /// Reads the items of a list as `target` takes each.
  func bind(_ items: [Literal], to target: ValueTarget, values: [String: NamedValue]) -> BindingResult<[BoundLiteral]> {
    let bound = items.map { lookUp($0, for: target, values: values) }
    // All items are looked at, so that each problem is told.
    let known = bound.map { item in item.flatMap { $0.isConstant ? evaluate($0) : nil } }
    let isBroken = zip(bound, known).contains { bound, known in known == nil && bound?.isConstant != false }
    if isBroken { return .broken }
    let constants = known.compactMap { $0 }
    return constants.count == items.count ? .value(.list(constants)) : .varying(bound.compactMap { $0 })
  }

  private func evaluate(_ literal: BoundLiteral) -> ParameterValue? {
    switch literal.evaluate([]) {
    case .success(let value): return value
    case .failure(let problem):
      report(problem, of: literal)
      return nil
    }
  }

  /// Reports names that do not exist, when nothing is known of the binding's target.
  func checkNames(in binding: LiteralBinding, values: [String: NamedValue]) {
    for literal in binding.value?.literals ?? [] { checkNames(in: literal, values: values) }
  }

  func checkNames(in literal: Literal, values: [String: NamedValue]) {
    for case .expression(let expression, _) in literal.pieces { _ = bind(expression, isWhole: true, values: values) }
  }

  func report(_ problem: ValueProblem, of literal: BoundLiteral, in address: String? = nil) {
    let source = literal.valueLocation.map { "the value is written at \($0)" }
    let place = address.map { "in \($0)" }
    collector.error(problem.message, at: literal.location, notes: problem.notes + [source, place].compactMap { $0 })
  }

  private func lookUp(
    _ literal: Literal, for target: ValueTarget, values: [String: NamedValue]
  ) -> BoundLiteral? {
    var pieces: [BoundLiteral.Piece] = []
    var isBroken = false
    for piece in literal.pieces {
      switch piece {
      case .text(let text): pieces.append(.text(text))
      case .expression(let expression, _):
        guard let bound = bind(expression, isWhole: true, values: values) else {
          isBroken = true
          continue
        }
        pieces.append(.value(bound))
      }
    }
    if isBroken { return nil }

    var wholeType: ScalarType?
    var valueLocation: SourceLocation?
    if let expression = literal.wholeExpression {
      var type = ScalarType.int
      if case .name(let name) = expression, let value = values[name.value] {
        type = value.type
        valueLocation = value.location
      }
      guard target.accepts(type) else {
        collector.error(
          "'\(target.name)' takes \(target.type.description), but '\(expression.text)' is \(type.nounPhrase)",
          at: literal.location)
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
    if case .expression(.name(let name), _) = literal.pieces.first, let origin = values[name.value]?.origin {
      return origin
    }
    return PathOrigin(place: .folder(PathText.folder(of: literal.location.file.path)), literal: literal.id)
  }

  private func bind(_ expression: Expression, isWhole: Bool, values: [String: NamedValue]) -> BoundExpression? {
    switch expression {
    case .number(let number): return .constant(.int(number))
    case .operation(let sign, let left, let right):
      let first = bind(left, isWhole: false, values: values)
      let second = bind(right, isWhole: false, values: values)
      guard let first, let second else { return nil }
      return .operation(sign, first, second)
    case .name(let name):
      guard let value = values[name.value] else {
        let near = nearestNameNote(to: name.value, among: values.keys)
        let known = values.isEmpty ? nil : "known are \(values.keys.sorted().joined(separator: ", "))"
        collector.error(
          "there is no param or loop index '\(name.value)'", at: name.location, notes: [near ?? known])
        return nil
      }
      if case .broken = value.content { return nil }
      guard isWhole || value.type == .int else {
        collector.error(
          "'\(name.value)' is \(value.type.nounPhrase); only ints can be calculated with", at: name.location)
        return nil
      }
      switch value.content {
      case .known(let known): return .constant(known)
      case .register(let index): return .register(index)
      case .broken: return nil
      }
    }
  }
}

extension Expression {
  /// As it would be written.
  var text: String {
    switch self {
    case .name(let name): name.value
    case .number(let number): String(number)
    case .operation(let sign, let left, let right):
      sign.isFunction ? "\(sign.rawValue)(\(left.text), \(right.text))" : "\(left.text)\(sign.rawValue)\(right.text)"
    }
  }
}

extension ScalarType {
  /// For messages: "is a float".
  var nounPhrase: String { self == .int ? "an int" : "a \(name)" }
}
