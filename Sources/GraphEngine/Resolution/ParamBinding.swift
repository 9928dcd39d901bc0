import Diagnostics

/// A param's value from the command line: `--set name=text`.
package struct ParameterSetting: Sendable {
  package let name: String
  /// The value as typed; `random` draws an int.
  package let text: String
  /// The place that problems with the setting are told at.
  let location: SourceLocation

  package init(name: String, text: String) {
    self.name = name
    self.text = text
    location = SourceLocation(argument: "--set \(name)=\(shortened(text))")
  }

  /// The setting with another value.
  package func with(_ text: String) -> ParameterSetting { ParameterSetting(name: name, text: text, at: location) }

  /// A setting that a file holds.
  init(name: String, text: String, at location: SourceLocation) {
    self.name = name
    self.text = text
    self.location = location
  }
}

/// The value of an argument as messages show it.
func shortened(_ text: String) -> String { text.count > 60 ? text.prefix(60) + "…" : text }

/// The value that a param of the workflow has in this run.
package struct ResolvedParameter: Sendable {
  package let name: String
  /// As a workflow file would write it.
  package let text: String
  /// Drawn for `--set name=random`.
  package let isDrawn: Bool

  package init(name: String, text: String, isDrawn: Bool = false) {
    (self.name, self.text, self.isDrawn) = (name, text, isDrawn)
  }
}

/// What the params of the workflow that is run are.
struct BoundParams {
  var values: [String: NamedValue]
  /// Those drawn for `random`.
  var drawn: Set<String>
  /// Registers of params that follow from swept ones which are registers themselves, and what to put there, in this order.
  var varying: [(register: Int, value: BoundValue)]
}

/// Giving params their values.
extension Binder {
  /// The default of `param`, read and checked; nil when it has none.
  ///
  /// - Parameter values: what the params before it are.
  /// - Returns: also the register that takes the value and what to put there, when it changes with a loop index.
  func defaultValue(
    of param: ParamDocument, values: [String: NamedValue]
  ) -> (value: NamedValue?, varying: (register: Int, value: BoundValue)?) {
    guard let type = param.type else {
      return (NamedValue(type: .string, content: .broken, location: param.name.location), nil)
    }
    guard let written = param.defaultValue else { return (nil, nil) }
    var (value, varying) = namedValue(of: written, for: param, type: type, values: values)
    value.isDerived = !written.names.isEmpty
    return (value, varying)
  }

  /// What a param of `type` is by what is written for it.
  ///
  /// - Returns: also the register that takes the value and what to put there, when it changes with a loop index.
  func namedValue(
    of written: LiteralBinding.Value, for param: ParamDocument, type: ValueType, values: [String: NamedValue]
  ) -> (value: NamedValue, varying: (register: Int, value: BoundValue)?) {
    var value = NamedValue(type: type, content: .broken, location: written.location)
    if type == .path, case .one(let literal) = written { value.origin = origin(of: literal, values: values) }
    switch bind(written, to: ValueTarget(param, type: type), values: values) {
    case .value(let known): value.content = .known(known)
    case .varying(let bound):
      let register = makeRegister()
      value.content = .register(register)
      return (value, (register, bound))
    case .broken: break
    }
    return (value, nil)
  }

  /// Reports what is wrong with a default that another value takes the place of.
  func checkDefault(of param: ParamDocument) {
    // One that names other params may suit them alone.
    if param.defaultValue?.names.isEmpty == true { _ = defaultValue(of: param, values: [:]) }
  }

  /// The params of the workflow that is run: settings, else defaults.
  ///
  /// - Parameters:
  ///   - swept: values at one point of a sweep, by param, or the registers for those of all points; they go before settings.
  ///   - isComplete: whether a param without a value is an error.
  ///   - draw: a random number for the named param.
  func bindParams(
    of document: WorkflowDocument, settings: [ParameterSetting], swept: [String: NamedValue] = [:], isComplete: Bool,
    draw: (String) -> UInt64
  ) -> BoundParams {
    var values: [String: NamedValue] = [:]
    var drawn: Set<String> = []
    var varying: [(register: Int, value: BoundValue)] = []
    let names = document.params.map(\.name.value)
    for setting in settings where !names.contains(setting.name) {
      collector.error(
        "the workflow has no param '\(setting.name)'", at: setting.location,
        notes: [nearestNameNote(to: setting.name, among: names) ?? list("params", names)])
    }
    for param in document.params {
      let name = param.name.value
      if let value = swept[name] {
        checkDefault(of: param)
        values[name] = value.of(param)
        if value.isDrawn { drawn.insert(name) }
        continue
      }
      guard let setting = settings.last(where: { $0.name == name }) else {
        let (standard, derived) = defaultValue(of: param, values: values)
        if let derived { varying.append(derived) }
        if standard == nil, isComplete, !settings.contains(where: { nearestName(to: $0.name, among: [name]) != nil }) {
          collector.error(
            "the param '\(name)' has no default", at: param.name.location,
            notes: ["give it a value with --set \(name)=..."])
        }
        values[name] =
          (standard ?? NamedValue(type: param.type ?? .string, content: .broken, location: param.name.location))
          .of(param)
        continue
      }
      checkDefault(of: param)
      values[name] = value(of: setting, for: param, draw: draw, drawn: &drawn).of(param)
    }
    return BoundParams(values: values, drawn: drawn, varying: varying)
  }

  private func value(
    of setting: ParameterSetting, for param: ParamDocument, draw: (String) -> UInt64, drawn: inout Set<String>
  ) -> NamedValue {
    let location = setting.location
    guard let type = param.type else { return NamedValue(type: .string, content: .broken, location: location) }
    var value = NamedValue(type: type, content: .broken, location: location)
    if type == .path { value.origin = PathOrigin(place: .argument(setting.text), literal: documents.ids.next()) }
    let target = ValueTarget(param, type: type)
    var text = setting.text
    if type == .int, text == "random" {
      text = String(target.drawnInt { draw(param.name.value) })
      drawn.insert(param.name.value)
    }
    warnOfShellWord(in: text, of: target, at: location)
    switch target.read(text) {
    case .success(let known): value.content = .known(known)
    case .failure(let problem): collector.error(problem.message, at: location, notes: problem.notes)
    }
    return value
  }
}

extension Binder {
  /// Warns of a path of the command line that a shell was probably meant to change.
  func warnOfShellWord(in text: String, of target: ValueTarget, at location: SourceLocation) {
    guard target.type == .path, let word = PathText.shellWord(in: text) else { return }
    collector.warning(
      "the shell did not replace '\(word)', so that '\(target.name)' is taken as it is", at: location,
      notes: ["shells leave what is in quotes alone, and some of them what follows a '='"])
  }
}

extension ValueTarget {
  /// What `random` draws from: the ints between the bounds, and otherwise below 2^32, which are short enough to type again.
  var drawnInts: ClosedRange<Int128> {
    let low = Swift.max(0, min.map { Int128(exactly: $0.rounded(.up)) ?? 0 } ?? 0)
    let high = Swift.min(Int128(UInt32.max), max.map { Int128(exactly: $0.rounded(.down)) ?? .max } ?? .max)
    return low...Swift.max(low, high)
  }

  func drawnInt(_ draw: () -> UInt64) -> Int128 {
    let range = drawnInts
    return range.lowerBound + Int128(draw()) % (range.upperBound - range.lowerBound + 1)
  }
}
