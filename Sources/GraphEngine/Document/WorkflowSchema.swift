extension NodeCatalog {
  /// A JSON Schema (draft-07) of workflow files, by which editors complete and check them.
  ///
  /// It knows every node type with its ports; what needs more than one place of a file to see (wires, `$(...)`, paths) is
  /// left to `WorkflowLoader`.
  package var schema: String { WorkflowSchema(self).document.text + "\n" }
}

private struct WorkflowSchema {
  private let nodes: [NodeDeclaration]
  private let wireTypes: [String]

  init(_ catalog: NodeCatalog) {
    nodes = catalog.declarations
    wireTypes = catalog.wireTypes.keys.sorted()
  }

  var document: SchemaValue {
    SchemaValue.object([
      ("$schema", "http://json-schema.org/draft-07/schema#"), ("title", "Stepgraph workflow"),
      ("required", ["stepgraph", "nodes"]),
    ])
    .adding(workflow(isSubgraph: false))
    .adding([
      "definitions": SchemaValue.object(
        [
          ("subgraph", workflow(isSubgraph: true).adding(["required": ["nodes"]])), ("param", param), ("input", input),
          ("member", member),
          ("node", node), ("loop", loop), ("graph", graph), ("wire", wire(orNone: false)),
          ("start", wire(orNone: true)), ("wires", wires), ("text", text), ("expression", expression),
          ("name", name(others: "A-Za-z0-9_")),
          ("nodeName", name(others: "A-Za-z0-9_-")),
        ] + nodes.map { ("node \($0.info.type)", ports(of: $0)) })
    ])
  }

  private func reference(_ name: String) -> SchemaValue {
    ["$ref": .string("#/definitions/" + name.replacing(" ", with: "%20"))]
  }

  /// An object with these keys and no others.
  private func closed(_ properties: [(String, SchemaValue)], required: [String] = []) -> SchemaValue {
    let object: SchemaValue = [
      "type": "object", "properties": .object(properties.map { ($0, $1) }), "additionalProperties": false,
    ]
    return required.isEmpty ? object : object.adding(["required": .array(required.map { .string($0) })])
  }

  /// An object whose keys are names given by the user.
  private func named(_ values: SchemaValue, names: String = "name", atLeast count: Int = 0) -> SchemaValue {
    let object: SchemaValue = ["type": "object", "propertyNames": reference(names), "additionalProperties": values]
    return count > 0 ? object.adding(["minProperties": .number(Double(count))]) : object
  }

  // MARK: Parts of a file

  private func workflow(isSubgraph: Bool) -> SchemaValue {
    let parts: [(String, SchemaValue)] = [
      ("stepgraph", ["description": "The version of the format.", "enum": [1, "1"]]), ("description", text),
      ("params", named(reference("param"))), ("inputs", named(reference("input"))),
      ("nodes", named(reference("member"), names: "nodeName", atLeast: 1)),
      ("outputs", named(reference("wire"))),
    ]
    return closed(isSubgraph ? parts : parts + [("sweep", sweep)]).adding(["patternProperties": ["^x-": true]])
  }

  private var sweep: SchemaValue {
    let values: SchemaValue = ["type": "array", "items": textOrList, "minItems": 1]
    let text: SchemaValue = [
      "type": ["string", "number", "boolean"], "description": "As --sweep takes it: 1..4, random*8.",
    ]
    return closed(
      [
        ("matrix", named(["anyOf": [text, values]], atLeast: 1)),
        ("exclude", ["type": "array", "items": named(textOrList, atLeast: 1)]),
      ], required: ["matrix"])
  }

  private var param: SchemaValue {
    let names = ValueType.names
    let types: [(name: String, value: SchemaValue)] = [
      ("int", integer()), ("float", number()), ("bool", bool()),
    ]
    var rules: [SchemaValue] = types.map { type in
      rule("type", is: .string(type.name), then: ["properties": ["default": type.value]])
    }
    for type in types {
      let items: SchemaValue = ["anyOf": [["type": "array", "items": type.value], reference("expression")]]
      rules.append(rule("type", is: .array([.string(type.name)]), then: ["properties": ["default": items]]))
    }
    rules.append(rule("type", oneOf: names, then: ["properties": ["default": text]]))
    rules.append(
      [
        "if": ["properties": ["type": ["enum": ["int", "float", ["int"], ["float"]]]]],
        "else": ["properties": ["min": false, "max": false]],
      ])
    rules.append(
      [
        "if": ["properties": ["type": ["enum": ["choice", ["choice"]]]], "required": ["type"]],
        "then": ["required": ["options"]],
        "else": ["properties": ["options": false]],
      ])
    return closed(
      [
        ("type", oneOrList(of: names.filter { $0 != "path" }, orOne: names)), ("default", textOrList),
        ("min", number(orExpression: false)),
        ("max", number(orExpression: false)), ("options", ["type": "array", "items": text, "minItems": 1]),
        ("description", text),
      ], required: ["type"]
    ).adding(["allOf": .array(rules)])
  }

  private var input: SchemaValue {
    closed(
      [
        ("type", oneOrList(of: wireTypes, orOne: wireTypes)), ("optional", bool(orExpression: false)),
        ("default", text), ("formerly", text), ("description", text),
      ], required: ["type"])
  }

  private var member: SchemaValue {
    let kinds = DocumentReader.kindKeys
    let needs = kinds.map { kind -> SchemaValue in ["required": [.string(kind)]] }
    let rules = zip(kinds, needs).map { kind, need -> SchemaValue in ["if": need, "then": reference(kind)] }
    return ["type": "object", "oneOf": .array(needs), "allOf": .array(rules)]
  }

  /// A node, loop or call of a subgraph, with what each may have besides its own keys.
  private func member(_ properties: [(String, SchemaValue)], required: [String]) -> SchemaValue {
    closed(properties + [("description", text)], required: required).adding(["patternProperties": ["^x-": true]])
  }

  private var node: SchemaValue {
    let rules = nodes.map { rule("node", is: .string($0.info.type), then: reference("node \($0.info.type)")) }
    return member(
      [
        ("node", ["enum": .array(nodes.map { .string($0.info.type) })]), ("in", ["type": "object"]),
        ("with", ["type": "object"]),
        ("if", described(bool(), "Whether the node is there; where it is false, 'else' stands in for it.")),
        (
          "else",
          described(
            reference("start"),
            "What stands in for the node where 'if' is false or an optional input that it needs is left out; none.")
        ), ("cache", ["enum": .array(CachePolicy.allCases.map { .string($0.rawValue) })]),
      ], required: ["node"]
    ).adding(["allOf": .array(rules)])
  }

  private func rule(_ key: String, is value: SchemaValue, then: SchemaValue) -> SchemaValue {
    let constant: SchemaValue = ["const": value]
    return ["if": ["properties": .object([(key, constant)])], "then": then]
  }

  private func rule(_ key: String, oneOf values: [String], then: SchemaValue) -> SchemaValue {
    let choice: SchemaValue = ["enum": .array(values.map { .string($0) })]
    return ["if": ["properties": .object([(key, choice)])], "then": then]
  }

  /// A type, or one in brackets: a list.
  private func oneOrList(of items: [String], orOne types: [String]) -> SchemaValue {
    let item: SchemaValue = ["enum": .array(items.map { .string($0) })]
    let list: SchemaValue = ["type": "array", "items": item, "minItems": 1]
    return ["anyOf": [["enum": .array(types.map { .string($0) })], list]]
  }

  /// What `in` and `with` of one node type hold.
  private func ports(of declaration: NodeDeclaration) -> SchemaValue {
    let inputs = declaration.inputs.map { port -> (String, SchemaValue) in
      let wires = reference(port.arity.takesList ? "wires" : "wire")
      return (port.name, described(wires, "\(port.help) (\(port.type.label))"))
    }
    let parameters = declaration.parameters.map { ($0.name, described(value(of: $0), $0.help)) }
    let former = declaration.inputs.compactMap { port in
      port.formerName.map { ($0, described(reference("wire"), "What '\(port.name)' was called before.")) }
    }
    let renamed = declaration.formerNames.map { name, former -> SchemaValue in
      ["anyOf": [["required": [.string(name)]], ["required": [.string(former)]]]]
    }
    let neededInputs = declaration.inputs.filter { !$0.arity.isOptional && $0.formerName == nil }.map(\.name)
    let neededParameters = declaration.parameters.filter { $0.defaultValue == nil && !$0.isOptional }.map(\.name)
    let needed = (neededInputs.isEmpty && renamed.isEmpty ? [] : ["in"]) + (neededParameters.isEmpty ? [] : ["with"])
    let schema: SchemaValue = [
      "description": .string(declaration.info.summary),
      "properties": [
        "in": closed(inputs + former, required: neededInputs)
          .adding(renamed.isEmpty ? [:] : ["allOf": .array(renamed)]),
        "with": closed(parameters, required: neededParameters),
      ],
    ]
    return needed.isEmpty ? schema : schema.adding(["required": .array(needed.map { .string($0) })])
  }

  private func described(_ schema: SchemaValue, _ help: String) -> SchemaValue {
    // Draft-07 ignores what stands beside a reference.
    ["description": .string(help), "allOf": [schema]]
  }

  private var loop: SchemaValue {
    let header = closed([
      ("times", integer(min: 0)), ("from", integer()), ("to", integer()), ("index", reference("name")),
    ]).adding([
      "oneOf": [
        ["required": ["times"], "properties": ["from": false, "to": false]], ["required": ["from", "to"]],
      ]
    ])
    return member(
      [
        ("loop", header), ("carry", named(reference("start"))),
        ("nodes", named(reference("member"), names: "nodeName", atLeast: 1)),
        (
          "yield",
          described(named(reference("wire")), "What the next iteration gets, and what comes out after the last.")
        ),
        ("collect", described(named(reference("wire")), "What comes out as a list, with one item of every iteration.")),
      ], required: ["loop", "nodes"])
  }

  private var graph: SchemaValue {
    member(
      [
        ("graph", ["anyOf": [["type": "string", "minLength": 1], reference("subgraph")]]),
        ("in", named(reference("wires"))), ("with", named(textOrList)),
      ], required: ["graph"])
  }

  // MARK: Scalars

  /// What YAML readers may make of a text without quotes.
  private var text: SchemaValue { ["type": ["string", "number", "boolean", "null"]] }

  private var textOrList: SchemaValue { ["anyOf": [text, ["type": "array", "items": text]]] }

  private var wires: SchemaValue {
    ["anyOf": [reference("wire"), ["type": "array", "items": reference("wire"), "minItems": 1]]]
  }

  private var expression: SchemaValue { ["type": "string", "pattern": #"\$\(.+\)"#] }

  private func name(others: String) -> SchemaValue {
    let reserved = ReservedName.all.sorted().joined(separator: "|")
    return ["type": "string", "pattern": .string("^(?!(?:\(reserved))$)[A-Za-z_][\(others)]*$")]
  }

  private func wire(orNone: Bool) -> SchemaValue {
    let part = "[A-Za-z_][A-Za-z0-9_-]*"
    let step = part + "(?:\\[-?[0-9]+\\])?"
    return ["type": "string", "pattern": .string("^\(orNone ? "" : "(?!none$)")\(step)(?:/\(step))*(?:\\.\(part))?$")]
  }

  private func bool(orExpression: Bool = true) -> SchemaValue {
    either([["type": "boolean"], ["enum": ["true", "false"]]], orExpression: orExpression)
  }

  private func integer(min: Double? = nil, max: Double? = nil, orExpression: Bool = true) -> SchemaValue {
    numeric("integer", "^[+-]?[0-9]+$", min: min, max: max, orExpression: orExpression)
  }

  private func number(min: Double? = nil, max: Double? = nil, orExpression: Bool = true) -> SchemaValue {
    let pattern = #"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"#
    return numeric("number", pattern, min: min, max: max, orExpression: orExpression)
  }

  private func numeric(
    _ type: String, _ pattern: String, min: Double?, max: Double?, orExpression: Bool
  ) -> SchemaValue {
    var schema: SchemaValue = ["type": .string(type)]
    if let min { schema = schema.adding(["minimum": .number(min)]) }
    if let max { schema = schema.adding(["maximum": .number(max)]) }
    return either([schema, ["type": "string", "pattern": .string(pattern)]], orExpression: orExpression)
  }

  private func either(_ schemas: [SchemaValue], orExpression: Bool) -> SchemaValue {
    ["anyOf": .array(orExpression ? schemas + [reference("expression")] : schemas)]
  }

  private func value(of parameter: ParameterDeclaration) -> SchemaValue { value(of: parameter.type, of: parameter) }

  private func value(of type: ParameterType, of parameter: ParameterDeclaration) -> SchemaValue {
    switch type {
    case .list(let item):
      return either([["type": "array", "items": value(of: item, of: parameter)]], orExpression: true)
    case .string, .path: return text
    case .bool: return bool()
    case .choice(let options):
      return either([["enum": .array(options.map { .string($0) })]], orExpression: true)
    case .float: return number(min: parameter.min, max: parameter.max)
    case .int:
      let isUnsigned = parameter.integerRange?.lowerBound == 0
      return integer(min: parameter.min ?? (isUnsigned ? 0 : nil), max: parameter.max)
    }
  }
}
