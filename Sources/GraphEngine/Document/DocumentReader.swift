import Diagnostics
import YAMLTree

/// Reads a located tree as a workflow document.
///
/// Problems are collected; what they concern is left out.
struct DocumentReader {
  let file: SourceFile
  let ids: DocumentID.Source
  let collector: DiagnosticCollector
  /// Takes note of what places mean; nil when nobody asks.
  var annotations: Annotations?

  /// The version of the format, the value of the key `stepgraph`.
  static let formatVersion = 1

  static let documentKeys = ["stepgraph", "description", "params", "inputs", "nodes", "outputs", "sweep"]
  static let paramKeys = ["type", "default", "min", "max", "options", "description"]
  static let inputKeys = ["type", "optional", "default", "formerly", "description"]
  static let kindKeys = ["node", "loop", "graph"]
  static let nodeKeys = ["node", "if", "in", "with", "else", "cache", "description"]
  static let loopKeys = ["loop", "carry", "nodes", "yield", "collect", "description"]
  static let loopRangeKeys = ["times", "from", "to", "index"]
  static let graphKeys = ["graph", "in", "with", "description"]
  static let sweepKeys = ["matrix", "exclude"]
  static let memberKeys = Set(nodeKeys + loopKeys + graphKeys)
  /// Keys that begin so are ignored: in a file, and in nodes, loops and calls of subgraphs.
  static let ownPrefix = "x-"

  /// Reads a whole file; nil when it is of no format that this program reads.
  func readFile(_ root: YAMLNode) -> WorkflowDocument? {
    guard let mapping = mapping(root, of: "a workflow") else { return nil }
    let slip = nearestName(to: "stepgraph", among: mapping.entries.map(\.key.value))
    guard let version = mapping["stepgraph"] ?? slip.flatMap({ mapping[$0] }) else {
      collector.error(
        "the key 'stepgraph' is missing", at: root.location,
        notes: ["a workflow starts with 'stepgraph: \(Self.formatVersion)'"])
      return nil
    }
    guard version.scalar?.text == String(Self.formatVersion) else {
      let shown = version.scalar.map { "'\($0.text)'" } ?? version.kind
      collector.error(
        "'stepgraph' takes the format version \(Self.formatVersion), not \(shown)", at: version.location)
      return nil
    }
    return readDocument(mapping, at: root.location)
  }

  /// Reads an inline `graph:` mapping, which may leave out the version.
  func readInline(_ root: YAMLNode) -> WorkflowDocument? {
    guard let mapping = mapping(root, of: "a subgraph") else { return nil }
    let document = mapping["stepgraph"] != nil ? readFile(root) : readDocument(mapping, at: root.location)
    if let sweep = mapping.entries.first(where: { $0.key.value == "sweep" }) {
      collector.error(
        "a subgraph has no sweep", at: sweep.key.location, notes: ["the workflow that is run can sweep its own params"])
    }
    return document
  }

  private func readDocument(_ mapping: YAMLMapping, at location: SourceLocation) -> WorkflowDocument {
    let mapping = mended(mapping, "a workflow", known: Self.documentKeys, ignoring: Self.ownPrefix)
    var document = WorkflowDocument(file: file, location: location)
    document.record = WorkflowRecord(mapping)
    document.description = mapping["description"].flatMap { text($0, of: "description") }?.value
    document.params = readParams(in: mapping)
    for param in document.params {
      annotations?.mark(
        Mark(.param(param, value: nil), param.name.value, at: param.name.location, definition: param.name.location))
    }
    document.inputs = entries(of: "inputs", in: mapping).compactMap(readSubgraphInput)
    document.members = readMembers(mapping, of: "a workflow", at: location)
    document.outputs = readNamedWires("outputs", in: mapping)
    document.sweep = mapping.entries.first { $0.key.value == "sweep" }.flatMap(readSweep)
    return document
  }

  // MARK: Params and inputs

  private func readParams(in mapping: YAMLMapping) -> [ParamDocument] {
    let entries = entries(of: "params", in: mapping)
    annotateParamTypes(entries)
    return entries.enumerated().compactMap { number, entry in
      readParam(entry, names: entries.map(\.key.value), before: number)
    }
  }

  /// - Parameters:
  ///   - names: those of all params.
  ///   - number: the param's own place among them.
  private func readParam(_ entry: YAMLEntry, names: [String], before number: Int) -> ParamDocument? {
    let name = entry.key
    guard isName(name, of: "a param", allowsHyphen: false) else { return nil }
    var param = ParamDocument(name: name)
    guard var mapping = mapping(entry.value, of: "a param") else { return param }
    mapping = mended(mapping, "a param", known: Self.paramKeys)
    guard let type = readParamType(mapping, name: name) else { return param }
    param.description = mapping["description"].flatMap { text($0, of: "description") }?.value
    param.min = readBound("min", in: mapping, type: type)
    param.max = readBound("max", in: mapping, type: type)
    if let min = param.min, let max = param.max, min.value > max.value, let location = mapping["min"]?.location {
      collector.error("'min' is above 'max'", at: location)
    }
    param.type = type
    if let node = mapping["default"] {
      param.defaultValue = readDefault(node, names: names, before: number)
      if param.defaultValue == nil { param.type = nil }
    }
    return param
  }

  /// Reads a default, which may name the params before its own.
  private func readDefault(_ node: YAMLNode, names: [String], before number: Int) -> LiteralBinding.Value? {
    guard let value = readLiterals(node, of: "default") else { return nil }
    var isSound = true
    for name in value.names where !names[..<number].contains(name.value) {
      isSound = false
      if name.value == names[number] {
        collector.error("the default of '\(names[number])' names itself", at: name.location)
      } else if names.contains(name.value) {
        collector.error(
          "the default of '\(names[number])' names '\(name.value)', which is declared after it", at: name.location,
          notes: ["a default sees the params above it"])
      } else {
        collector.error(
          "there is no param '\(name.value)'", at: name.location,
          notes: [nearestNameNote(to: name.value, among: names[..<number])],
          fix: Fix(replacing: name.value, by: nearestName(to: name.value, among: names[..<number]), at: name.location))
      }
    }
    return isSound ? value : nil
  }

  private func readParamType(_ mapping: YAMLMapping, name: Located<String>) -> ValueType? {
    guard let node = mapping["type"] else {
      collector.error(
        "the param '\(name.value)' has no type", at: name.location,
        notes: ["types are \(ValueType.names.joined(separator: ", "))"])
      return nil
    }
    guard let item = listItem(node, of: "type", such: "[float]") else { return nil }
    guard let type = text(item, of: "type").flatMap({ readParamType($0, in: mapping) }) else { return nil }
    guard node.sequence != nil else { return type }
    guard type != .path else {
      collector.error("a param is one path, not a list of them", at: item.location)
      return nil
    }
    return .list(type)
  }

  /// What a type in brackets is a list of; `node` itself without brackets, and nil after a reported problem.
  private func listItem(_ node: YAMLNode, of key: String, such example: String) -> YAMLNode? {
    guard let items = node.sequence else { return node }
    if items.count == 1 { return items[0] }
    collector.error("a list has items of one type: '\(key): \(example)'", at: node.location)
    return nil
  }

  private func readParamType(_ type: Located<String>, in mapping: YAMLMapping) -> ValueType? {
    let options = readOptions(in: mapping)
    if type.value != "choice", let place = mapping["options"]?.location {
      collector.error("only a choice has 'options'", at: place, notes: ["write 'type: choice'"])
    }
    switch type.value {
    case "string": return .string
    case "int": return .int
    case "float": return .float
    case "bool": return .bool
    case "path": return .path
    case "choice":
      if mapping["options"] == nil { collector.error("a choice needs 'options', a list of texts", at: type.location) }
      return options.isEmpty ? nil : .choice(options)
    default:
      collector.error(
        "there is no param type '\(type.value)'", at: type.location,
        notes: [
          nearestNameNote(to: type.value, among: ValueType.names)
            ?? "types are \(ValueType.names.joined(separator: ", "))"
        ], fix: Fix(replacing: type.value, by: nearestName(to: type.value, among: ValueType.names), at: type.location))
      return nil
    }
  }

  private func readOptions(in mapping: YAMLMapping) -> [String] {
    guard let node = mapping["options"] else { return [] }
    guard let items = node.sequence, !items.isEmpty else {
      collector.error(
        "'options' takes a list of texts, not \(node.sequence == nil ? node.kind : "an empty list")", at: node.location)
      return []
    }
    return items.compactMap { text($0, of: "options")?.value }
  }

  private func readBound(_ key: String, in mapping: YAMLMapping, type: ValueType) -> ParamDocument.Bound? {
    guard let node = mapping[key], let text = text(node, of: key) else { return nil }
    guard type.item.isNumeric else {
      collector.error("only an int or a float has '\(key)'", at: node.location)
      return nil
    }
    switch type.item.read(text.value) {
    case .success(.int(let number)): return ParamDocument.Bound(value: Double(number), text: text.value)
    case .success(.float(let number)): return ParamDocument.Bound(value: number, text: text.value)
    case .success: return nil
    case .failure(let problem):
      collector.error("'\(key)' takes \(problem.expectation)", at: node.location)
      return nil
    }
  }

  private func readSubgraphInput(_ entry: YAMLEntry) -> SubgraphInputDocument? {
    annotateInput(entry)
    guard isName(entry.key, of: "an input", allowsHyphen: false) else { return nil }
    var input = SubgraphInputDocument(name: entry.key, isOptional: false)
    guard var mapping = mapping(entry.value, of: "an input") else { return input }
    mapping = mended(mapping, "an input", known: Self.inputKeys)
    guard let typeNode = mapping["type"] else {
      collector.error("the input '\(entry.key.value)' has no type", at: entry.key.location)
      return input
    }
    input.isList = typeNode.sequence != nil
    input.type = listItem(typeNode, of: "type", such: "[image]").flatMap { text($0, of: "type") }
    if let node = mapping["optional"], let flag = text(node, of: "optional") {
      switch ValueType.bool.read(flag.value) {
      case .success(let value): input.isOptional = value == .bool(true)
      case .failure(let problem): collector.error("'optional' takes \(problem.expectation)", at: node.location)
      }
    }
    if let standIn = mapping["default"].flatMap({ text($0, of: "default") }) {
      input.standIn = standIn
      input.isOptional = true
    }
    input.formerName = mapping["formerly"].flatMap { text($0, of: "formerly") }
    input.description = mapping["description"].flatMap { text($0, of: "description") }?.value
    return input
  }
}
