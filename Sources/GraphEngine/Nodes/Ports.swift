/// Ports that several node types have in common, with what is checked about them: a stored constant of a node.
package protocol PortGroup: Sendable {}

/// A declared wire into a node: `let latent = Input<Latent>("latent", "The noisy latent.")`.
package struct Input<Value: WireValue>: Sendable {
  package let name: String
  package let help: String
  /// What the input was called before: workflows may go on to call it so, and keys know it by that name.
  package let formerName: String?
  /// The outputs whose values depend on it; nil for all of them.
  package let reaches: Set<String>?

  package init(_ name: String, formerly formerName: String? = nil, _ help: String, reaches: Set<String>? = nil) {
    self.name = name
    self.help = help
    self.formerName = formerName
    self.reaches = reaches
  }
}

/// A wire that may be left out.
package struct OptionalInput<Value: WireValue>: Sendable {
  package let name: String
  package let help: String
  /// As an input's.
  package let reaches: Set<String>?

  package init(_ name: String, _ help: String, reaches: Set<String>? = nil) {
    self.name = name
    self.help = help
    self.reaches = reaches
  }
}

/// A port that takes a list of wires, one or more; an optional one may also be left out.
package struct VariadicInput<Value: WireValue>: Sendable {
  package let name: String
  package let help: String
  package let isOptional: Bool

  package init(_ name: String, _ help: String, isOptional: Bool = false) {
    self.name = name
    self.help = help
    self.isOptional = isOptional
  }
}

/// A declared result of a node.
package struct Output<Value: WireValue>: Sendable {
  package let name: String
  package let help: String
  /// Whether wires that name the node alone mean another output.
  package let isAside: Bool

  package init(_ name: String, _ help: String, isAside: Bool = false) {
    self.name = name
    self.help = help
    self.isAside = isAside
  }
}

/// A handle that a node may put out or leave out; no port takes what was left out.
package struct OptionalOutput<Value: WireValue>: Sendable {
  package let name: String
  package let help: String

  package init(_ name: String, _ help: String) {
    precondition(!Value.wireType.isCacheable, "what is kept in a cache is put out always")
    self.name = name
    self.help = help
  }
}

/// A literal a node takes under `with`: `let scale = Parameter("scale", "Guidance scale.", default: 7.5)`.
package struct Parameter<Value: ParameterConvertible>: Sendable {
  package let declaration: ParameterDeclaration

  package var name: String { declaration.name }

  /// A parameter that must be given when `default` is nil; `reaches` as an input's.
  package init(
    _ name: String, _ help: String, default: Value? = nil, min: Double? = nil, max: Double? = nil,
    options: [String]? = nil, path: PathRole? = nil, reaches: Set<String>? = nil
  ) {
    declaration = ParameterDeclaration(
      name: name, help: help, type: path.map { .path($0) } ?? Value.parameterType.limited(to: options),
      defaultValue: `default`?.parameterValue, isOptional: false, min: min, max: max,
      integerRange: Value.integerRange, reaches: reaches)
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
      defaultValue: nil, isOptional: true, min: min, max: max, integerRange: Value.integerRange, reaches: nil)
  }
}
