/// A node's literals, by name, with defaults filled in.
package struct NodeParameters: Sendable, Hashable {
  package var values: [String: ParameterValue]

  package init(_ values: [String: ParameterValue]) { self.values = values }

  package subscript<Value>(parameter: Parameter<Value>) -> Value {
    get {
      guard let value = values[parameter.name].flatMap({ Value($0) }) else {
        preconditionFailure("parameter '\(parameter.name)' was not validated")
      }
      return value
    }
    set { values[parameter.name] = newValue.parameterValue }
  }

  package subscript<Value>(parameter: OptionalParameter<Value>) -> Value? {
    get { values[parameter.name].flatMap { Value($0) } }
    set { values[parameter.name] = newValue?.parameterValue ?? .absent }
  }
}

/// What a running node sees: its inputs and parameters, and a place for its outputs.
///
/// The subscripts take the node's own port constants: `let x = io[latent]`, `io[image] = pixels`.
package struct NodeIO {
  package var parameters: NodeParameters
  /// Values by input port, each already of the port's type; one for a plain port, several for a variadic one, none for
  /// an optional one left out.
  package var inputs: [String: [any WireValue]]
  package internal(set) var outputs: [String: any WireValue] = [:]
  /// The self-contained workflow that this run resolves to, as YAML, for sinks that embed it.
  package var workflow: String { workflowText.text }
  /// What sinks add to it for other programs.
  package var companions: [CompanionText] { workflowText.companions }
  private let workflowText: WorkflowText
  /// Reports something the user should know, shown at the named port's line.
  package var warn: @Sendable (_ message: String, _ port: String?) -> Void
  /// Tells that a part of a handle was loaded; a handle keeps the function and calls it when its part is first used.
  package var reportLoaded: @Sendable (_ part: String, _ seconds: Double) -> Void
  /// A sink claims each file before it writes it; throws when another one has, as they would replace each other's.
  ///
  /// `place` is where the file is to be in the end, as paths of several names may lead to one file.
  package var claim: @Sendable (_ path: String, _ place: String) throws -> Void
  /// Tells that a sink wrote a file.
  package var reportWritten: @Sendable (_ path: String) -> Void
  /// Whether the user has interrupted the run; long work asks now and then, and throws `CancellationError`.
  package var isCancelled: @Sendable () -> Bool
  /// What a sink does with files that other workflows wrote.
  package let others: FilesOfOthers

  package init(
    parameters: NodeParameters, inputs: [String: [any WireValue]], workflow: WorkflowText = WorkflowText(""),
    warn: @escaping @Sendable (String, String?) -> Void = { _, _ in },
    reportLoaded: @escaping @Sendable (String, Double) -> Void = { _, _ in },
    claim: @escaping @Sendable (String, String) throws -> Void = { _, _ in },
    reportWritten: @escaping @Sendable (String) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }, others: FilesOfOthers = FilesOfOthers()
  ) {
    self.parameters = parameters
    self.inputs = inputs
    workflowText = workflow
    self.warn = warn
    self.reportLoaded = reportLoaded
    self.claim = claim
    self.reportWritten = reportWritten
    self.isCancelled = isCancelled
    self.others = others
  }

  package subscript<Value>(input: Input<Value>) -> Value {
    guard let value = inputs[input.name]?.first as? Value else {
      preconditionFailure("input '\(input.name)' was not validated")
    }
    return value
  }

  package subscript<Value>(input: OptionalInput<Value>) -> Value? {
    inputs[input.name]?.first.map { value in
      guard let value = value as? Value else { preconditionFailure("input '\(input.name)' was not validated") }
      return value
    }
  }

  package subscript<Value>(input: VariadicInput<Value>) -> [Value] {
    (inputs[input.name] ?? []).map { value in
      guard let value = value as? Value else { preconditionFailure("input '\(input.name)' was not validated") }
      return value
    }
  }

  package subscript<Value>(parameter: Parameter<Value>) -> Value { parameters[parameter] }
  package subscript<Value>(parameter: OptionalParameter<Value>) -> Value? { parameters[parameter] }

  package subscript<Value>(output: OptionalOutput<Value>) -> Value? {
    get { outputs[output.name] as? Value }
    set { outputs[output.name] = newValue }
  }

  package subscript<Value>(output: Output<Value>) -> Value? {
    get { outputs[output.name] as? Value }
    set { outputs[output.name] = newValue }
  }
}
