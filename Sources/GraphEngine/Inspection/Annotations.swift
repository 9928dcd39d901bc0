import Diagnostics

/// What reader and binder find out about places in files, for those who show them: what stands there, and what could.
///
/// One for the document's own part, which is kept with it, and one for each time it is bound.
package final class Annotations {
  /// What is taken note of.
  package enum Extent: Equatable, Sendable {
    case everything
    /// What could stand at places of a line, and nothing else.
    case expectations(line: Int)
  }

  private let extent: Extent
  /// By the place where the text starts, quotes included.
  private(set) var marks: [SourceLocation: [Mark]] = [:]
  private(set) var expectations: [SourceLocation: Expectation] = [:]

  init(_ extent: Extent) { self.extent = extent }

  func mark(_ make: @autoclosure () -> Mark) {
    guard extent == .everything else { return }
    let mark = make()
    guard !mark.location.file.isArgument else { return }
    // A subgraph is bound at every call; the first says it.
    if let known = marks[mark.location], known.contains(where: { $0.offset == mark.offset && $0.isLike(mark) }) {
      return
    }
    marks[mark.location, default: []].append(mark)
  }

  func expect(_ expectation: @autoclosure () -> Expectation, at location: SourceLocation) {
    if case .expectations(let line) = extent, line != location.line { return }
    expectations[location] = expectation()
  }
}

/// A word of a file and what it means.
package struct Mark {
  /// Where the text starts that the word is in.
  package let location: SourceLocation
  /// How many scalars of the text come before the word.
  package let offset: Int
  package let text: String
  package let meaning: Meaning
  /// Where what it names is defined: its own place for a definition, nil for what the program defines.
  package let definition: SourceLocation?
  /// What comes along, for wires and what they name.
  package let flow: WireFlow?

  init(
    _ meaning: Meaning, _ text: String, at location: SourceLocation, offset: Int = 0, definition: SourceLocation? = nil,
    flow: WireFlow? = nil
  ) {
    self.location = location
    self.offset = offset
    self.text = text
    self.meaning = meaning
    self.definition = definition
    self.flow = flow
  }

  /// Whether the word stands where what it names is defined.
  package var isDefinition: Bool {
    if case .result(let isDefinition) = meaning { isDefinition } else { definition == location }
  }

  fileprivate func isLike(_ other: Mark) -> Bool {
    switch (meaning, other.meaning) {
    case (.literal, .literal): true
    case (.literal, _), (_, .literal): false
    default: text == other.text && definition == other.definition
    }
  }
}

package enum Meaning {
  /// A key of the format, of such an owner: `in` of "a node".
  case key(owner: String)
  case nodeType(NodeDeclaration)
  /// A port of a node.
  case port(InputDeclaration)
  /// A parameter of a node.
  case parameter(ParameterDeclaration)
  /// An output of a node.
  case output(OutputDeclaration)
  /// A node, loop or call of a subgraph.
  case member
  /// An input of a subgraph.
  case input(SubgraphInputDocument)
  /// A param of a workflow, with its value where that is known.
  case param(ParamDocument, value: String?)
  /// The index of a loop.
  case index
  /// What a loop carries, yields or collects, or what comes out of a workflow; at its own entry, or where a wire names it.
  case result(isDefinition: Bool)
  /// A value for a target, with what `$(...)` comes to where that is known.
  case literal(ValueTarget, value: String?)
  /// The path of a subgraph's file.
  case file(String)
  case wireType
  /// A name that wires use for other things than nodes, or a word of the format.
  case word
}

/// What could stand at a place.
package enum Expectation {
  /// A key of the format; `present` are those that the mapping has.
  case key(owner: String, known: [String], present: [String])
  case nodeType
  /// A port of a node, or an input of a subgraph.
  case port(PortOwner, present: [String])
  /// A parameter of a node, or a param of a subgraph.
  case parameter(PortOwner, present: [String])
  /// A wire seen from a body, into a port of a type.
  ///
  /// - Parameter slot: the member that the wire belongs to.
  case wire(BodyScope, slot: Int?, type: WireType?, takesList: Bool)
  case literal(ValueTarget, values: [String: NamedValue])
  /// A name inside `$(...)`.
  case name([String: NamedValue])
  case file
  case options([String])
  case wireType
}

/// What has ports and parameters: a node type, or a subgraph.
package enum PortOwner {
  case node(NodeDeclaration)
  case graph(WorkflowDocument)

  package var ports: [PortChoice] {
    switch self {
    case .node(let declaration): declaration.inputs.map(PortChoice.init)
    case .graph(let document): document.inputs.map(PortChoice.init)
    }
  }

  package var parameters: [ParameterChoice] {
    switch self {
    case .node(let declaration): declaration.parameters.map(ParameterChoice.init)
    case .graph(let document): document.params.map(ParameterChoice.init)
    }
  }
}

/// A port that a wire can lead into, as it is offered.
package struct PortChoice {
  package let name: String
  package let label: String
  package let help: String
  package let isRequired: Bool
  package let takesList: Bool

  init(_ port: InputDeclaration) {
    name = port.name
    label = port.type.label
    help = port.help
    isRequired = !port.arity.isOptional
    takesList = port.arity.takesList
  }

  init(_ input: SubgraphInputDocument) {
    name = input.name.value
    label = input.type?.value ?? ""
    help = input.description ?? ""
    isRequired = !input.isOptional
    takesList = input.isList
  }
}

/// A parameter as it is offered.
package struct ParameterChoice {
  package let name: String
  package let label: String
  package let help: String
  package let standard: String?
  package let isRequired: Bool

  init(_ parameter: ParameterDeclaration) {
    name = parameter.name
    label = parameter.type.name
    help = parameter.help
    standard = parameter.defaultValue?.text
    isRequired = parameter.defaultValue == nil && !parameter.isOptional
  }

  init(_ param: ParamDocument) {
    name = param.name.value
    label = param.type?.name ?? ""
    help = param.description ?? ""
    standard = param.standard
    isRequired = param.defaultValue == nil
  }
}

/// A wire that could be written in a body.
package struct WireChoice {
  package let text: String
  package let flow: WireFlow
  /// What it comes from, such as the type of a node.
  package let detail: String
}

/// A name that could be written inside `$(...)`.
package struct NameChoice {
  package let name: String
  package let type: String
  /// Nil for what is not known before a run, such as a loop's index.
  package let value: String?
}

extension BodyScope {
  /// Every wire that can be written in this body, the nearest first.
  ///
  /// - Parameter slot: the member that the wire belongs to, which it cannot come from.
  package func wireChoices(of slot: Int?) -> [WireChoice] {
    var choices: [WireChoice] = []
    for port in carry ?? [] {
      choices.append(WireChoice(text: "\(ReservedName.carry).\(port.name)", flow: port.flow, detail: "carried"))
    }
    var scope: BodyScope? = self
    // Neither the member itself nor the loops around it.
    var own = slot
    while let body = scope {
      for (number, member) in body.members.enumerated() where number != own {
        guard let outputs = member.outputs else { continue }
        let main = outputs.filter { !$0.isAside }
        if main.count == 1 {
          choices.append(WireChoice(text: member.name.value, flow: main[0].flow, detail: main[0].name))
        }
        if outputs.count > 1 || main.isEmpty || member.kind != .node {
          for output in outputs {
            choices.append(
              WireChoice(text: "\(member.name.value).\(output.name)", flow: output.flow, detail: member.kind.name))
          }
        }
      }
      own = body.slotInParent
      scope = body.parent
    }
    for port in outermost.scope.inputs ?? [] {
      choices.append(WireChoice(text: "\(ReservedName.inputs).\(port.name)", flow: port.flow, detail: "input"))
    }
    return choices
  }
}

extension BodyScope.Member.Kind {
  fileprivate var name: String {
    switch self {
    case .node: "node"
    case .loop: "loop"
    case .graph: "subgraph"
    }
  }
}

extension Expectation {
  /// What can be named inside `$(...)`, by name.
  package static func names(_ values: [String: NamedValue]) -> [NameChoice] {
    values.sorted { $0.key < $1.key }.map { name, value in
      NameChoice(name: name, type: value.type.name, value: value.content.text)
    }
  }
}

extension ParamDocument {
  /// The default as it is written; nil when there is none.
  package var standard: String? {
    defaultValue.map { $0.literals.map(\.scalar.text).joined(separator: ", ") }
  }

  /// Such as `int 1...1000`.
  package var label: String {
    guard let type else { return "" }
    var text = type.options.map { $0.joined(separator: " | ") } ?? type.name
    switch (min, max) {
    case (let min?, let max?): text += " \(min.text)...\(max.text)"
    case (let min?, nil): text += " >= \(min.text)"
    case (nil, let max?): text += " <= \(max.text)"
    case (nil, nil): break
    }
    return text
  }
}

extension ValueType {
  /// What a choice is one of.
  package var options: [String]? {
    switch self {
    case .choice(let options): options
    case .list(let item): item.options
    default: nil
    }
  }
}

extension ValueTarget {
  /// Whether `$(name)` can stand for the whole value.
  package func takes(_ value: NamedValue) -> Bool { accepts(value.type) || type.isWritable(as: value.type) }
}

extension ValueType {
  /// Whether a value of another type can be part of a text of this one.
  fileprivate func isWritable(as other: ValueType) -> Bool { self == .string && other != .path }
}
