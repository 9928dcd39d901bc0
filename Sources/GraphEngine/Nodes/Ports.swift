/// Ports that several node types have in common, with what is checked about them: a stored constant of a node.
package protocol PortGroup: Sendable {}

/// A declared wire into a node: `let latent = Input<Latent>("latent", "The noisy latent.")`.
package struct Input<Value: WireValue>: Sendable {
  package let name: String
  package let help: String

  package init(_ name: String, _ help: String) {
    self.name = name
    self.help = help
  }
}

/// A wire that may be left out.
package struct OptionalInput<Value: WireValue>: Sendable {
  package let name: String
  package let help: String

  package init(_ name: String, _ help: String) {
    self.name = name
    self.help = help
  }
}

/// A port that takes a list of wires, one or more.
package struct VariadicInput<Value: WireValue>: Sendable {
  package let name: String
  package let help: String

  package init(_ name: String, _ help: String) {
    self.name = name
    self.help = help
  }
}

/// A declared result of a node.
package struct Output<Value: WireValue>: Sendable {
  package let name: String
  package let help: String

  package init(_ name: String, _ help: String) {
    self.name = name
    self.help = help
  }
}

/// A literal a node takes under `with`: `let scale = Parameter("scale", "Guidance scale.", default: 7.5)`.
package struct Parameter<Value: ParameterConvertible>: Sendable {
  package let declaration: ParameterDeclaration

  package var name: String { declaration.name }

  /// A parameter that must be given when `default` is nil.
  package init(
    _ name: String, _ help: String, default: Value? = nil, min: Double? = nil, max: Double? = nil,
    options: [String]? = nil, path: PathRole? = nil
  ) {
    declaration = ParameterDeclaration(
      name: name, help: help, type: path.map { .path($0) } ?? Value.parameterType.limited(to: options),
      defaultValue: `default`?.parameterValue, isOptional: false, min: min, max: max,
      integerRange: Value.integerRange)
  }
}

/// A literal that may be left out, and then is nil.
package struct OptionalParameter<Value: ParameterConvertible>: Sendable {
  package let declaration: ParameterDeclaration

  package var name: String { declaration.name }

  package init(
    _ name: String, _ help: String, min: Double? = nil, max: Double? = nil, options: [String]? = nil,
    path: PathRole? = nil
  ) {
    declaration = ParameterDeclaration(
      name: name, help: help, type: path.map { .path($0) } ?? Value.parameterType.limited(to: options),
      defaultValue: nil, isOptional: true, min: min, max: max, integerRange: Value.integerRange)
  }
}
