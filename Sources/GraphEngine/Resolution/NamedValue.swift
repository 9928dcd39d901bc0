import Diagnostics

/// What a name inside `$(...)` stands for: a param or a loop index.
package struct NamedValue: Sendable {
  final class Definition: Sendable {
    let location: SourceLocation
    let param: ParamDocument?

    init(location: SourceLocation, param: ParamDocument? = nil) { (self.location, self.param) = (location, param) }
  }

  enum Content {
    case known(ParameterValue)
    /// Known when loops are unrolled; an index into their registers.
    case register(Int)
    /// Could not be read, which has been reported.
    case broken

    /// As a workflow file would write it; nil for what is not known.
    var text: String? { if case .known(let value) = self { value.text } else { nil } }
  }

  var type: ValueType
  var content: Content
  /// For params of type path: where the path is written.
  var origin: PathOrigin?
  /// Where the value is written; nil for loop indices.
  var location: SourceLocation?
  /// What the name is given to: a param with its document, else a loop's index.
  var definition: Definition?
  /// For params: made by a default that names other params.
  var isDerived = false
  /// Drawn for `random`.
  var isDrawn = false
}

/// Where a path is written, which decides what it is relative to.
struct PathOrigin {
  enum Place {
    /// In a file of this folder.
    case folder(String)
    /// On the command line, as this path, which a file may go on from.
    case argument(String)
  }

  var place: Place
  /// The literal that holds the path, or begins it.
  var literal: DocumentID

  /// What a relative path is seen from; empty for the working directory.
  var folder: String {
    switch place {
    case .folder(let folder): folder
    case .argument: ""
    }
  }
}

/// What takes a value: a param, a node's parameter, a loop's bound.
package struct ValueTarget: Sendable {
  package var name: String
  package var type: ValueType
  /// For a node's path parameter.
  package var role: PathRole?
  var min: Double?
  var max: Double?
  var integerRange: ClosedRange<Int128> = ValueType.intRange
}

extension ValueTarget {
  init(_ parameter: ParameterDeclaration) {
    self.init(name: parameter.name, type: ValueType(parameter.type), min: parameter.min, max: parameter.max)
    if case .path(let role) = parameter.type { self.role = role }
    if let range = parameter.integerRange { integerRange = range }
  }

  init(_ param: ParamDocument, type: ValueType) {
    self.init(name: param.name.value, type: type, min: param.min?.value, max: param.max?.value)
  }

  /// What takes each item of a list.
  var item: ValueTarget {
    var target = self
    if case .list(let item) = type { target.type = item }
    return target
  }

  /// Reads a text that stands for this value.
  func read(_ text: String) -> Result<ParameterValue, ValueProblem> {
    switch type.read(text) {
    case .success(let value): checked(value)
    case .failure(let problem):
      .failure(
        ValueProblem(
          "'\(name)' takes \(problem.expectation)", notes: problem.notes,
          replacement: problem.nearest.map { (text, $0) }))
    }
  }

  /// Whether a value of type `other` can be taken without going through a text.
  func accepts(_ other: ValueType) -> Bool {
    switch (type, other) {
    case (.string, _), (.path, .string), (.path, .path), (.path, .choice), (.choice, .string), (.choice, .choice): true
    case (.int, .int), (.float, .int), (.float, .float), (.bool, .bool): true
    case (.list, .list(let given)): item.accepts(given)
    default: false
    }
  }

  /// Takes a value of a type that `accepts` lets pass.
  func convert(_ value: ParameterValue) -> Result<ParameterValue, ValueProblem> {
    switch (type, value) {
    case (.string, _), (.path, _), (.choice, _): read(value.text)
    case (.float, .int(let number)): checked(.float(number.nearestDouble))
    case (.list, .list(let items)): Self.list(items.lazy.map(item.convert))
    default: checked(value)
    }
  }

  /// A list of values, or what is wrong with the first that does not fit.
  private static func list(
    _ items: some Sequence<Result<ParameterValue, ValueProblem>>
  ) -> Result<ParameterValue, ValueProblem> {
    do throws(ValueProblem) {
      var values: [ParameterValue] = []
      for item in items { values.append(try item.get()) }
      return .success(.list(values))
    } catch {
      return .failure(error)
    }
  }

  private func checked(_ value: ParameterValue) -> Result<ParameterValue, ValueProblem> {
    switch value {
    case .list(let items): return Self.list(items.lazy.map(item.checked))
    case .int(let number):
      let low = Swift.max(integerRange.lowerBound, min.map { Int128(clamping: $0.rounded(.up)) } ?? .min)
      let high = Swift.min(integerRange.upperBound, max.map { Int128(clamping: $0.rounded(.down)) } ?? .max)
      guard low <= number, number <= high else {
        return .failure(
          outOfRange(
            value, low: min != nil || number < low ? String(low) : nil,
            high: max != nil || number > high ? String(high) : nil))
      }
    case .float(let number):
      guard number >= min ?? -.infinity, number <= max ?? .infinity else {
        return .failure(
          outOfRange(
            value, low: min.map { ParameterValue.float($0).text }, high: max.map { ParameterValue.float($0).text }))
      }
    default: break
    }
    return .success(value)
  }

  private func outOfRange(_ value: ParameterValue, low: String?, high: String?) -> ValueProblem {
    let range =
      switch (low, high) {
      case (let low?, let high?): "\(low) to \(high)"
      case (let low?, nil): "\(low) or more"
      default: "at most \(high ?? "")"
      }
    return ValueProblem("'\(name)' takes \(range), not \(value.text)")
  }
}

/// Why a value does not fit, as a sentence and notes.
struct ValueProblem: Error {
  var message: String
  var notes: [String]
  /// The `$(...)` that it is about; nil for the whole literal.
  var location: SourceLocation?
  /// The right word that is nearest to the one that is written.
  var replacement: (old: String, new: String)?

  init(_ message: String, notes: [String] = [], replacement: (old: String, new: String)? = nil) {
    self.message = message
    self.notes = notes
    self.replacement = replacement
  }
}

extension Int128 {
  /// The nearest value to a whole number.
  fileprivate init(clamping number: Double) {
    self = Int128(exactly: number) ?? (number < 0 ? .min : .max)
  }
}
